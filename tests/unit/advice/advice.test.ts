import * as assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REAL_RESOURCES, Resources } from "../../model/engine";
import { AWS_ACCESS, CLUSTER_ACCESS, PROOF } from "./access";
import { DELIVERIES } from "./deliveries";
import { NOT_PLAYED, ON_THE_LOCAL_EKS } from "./elsewhere";
import { ON_THE_CLUSTER } from "./onTheCluster";
import { AdviceScenario, Play, playAdvice } from "./play";
import { PREFLIGHT } from "./preflight";

const ROOT = join(__dirname, "../../..");
const GROUPS = {
    "before anything moves": PREFLIGHT,
    "without access to the cluster": CLUSTER_ACCESS,
    "without access to AWS": AWS_ACCESS,
    "without a proof": PROOF,
    "on the cluster": ON_THE_CLUSTER,
    "with another delivery": DELIVERIES,
};
const MOST_NOT_PLAYED = 10;

/** Every code that stops a run, from the sources. */
function codesInSources(): string[] {
    const texts = ["handover", "components"].flatMap((folder) =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
            .filter((file) => file.endsWith(".ts"))
            .map((file) => readFileSync(join(ROOT, folder, file), "utf8")),
    );
    const all = texts.join("\n");
    const refused = [...all.matchAll(/new (?:Answered)?Refusal\(\s*"([a-z0-9-]+)"/g)].map(([, code = ""]) => code);
    const union = /export type ProofFailure =([^;]*);/.exec(all)?.[1] ?? "";
    const ofProof = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code = ""]) => code);
    return [...new Set([...refused, ...ofProof])].sort();
}

describe("The advice of each message", function () {
    this.timeout(60_000);

    it("is followed by a scenario, or stands in a list with a reason", () => {
        const played = Object.values(GROUPS).flatMap((scenarios) => scenarios.map(({ code }) => code));
        const known = [...played, ...Object.keys(ON_THE_LOCAL_EKS), ...Object.keys(NOT_PLAYED)];
        assert.deepEqual([...new Set(known)].sort(), codesInSources());
        const notPlayed = Object.keys(NOT_PLAYED);
        assert.ok(notPlayed.length <= MOST_NOT_PLAYED, `${String(notPlayed.length)} codes without a scenario`);
        assert.deepEqual(
            notPlayed.filter((code) => played.includes(code)),
            [],
            "these have a scenario",
        );
        assert.deepEqual(
            Object.entries(NOT_PLAYED).filter(([, why]) => why.length < 20),
            [],
            "without a reason",
        );
    });

    it("is followed by a test that exists, where the local EKS is needed", () => {
        for (const [code, { file, title }] of Object.entries(ON_THE_LOCAL_EKS)) {
            const path = join(ROOT, file);
            assert.ok(existsSync(path), `${code}: there is no ${file}`);
            assert.ok(readFileSync(path, "utf8").includes(title), `${code}: ${file} has no ${title}`);
        }
    });

    for (const [group, scenarios] of Object.entries(GROUPS)) {
        describe(group, () => {
            for (const scenario of scenarios) {
                const { code, title } = scenario;
                it(`${code} costs no pod its path${title === undefined ? "" : `: ${title}`}`, () =>
                    playAdvice(scenario));
            }
        });
    }
});

describe("The play of an advice", () => {
    const [removed] = PREFLIGHT.filter(({ title }) => title?.startsWith("another writer") === true);
    const forced = ON_THE_CLUSTER.filter(({ code }) => code === "force-destroy-with-pods");
    const played = (changes: Partial<AdviceScenario>) => {
        assert.ok(removed !== undefined);
        return playAdvice({ ...removed, ...changes });
    };

    it("fails with advice that cuts pods off: the annotation is removed where the node roles hold nothing", async () => {
        const follow = (play: Play) => {
            play.world.guard = undefined;
            play.world.annotate({}, undefined);
            play.restartPods();
        };
        await assert.rejects(
            played({ follow }),
            /cut off by the advice:\npod\d+ on n1 has no path: it carries the node role/,
        );
    });

    it("fails with advice that does not wait for IAM", async () => {
        const follow = (play: Play) => {
            play.world.guard = undefined;
            play.world.wake();
            ["a", "b"].forEach((role) => play.world.setAttached(role, true));
            play.world.annotate({}, undefined);
            play.restartPods();
        };
        await assert.rejects(played({ follow }), /cut off by the advice/);
    });

    it("fails with words that the message does not have", async () => {
        await assert.rejects(played({ advice: ["kubectl annotate"] }), /the advice lacks "kubectl annotate"/);
    });

    it("fails with another message", async () => {
        await assert.rejects(played({ code: "time-limit" }), /annotation-owned-by-another/);
    });

    it("fails with advice that does not help", async () => {
        await assert.rejects(played({ follow: () => undefined }), { code: "annotation-owned-by-another" });
    });

    it("fails with a product that lets the role go under living pods", async () => {
        const skips: Resources = {
            ...REAL_RESOURCES,
            detachment: { ...REAL_RESOURCES.detachment, delete: () => Promise.resolve() },
            credentialGuard: { ...REAL_RESOURCES.credentialGuard, delete: () => Promise.resolve() },
        };
        assert.equal(forced.length, 3);
        for (const scenario of forced) {
            await assert.rejects(
                playAdvice(scenario, skips),
                /destroy succeeds, and cuts off:\npod\d+ on n\d has no path: it carries arn:/,
            );
        }
    });
});
