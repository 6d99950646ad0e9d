import { deepStrictEqual, doesNotMatch, match, strictEqual } from "assert";
import { spawnSync } from "child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";

const ROOT = join(__dirname, "../..");

/**
 * A stand-in for npm. It records its arguments, behind the Kubernetes provider that is chosen, and sources `SCRIPT.N`, the N-th answer for a script of package.json. Without
 * such a file, it prints the result of a suite with two passing tests.
 */
const NPM = `#!/usr/bin/env bash
here=$(dirname "$0")
echo "\${EKS_CNI_KUBERNETES_PROVIDER:+$EKS_CNI_KUBERNETES_PROVIDER }$*" >>"$here/calls"
script=$1
[ "$1" = run ] && script=$3
count=1 # mkdir fails if a call beside this one has just taken the number
until mkdir "$here/count.$script.$count" 2>/dev/null; do count=$((count + 1)); done
[ -f "$here/$script.$count" ] && . "$here/$script.$count"
[ "$script" = ci ] || echo "  2 passing (1s)"
`;

/** The gate searches for processes of sandboxes with grep. This one finds none, since others may run on this machine. */
const GREP = `#!/usr/bin/env bash
[ "$2" = '^EKS_CNI_SANDBOX=' ] || exec /usr/bin/env PATH="\${PATH#*:}" grep "$@"
`;

const WEBHOOK = "pod-identity-webhook";

/**
 * The machine may have AWS's webhook, in a folder with programs that the gate needs, such as node: links to the others take the
 * place of that folder.
 */
function pathWithoutWebhook(path: string, links: string): string {
    const withLinks = (from: string, index: number): string => {
        const to = join(links, String(index));
        mkdirSync(to, { recursive: true });
        for (const name of readdirSync(from).filter((name) => name !== WEBHOOK)) {
            symlinkSync(join(from, name), join(to, name));
        }
        return to;
    };
    return path
        .split(":")
        .map((folder, index) => (existsSync(join(folder, WEBHOOK)) ? withLinks(folder, index) : folder))
        .join(":");
}

const failing = (count: number, ...files: string[]): string =>
    [
        ...files.map((file) => `echo '${file}' >>"$FAILED_FILES"`),
        `printf '  1 passing (1s)\\n  ${String(count)} failing\\n\\n  1) what went wrong\\n'; exit 1`,
    ].join("\n");

/** The continuity run prints each failure, with the command to repeat it, before its last lines. */
const BROKEN_POINT = `
cat <<'END'
  1) kill:up:after-2:up
     1.5 pod-seconds
     again: npm run test:continuity -- --quick --only kill:up:after-2:up

  19 passing (9m)
  1 failing
Logs: /x
END
exit 1
`;

/** The lanes may call a script in any order. */
const onlyWith = (provider: string, answer: string): string =>
    `[ "\${EKS_CNI_KUBERNETES_PROVIDER:-}" = "${provider}" ] || return 0\n${answer}`;

