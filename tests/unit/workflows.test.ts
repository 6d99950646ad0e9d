import { deepStrictEqual, match, ok } from "assert";
import { loadYaml } from "@kubernetes/client-node";
import { accessSync, constants, readdirSync, readFileSync } from "fs";
import { join } from "path";
import { scripts } from "../../package.json";
import { SCENARIOS } from "../continuity/scenarios";

const ROOT = join(__dirname, "../..");
const FOLDER = join(ROOT, ".github/workflows");

interface Suite {
    suite: string;
    nodes?: string;
    roles?: string;
    provider?: string;
}

interface Job {
    uses?: string;
    steps?: { uses?: string; run?: string; env?: Record<string, string> }[];
    strategy?: { matrix?: { suite?: string[]; include?: Suite[] } };
}

interface Workflow {
    name: string;
    on: object;
    permissions: object;
    jobs: Record<string, Job>;
}

const workflows = readdirSync(FOLDER).map((file) => {
    const text = readFileSync(join(FOLDER, file), "utf8");
    return { file, text, workflow: loadYaml<Workflow>(text) };
});
const jobs = workflows.flatMap(({ file, workflow }) =>
    Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, job })),
);

describe("the workflows of GitHub Actions", () => {
    it("run the gate on each change, and again before something is published", () => {
        const runs = (file: string, name: string) =>
            workflows.find((one) => one.file === file)?.workflow.jobs[name]?.steps?.map(({ run }) => run);
        ok(runs("ci.yml", "gate")?.includes(".ci/run"));
        accessSync(join(ROOT, ".ci/run"), constants.X_OK);
        const release = workflows.find(({ file }) => file === "release.yml");
        deepStrictEqual(release?.workflow.jobs["gate"]?.uses, "./.github/workflows/ci.yml");
        match(release.text, /\n {8}needs: gate\n/);
        match(release.text, /npm publish \S+ --provenance/);
    });

    it("run each night every configuration of a finished stack, all continuity scenarios, 500 kill points, and an hour of random histories", () => {
        const { long } = workflows.find(({ file }) => file === "nightly.yml")?.workflow.jobs ?? {};
        const { suite = [], include = [] } = long?.strategy?.matrix ?? {};
        const all = [...suite, ...include.map((one) => one.suite)];
        ok(all.includes("test:continuity"));
        const nightlyOnly = readdirSync(join(ROOT, "tests/e2e"))
            .filter((file) => file.endsWith(".test.ts"))
            .map((file) => `tests/e2e/${file}`)
            .filter((file) => /isNightly|describeNightly|itNightly/.test(readFileSync(join(ROOT, file), "utf8")));
        ok(nightlyOnly.length >= 9);
        deepStrictEqual(
            nightlyOnly.filter((file) => !all.some((one) => one.split(" ").includes(file))),
            [],
        );
        ok(all.includes("test:simulate -- --minutes 60 --at-least 100000 --exhaustive 2"));
        deepStrictEqual(
            include.filter((one) => one.suite === "test:scale"),
            [
                { suite: "test:scale", nodes: "12,100,500,1000" },
                { suite: "test:scale", nodes: "1000,2000", roles: "12" },
            ],
        );
        deepStrictEqual(
            include.filter((one) => one.provider !== undefined),
            [
                { suite: "test:continuity", provider: "4.29" },
                {
                    suite: "test:continuity -- --quick --points 120 --seed ${{ github.run_number }}",
                    provider: "4.29",
                },
            ],
        );
        for (const nth of [1, 2, 3, 4, 5]) {
            const points = "--quick --points 500 --seed ${{ github.run_number }}";
            ok(all.includes(`test:continuity -- ${points} --part ${String(nth)}/5`));
        }
        const campaigns = SCENARIOS.filter(({ campaign }) => campaign).map(({ name }) => name);
        deepStrictEqual(
            campaigns.filter((name) => !all.some((one) => one.split(" --only ")[1]?.split(" ").includes(name))),
            [],
        );
        ok(campaigns.length > 0);
        deepStrictEqual(long?.steps?.at(-1), {
            run: "npm run ${{ matrix.suite }}",
            env: {
                EKS_CNI_NIGHTLY: "1",
                EKS_CNI_SCALE_NODES: "${{ matrix.nodes }}",
                EKS_CNI_SCALE_ROLES: "${{ matrix.roles }}",
                EKS_CNI_KUBERNETES_PROVIDER: "${{ matrix.provider }}",
            },
        });
    });

    it("say each night what npm installs today, and no suite has run", () => {
        const { fresh } = workflows.find(({ file }) => file === "nightly.yml")?.workflow.jobs ?? {};
        const run = 'npm run --silent fresh -- --all | tee -a "$GITHUB_STEP_SUMMARY"';
        deepStrictEqual(fresh?.steps?.at(-1), { run, shell: "bash" });
    });

    it("call scripts that the package has", () => {
        const called = jobs.flatMap(({ job }) =>
            (job.steps ?? []).flatMap(({ run = "" }) =>
                [...run.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name),
            ),
        );
        const suites = jobs.flatMap(({ job }) => [
            ...(job.strategy?.matrix?.suite ?? []),
            ...(job.strategy?.matrix?.include ?? []).map(({ suite }) => suite.replace(/ .*/, "")),
        ]);
        ok(called.length > 1 && suites.length > 1);
        deepStrictEqual(
            [...called, ...suites].filter((name) => name === undefined || !(name in scripts)),
            [],
        );
    });

    it("pin each action by the commit, whose tag others could move", () => {
        const used = jobs.flatMap(({ job }) => (job.steps ?? []).flatMap(({ uses }) => uses ?? []));
        ok(used.length > 5);
        deepStrictEqual(
            used.filter((uses) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(uses)),
            [],
        );
    });

    it("may read only, but for the job that publishes", () => {
        for (const { workflow } of workflows) {
            deepStrictEqual(workflow.permissions, { contents: "read" });
        }
        const writing = workflows.filter(({ text }) => text.includes(": write")).map(({ file }) => file);
        deepStrictEqual(writing, ["release.yml"]);
    });
});
