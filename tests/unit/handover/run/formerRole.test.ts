import { deepStrictEqual, rejects } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import type { Proof, ProofFailure, ProofRequest } from "../../../../handover/model/proof";
import { Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { formerRoleWorks } from "../../../../handover/run/formerRole";
import { FORMER_ROLE, NOW, record, ROLE, ROLE_ARN, subject } from "../support/worlds";

const failed = (code: ProofFailure): Proof => ({ verdict: "no", code, why: "why", final: false });
const timeouts = { ...DEFAULT_TIMEOUTS, proofSeconds: 10 };

/** Proves the former role. STS and IAM give these answers one after another, and repeat the last one. */
async function prove(
    answers: Proof[],
    token = () => Promise.resolve("token"),
    originalAnnotations = {},
    ownRoleArns?: string[],
    more: { existingRoleOfProgram?: boolean; existingRoleArn?: string } = {},
) {
    const proofs: string[] = [];
    const lines: string[] = [];
    let now = NOW;
    const context = {
        subject,
        now: () => now,
        progress: (line: string) => lines.push(line),
        cluster: { requestToken: token },
        sleep: (milliseconds: number) => {
            now += milliseconds;
            return Promise.resolve();
        },
        aws: {
            prove: ({ roleArn, depth, trust = { issuer: "", subject: "" } }: ProofRequest) => {
                const trusts = "subject" in trust && trust.subject === "system:serviceaccount:kube-system:aws-node";
                proofs.push(`${depth} ${roleArn}${trusts ? "" : ", whatever it trusts"}`);
                return Promise.resolve(answers[proofs.length - 1] ?? answers.at(-1));
            },
        },
    } as unknown as RunContext;
    const of = {
        ...record,
        originalAnnotations: { [ROLE_ARN]: FORMER_ROLE, ...originalAnnotations },
        ...(ownRoleArns === undefined ? {} : { ownRoleArns }),
    };
    return {
        works: await formerRoleWorks(context, of, {
            subject: { ...subject, roleArn: more.existingRoleArn ?? subject.roleArn },
            timeouts,
            ...more,
        }),
        proofs,
        lines,
    };
}

describe("The role before the hand-over", () => {
    const gone = [`${FORMER_ROLE}, the role before the hand-over, no longer works (why): no role is restored`];
    const rows: [string, Proof[], boolean, number, string[]][] = [
        ["goes back where it is proved", [{ verdict: "yes", evidence: [] }], true, 1, []],
        ["goes back where only a pod can tell", [{ verdict: "undecided", why: "w", evidence: [] }], true, 1, []],
        ["does not go back where it is gone, or trusts others", [failed("trust-refused")], false, 1, gone],
        ["does not go back where its provider is gone", [failed("provider-missing")], false, 1, gone],
        ["does not go back where it lacks a right", [failed("permission-missing")], false, 1, gone],
        [
            "is proved again while STS does not answer",
            [failed("sts-unreachable"), failed("trust-refused")],
            false,
            2,
            gone,
        ],
        [
            "goes back where STS does not answer in time: its first pod shows whether it works",
            [failed("sts-unreachable")],
            true,
            1 + timeouts.proofSeconds / 2,
            [
                `${FORMER_ROLE}, the role before the hand-over, is restored without a proof (why): the first pod that restarts ` +
                    "shows whether it works",
            ],
        ],
    ];
    for (const [what, answers, works, times, lines] of rows) {
        it(what, async () => {
            deepStrictEqual(await prove(answers), { works, proofs: Array(times).fill(`full ${FORMER_ROLE}`), lines });
        });
    }

    it("does not go back where the component owns it, which deletes it after the hand-back", async () => {
        deepStrictEqual(await prove([{ verdict: "yes", evidence: [] }], undefined, {}, [ROLE, FORMER_ROLE]), {
            works: false,
            proofs: [],
            lines: [
                `${FORMER_ROLE}, the role before the hand-over, belongs to the component and is deleted with it: no role is restored`,
            ],
        });
        deepStrictEqual((await prove([{ verdict: "yes", evidence: [] }], undefined, {}, [ROLE])).works, true);
    });

    it("does not go back where it is the existing role of the component's program, which may delete it", async () => {
        const ofProgram = { existingRoleOfProgram: true, existingRoleArn: FORMER_ROLE };
        const works: Proof[] = [{ verdict: "yes", evidence: [] }];
        deepStrictEqual(await prove(works, undefined, {}, undefined, ofProgram), {
            works: false,
            proofs: [],
            lines: [
                `${FORMER_ROLE}, the role before the hand-over, belongs to the program, which may delete it in this operation: no role is restored`,
            ],
        });
        for (const other of [
            { ...ofProgram, existingRoleOfProgram: false },
            { ...ofProgram, existingRoleArn: ROLE },
        ]) {
            deepStrictEqual((await prove(works, undefined, {}, undefined, other)).works, true);
        }
    });

    it("is none where the service account had none", async () => {
        deepStrictEqual(await prove([], undefined, { [ROLE_ARN]: undefined }), {
            works: false,
            proofs: [],
            lines: [],
        });
    });

    it("does not go back to a service account that is gone", async () => {
        const gone = new Refusal("service-account-missing", "seen", "means", "fix");
        deepStrictEqual(await prove([], () => Promise.reject(gone)), { works: false, proofs: [], lines: [] });
    });

    it("is not given up by a cluster that cannot be reached: the run ends", async () => {
        const unreachable = new Refusal("cluster-unreachable", "seen", "means", "fix");
        await rejects(
            prove([], () => Promise.reject(unreachable)),
            unreachable,
        );
    });
});