describe("the gate", function () {
    this.timeout(60_000);
    let folder: string;
    let path: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "eks-cni-gate-"));
        for (const [name, text] of Object.entries({ npm: NPM, grep: GREP })) {
            writeFileSync(join(folder, name), text, { mode: 0o755 });
        }
        path = pathWithoutWebhook(process.env["PATH"] ?? "", join(folder, "links"));
    });

    afterEach(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    function run(
        answers: Record<string, string> = {},
        secondsBefore = 0,
    ): { status: number | null; stdout: string; calls: string[] } {
        for (const [name, answer] of Object.entries(answers)) {
            writeFileSync(join(folder, name), answer);
        }
        mkdirSync(join(folder, "tmp"));
        const { status, stdout } = spawnSync(join(ROOT, ".ci/run"), {
            encoding: "utf8",
            env: {
                ...process.env,
                PATH: [folder, path].join(":"),
                TMPDIR: join(folder, "tmp"),
                SECONDS: String(secondsBefore),
            },
        });
        const calls = readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");
        return { status, stdout, calls };
    }

    const lastLine = (text: string): string | undefined => text.trimEnd().split("\n").at(-1);
    /** The parts of the end-to-end suite. */
    const isEndToEnd = (call: string): boolean => call.includes("tests/e2e/");
    /** The calls that name a file or a scenario, as second attempts do, and each call of the demo. */
    const secondAttempts = (calls: readonly string[]): string[] =>
        calls
            .filter((call) => !isEndToEnd(call))
            .filter((call) => call.includes(".test.ts") || call.includes("--only") || call === "run --silent demo --")
            .map((call) => call.replace("run --silent ", ""))
            .sort();

    it("runs each suite once where nothing fails, and counts the tests of them all", () => {
        const { status, stdout, calls } = run();
        deepStrictEqual(calls.map((call) => call.replace(/^run --silent | -- --reporter .*/g, "")).sort(), [
            "4.29 run --silent sandbox -- tools",
            "4.29 run --silent test:continuity -- --quick --points 6 --seed 2026",
            "4.29 run --silent test:e2e",
            "build",
            "ci --no-audit --no-fund --loglevel=error",
            "demo --",
            "fresh",
            "lint",
            "sandbox -- down --all",
            "sandbox -- tools",
            "test",
            "test:adapters",
            "test:continuity -- --quick --seed 2026",
            "test:e2e",
            "test:e2e",
            "test:e2e",
            "test:languages",
            "test:package",
            "test:policies",
            "test:sandbox",
            "test:sandbox",
            "test:simulate -- --runs 200 --seed 2026 --minutes 1 --workers 1 --exhaustive 0",
            "typecheck",
        ]);
        strictEqual(lastLine(stdout), "45 passed, 0 failed");
        strictEqual(status, 0);
        doesNotMatch(stdout, /UNSTABLE|FAILED/);
    });

    it("says that AWS's webhook was not run where there is none on PATH, and does not say so where there is one", () => {
        match(run().stdout, /^not run: AWS's webhook$/m);
        rmSync(join(folder, "tmp"), { recursive: true });
        writeFileSync(join(folder, "pod-identity-webhook"), "#!/bin/sh\n", { mode: 0o755 });
        doesNotMatch(run().stdout, /not run/);
    });

    it("says in its summary what npm installs today, and fails where that cannot be found out", () => {
        const { stdout } = run({ "fresh.1": "echo 'brings 4.34.2'; exit 0" });
        match(stdout.slice(stdout.lastIndexOf(" fresh install")), /^brings 4\.34\.2$/m);
        rmSync(join(folder, "tmp"), { recursive: true });
        const failing = run({ "fresh.2": "echo 'no registry'; exit 1" });
        match(failing.stdout, /━━ FAILED: fresh install\nno registry\n/);
        strictEqual(failing.status, 1);
    });

    it("is tested with all programs on PATH but AWS's webhook", () => {
        const bin = join(folder, "bin");
        mkdirSync(bin);
        for (const name of [WEBHOOK, "other"]) {
            writeFileSync(join(bin, name), "#!/bin/sh\n", { mode: 0o755 });
        }
        const PATH = pathWithoutWebhook(`${path}:${bin}`, join(folder, "moreLinks"));
        const find = (name: string): number | null =>
            spawnSync("/bin/sh", ["-c", `command -v ${name}`], { env: { PATH } }).status;
        deepStrictEqual([find("other"), find(WEBHOOK) !== 0], [0, true]);
    });

    it("runs each end-to-end file in one of the lanes, and no file twice", () => {
        const files = run()
            .calls.filter((call) => isEndToEnd(call) && call.startsWith("run "))
            .flatMap((call) => call.split(" ").filter((word) => word.startsWith("tests/e2e/")));
        const all = readdirSync(join(ROOT, "tests/e2e")).filter((name) => name.endsWith(".test.ts"));
        deepStrictEqual(files.sort(), all.map((name) => `tests/e2e/${name}`).sort());
    });

    it("runs the files once more in which something failed, and fails all the same where they pass then", () => {
        const { status, stdout, calls } = run({
            "test:policies.1": failing(2, "/x/b.test.ts", "/x/a.test.ts", "/x/b.test.ts"),
            "test:continuity.1": onlyWith("", BROKEN_POINT),
            "test:continuity.2": onlyWith("", BROKEN_POINT),
            "demo.1": "exit 1",
        });
        deepStrictEqual(secondAttempts(calls), [
            "demo --",
            "demo --",
            "test:continuity -- --quick --only=kill:up:after-2:up",
            "test:policies -- --reporter .ci/failedFiles.cjs /x/a.test.ts /x/b.test.ts",
        ]);
        match(
            stdout,
            /━━ UNSTABLE: policies: 2 failed, and passed when run once more, alone\n {2}2 failing\n\n {2}1\) what went wrong/,
        );
        match(stdout, /━━ UNSTABLE: continuity: 1 failed, .*\n {2}1\) kill:up:after-2:up\n {5}1\.5 pod-seconds\n/);
        match(lastLine(stdout) ?? "", /, 4 failed$/);
        strictEqual(status, 1);
    });

    it("runs a file once more with the same Kubernetes provider", () => {
        const broken = onlyWith("4.29", failing(1, "/x/a.test.ts"));
        const first = Object.fromEntries([1, 2, 3, 4].map((nth) => [`test:e2e.${String(nth)}`, broken]));
        const { stdout, calls } = run(first);
        deepStrictEqual(secondAttempts(calls), [
            "4.29 test:e2e -- --reporter .ci/failedFiles.cjs /x/a.test.ts",
            "demo --",
        ]);
        match(stdout, /━━ UNSTABLE: end to end, Kubernetes provider 4\.29: 1 failed, /);
    });

    it("fails where the second attempt fails, too", () => {
        const { status, stdout } = run({
            "test.1": failing(3, "/x/a.test.ts"),
            "test.2": failing(1, "/x/a.test.ts"),
        });
        match(stdout, /━━ FAILED: unit tests\n {2}3 failing/);
        strictEqual(lastLine(stdout), "44 passed, 3 failed");
        strictEqual(status, 1);
    });

    const notRepeated: [string, Record<string, string>, number][] = [
        ["a suite that mocha did not end", { "test:policies.1": "exit 1" }, 1],
        ["a hook outside of any file", { "test:policies.1": failing(1, "/x/a.test.ts", "?") }, 1],
        ["more failures than chance has", { "test:policies.1": failing(13, "/x/a.test.ts") }, 13],
        ["lint", { "lint.1": "exit 1" }, 1],
        ["a kill campaign that broke off", { "test:continuity.1": "exit 1" }, 1],
    ];
    for (const [what, answers, failed] of notRepeated) {
        it(`does not try ${what} once more`, () => {
            const { status, stdout, calls } = run(answers);
            deepStrictEqual(secondAttempts(calls), ["demo --"]);
            match(lastLine(stdout) ?? "", new RegExp(`^\\d+ passed, ${String(failed)} failed$`));
            strictEqual(status, 1);
        });
    }

    it("does not begin second attempts that may not end in time", () => {
        const { status, calls } = run({ "test:policies.1": failing(1, "/x/a.test.ts") }, 4200);
        deepStrictEqual(secondAttempts(calls), ["demo --"]);
        strictEqual(status, 1);
    });

    it("stops the suites that run at its time limit, with their processes, and ends with its summary", () => {
        const { status, stdout } = run({ "test:policies.1": "echo begun; sleep 321 & sleep 321" }, 5095);
        match(stdout, /━━ FAILED: policies\nbegun\n\nStopped: the gate has run for 5100 s\.\n/);
        match(lastLine(stdout) ?? "", /^\d+ passed, \d+ failed$/);
        strictEqual(status, 1);
        strictEqual(spawnSync("pgrep", ["-f", "sleep 321"]).status, 1);
    });

    it("ends at once where the dependencies cannot be installed", () => {
        const { status, stdout, calls } = run({ "ci.1": "echo no registry; exit 1" });
        deepStrictEqual(calls.length, 1);
        match(stdout, /━━ FAILED: dependencies\nno registry\n/);
        strictEqual(lastLine(stdout), "0 passed, 1 failed");
        strictEqual(status, 1);
    });
});
