import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Proof } from "../../../../handover/model/proof";
import { Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { provedSinceComplaint } from "../../../../handover/run/complaints";
import { carrying, NOW, ROLE, subject, world } from "../support/worlds";

/** Proves the role with this answer. Each call takes a second. */
async function provedSince(answer: Proof | Error, failure?: Error) {
    const proofs: unknown[] = [];
    let now = NOW;
    const later = <T>(value: T | Error): Promise<T> => {
        now += 1000;
        return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
    };
    const context = {
        now: () => now,
        cluster: {
            look: () => later(failure ?? world(carrying(ROLE)).cluster),
            requestToken: () => later("token"),
        },
        aws: {
            prove: (request: unknown) => {
                proofs.push(request);
                return later(answer);
            },
        },
    } as unknown as RunContext;
    return { since: await provedSinceComplaint(context, subject), proofs };
}

describe("A proof after a pod has complained", () => {
    it("counts from before it began, whatever the depth of the program's proof", async () => {
        const { since, proofs } = await provedSince({ verdict: "yes", evidence: [] });
        strictEqual(since, NOW);
        deepStrictEqual(proofs, [
            { roleArn: ROLE, token: "token", ipFamily: "ipv4", depth: "full", instanceId: "i-n1" },
        ]);
    });

    it("does not count if the role has not its permissions, or if this machine cannot tell", async () => {
        const refused: Proof = { verdict: "no", code: "permission-missing", why: "why", final: false };
        const undecided: Proof = { verdict: "undecided", why: "why", evidence: [] };
        const unreachable = new Refusal("aws-unreachable", "seen", "means", "fix");
        for (const answer of [refused, undecided, unreachable]) {
            strictEqual((await provedSince(answer)).since, undefined);
        }
        const { since, proofs } = await provedSince(undecided, unreachable);
        deepStrictEqual([since, proofs], [undefined, []]);
    });

    it("does not hide an error of its own", async () => {
        await rejects(provedSince(new TypeError("x")), TypeError);
    });
});
