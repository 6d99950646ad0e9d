import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Proof, ProofFailure } from "../../../../handover/model/proof";
import { Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { formerRoleWorks } from "../../../../handover/run/formerRole";
import { FORMER_ROLE, NOW, record, ROLE_ARN, subject } from "../support/worlds";

const no = (code: ProofFailure): Proof => ({ verdict: "no", code, why: "why", final: false });
const timeouts = { ...DEFAULT_TIMEOUTS, proofSeconds: 10 };

/** STS and IAM answer one after another, the last of them for good. */
async function ask(answers: Proof[], token = () => Promise.resolve("token"), originalAnnotations = {}) {
    const asked: string[] = [];
    let now = NOW;
    const context = {
        subject,
        now: () => now,
        progress: () => undefined,
        cluster: { requestToken: token },
        sleep: (milliseconds: number) => {
            now += milliseconds;
            return Promise.resolve();
        },
        aws: {
            prove: ({ roleArn, depth }: { roleArn: string; depth: string }) => {
                asked.push(`${depth} ${roleArn}`);
                return Promise.resolve(answers[asked.length - 1] ?? answers.at(-1));
            },
        },
    } as unknown as RunContext;
    const of = { ...record, originalAnnotations: { [ROLE_ARN]: FORMER_ROLE, ...originalAnnotations } };
    return { goesBack: await formerRoleWorks(context, of, { subject, timeouts }), asked };
}

describe("The role before the hand-over", () => {
    const rows: [string, Proof[], boolean, number][] = [
        ["goes back where it is proved", [{ verdict: "yes", evidence: [] }], true, 1],
        ["goes back where only a pod can tell", [{ verdict: "undecided", why: "w", evidence: [] }], true, 1],
        ["does not go back where it is gone, or trusts others", [no("trust-refused")], false, 1],
        ["does not go back where its provider is gone", [no("provider-missing")], false, 1],
        ["does not go back where it lacks a right", [no("permission-missing")], false, 1],
        ["is asked for again while nobody answers", [no("sts-unreachable"), no("trust-refused")], false, 2],
        [
            "is not forgotten because nobody answers in time: its first pod tells",
            [no("sts-unreachable")],
            true,
            1 + timeouts.proofSeconds / 2,
        ],
    ];
    for (const [what, answers, goesBack, times] of rows) {
        it(what, async () => {
            deepStrictEqual(await ask(answers), { goesBack, asked: Array(times).fill(`full ${FORMER_ROLE}`) });
        });
    }

    it("is none where the service account had none", async () => {
        deepStrictEqual(await ask([], undefined, { [ROLE_ARN]: undefined }), { goesBack: false, asked: [] });
    });

    it("does not go back to a service account that is gone", async () => {
        const gone = new Refusal("service-account-missing", "seen", "means", "fix");
        deepStrictEqual(await ask([], () => Promise.reject(gone)), { goesBack: false, asked: [] });
    });

    it("is not given up by a cluster that cannot be reached: the run ends", async () => {
        const away = new Refusal("cluster-unreachable", "seen", "means", "fix");
        await rejects(
            ask([], () => Promise.reject(away)),
            away,
        );
    });
});
