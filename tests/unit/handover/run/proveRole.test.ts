import { deepStrictEqual, ok, rejects } from "assert";
import { trustPolicy } from "../../../../documents/trustPolicy";
import type { Proof, ProofRequest } from "../../../../handover/model/proof";
import type { Subject } from "../../../../handover/model/subject";
import type { ClusterSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { prove, proofRequest, PROVE_EVERY_MILLISECONDS } from "../../../../handover/run/proveRole";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { node, NOW, onNodeRole, ROLE, subject, world } from "../support/worlds";

const NOT_YET: Proof = { verdict: "no", code: "trust-refused", why: "STS: no. It may be new.", final: false };
const YES: Proof = { verdict: "yes", evidence: [] };
const USUAL =
    "proof: AWS does not accept the role yet, as is usual in the first seconds after a change; trying again for up to 120 s";

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const TOKEN = `header.${encoded({ iss: "https://issuer-of-the-token" })}.signature`;
const [ISSUER = ""] = subject.issuers;
const AWS_NODE = { namespace: "kube-system", name: "aws-node" };
const refusedHereAlone = {
    fix:
        "If the role's trust policy does not name the issuer, the service account and the audience, its owner has to correct it. If a policy admits only the " +
        'nodes, and not the machine that runs Pulumi, set proof: "off". Then run pulumi up: the canary still runs.',
};

/** The trust policy that each request asks for. */
const asked: ProofRequest["trust"][] = [];
/** The start that each request leaves something to. */
const starts: ProofRequest["start"][] = [];

/** Proves with these answers of AWS, two seconds apart; the last one repeats. Returns the lines that the operator reads. */
async function linesOf(
    answers: readonly Proof[],
    inUse?: boolean,
    depth: "full" | "assumeRole" | "off" = "full",
    {
        of = subject,
        cluster = {},
        isOwn = true,
    }: { of?: Subject; cluster?: Partial<ClusterSeen>; isOwn?: boolean } = {},
): Promise<string[]> {
    const lines: string[] = [];
    let calls = 0;
    asked.length = 0;
    starts.length = 0;
    const context = {
        now: () => NOW + calls * PROVE_EVERY_MILLISECONDS,
        sleep: () => Promise.resolve(),
        progress: (line: string) => lines.push(line),
        cluster: { requestToken: () => Promise.resolve(TOKEN) },
        aws: {
            prove: ({ trust, start }: ProofRequest) => {
                asked.push(trust);
                starts.push(start);
                return Promise.resolve(answers[Math.min(calls++, answers.length - 1)]);
            },
        },
    } as unknown as RunContext;
    await prove(
        context,
        {
            subject: of,
            isOwn,
            proof: depth,
            timeouts: { ...DEFAULT_TIMEOUTS, proofSeconds: 120 },
            ...(inUse === undefined ? {} : { inUse }),
        },
        world(onNodeRole, { cluster }),
    );
    return lines;
}

describe("The proof of the role", () => {
    it("calls the refusals of the first 20 seconds usual, once", async () => {
        deepStrictEqual(await linesOf([NOT_YET, NOT_YET, NOT_YET, YES]), [
            USUAL,
            `proof: a token of the service account can use ${subject.roleArn}`,
        ]);
    });

    it("calls no refusal usual after 20 seconds", async () => {
        deepStrictEqual(await linesOf([...Array<Proof>(10).fill(NOT_YET), YES]), [
            USUAL,
            "proof: STS: no. It may be new; trying again for up to 120 s",
            `proof: a token of the service account can use ${subject.roleArn}`,
        ]);
    });

    it("waits for a decision, and leaves it to the canary when its time is up", async () => {
        const undecided: Proof = { verdict: "undecided", why: "EC2: perhaps.", evidence: [] };
        deepStrictEqual((await linesOf([undecided, YES])).length, 2);
        const lines = await linesOf([...Array<Proof>(59).fill(NOT_YET), undecided]);
        deepStrictEqual(lines.slice(1), [
            "proof: STS: no. It may be new; trying again for up to 120 s",
            "proof: undecided, the canary decides (EC2: perhaps.)",
        ]);
    });

    it("does not wait for what waiting cannot decide", async () => {
        const undecided: Proof = { verdict: "undecided", why: "Nothing was asked.", evidence: [], final: true };
        deepStrictEqual(await linesOf([undecided]), ["proof: undecided, the canary decides (Nothing was asked.)"]);
        const open: Proof = { ...undecided, final: false };
        deepStrictEqual((await linesOf([open, YES])).length, 2);
    });

    it("compares the trust policy of an own role that STS refuses only when its time is up, and then leaves it to the canary", async () => {
        const undecided: Proof = { verdict: "undecided", why: "A perimeter.", evidence: [] };
        const lines = await linesOf([...Array<Proof>(60).fill(NOT_YET), undecided]);
        deepStrictEqual(lines.at(-1), "proof: undecided, the canary decides (A perimeter.)");
        const written = trustPolicy(
            [{ arn: `arn:aws:iam::111122223333:oidc-provider/${ISSUER}`, issuer: ISSUER }],
            AWS_NODE,
        );
        deepStrictEqual(asked, [...Array<undefined>(60).fill(undefined), written]);
    });

    it("compares it with that for all clusters which share the role", async () => {
        const issuers = [ISSUER, "oidc.eks.eu-west-1.amazonaws.com/id/A"];
        await rejects(linesOf([NOT_YET], false, "full", { of: { ...subject, issuers } }), { code: "trust-refused" });
        const provider = "arn:aws:iam::111122223333:oidc-provider/";
        const providers = issuers.map((issuer) => ({ arn: `${provider}${issuer}`, issuer }));
        deepStrictEqual(asked.at(-1), trustPolicy(providers, AWS_NODE));
    });

    for (const isOwn of [true, false]) {
        it(`looks for the token in the trust policy of ${isOwn ? "an own role" : "another owner's role"} that pods carry`, async () => {
            const undecided: Proof = { verdict: "undecided", why: "A perimeter.", evidence: [] };
            const lines = await linesOf([...Array<Proof>(60).fill(NOT_YET), undecided], true, "full", { isOwn });
            deepStrictEqual(lines.at(-1), "proof: undecided, the canary decides (A perimeter.)");
            const trust = { issuer: "issuer-of-the-token", subject: "system:serviceaccount:kube-system:aws-node" };
            deepStrictEqual(asked.at(-1), trust);
        });
    }

    it("refuses another owner's role with which no pod runs yet, and names the way past the proof", async () => {
        const { fix } = refusedHereAlone;
        await rejects(linesOf([NOT_YET], false, "full", { isOwn: false }), {
            message:
                `[trust-refused] The proof that a token of the service account can use ${subject.roleArn} failed: STS: no. It may be new. ` +
                `Nothing on the cluster was changed. ${fix}`,
            fix,
        });
        deepStrictEqual([...new Set(asked)], [undefined]);
        const usual = { fix: /^Fix the cause, and run the same command again\./ };
        await rejects(linesOf([{ ...NOT_YET, final: true }], false, "full", { isOwn: false }), usual);
        const of = { ...subject, delivery: "podIdentity" } as const;
        await rejects(linesOf([NOT_YET], false, "full", { isOwn: false, of }), usual);
    });

    it("reads no trust policy where STS says something else, or waiting does not help", async () => {
        for (const answer of [
            { ...NOT_YET, code: "permission-missing" },
            { ...NOT_YET, code: "provider-missing" },
            { ...NOT_YET, final: true },
        ] as const) {
            await rejects(linesOf([answer]), { code: answer.code });
            deepStrictEqual([...new Set(asked)], [undefined]);
        }
        await linesOf([NOT_YET, YES]);
        deepStrictEqual(asked, [undefined, undefined]);
    });

    it("leaves to the canary what the start of its pod tests, with the plugin's settings", async () => {
        await linesOf([YES]);
        deepStrictEqual(starts, [{ settings: undefined }]);
        const settings = { ENABLE_IMDS_ONLY_MODE: true } as const;
        const { daemonSet } = world(onNodeRole).cluster;
        ok(daemonSet !== undefined);
        await linesOf([YES], false, "full", { cluster: { daemonSet: { ...daemonSet, settings } } });
        deepStrictEqual(starts, [{ settings }]);
    });

    it("asks about all where no canary is the first to use the role", async () => {
        await linesOf([YES], true);
        deepStrictEqual(starts, [undefined]);
        await linesOf([YES], false, "full", { cluster: { pods: [] } });
        deepStrictEqual(starts, [undefined]);
        await linesOf([YES], false, "full", { of: { ...subject, podIdentityDelivered: true } });
        deepStrictEqual(starts, [undefined]);
    });

    it("is not made if the program turns it off", async () => {
        deepStrictEqual(await linesOf([{ ...NOT_YET, final: true }], undefined, "off"), [
            "proof: off, the canary alone decides",
        ]);
    });

    it("is made with a new token, and with the first instance that is known", async () => {
        const context = { cluster: { requestToken: () => Promise.resolve("new") } } as unknown as RunContext;
        const request = { roleArn: ROLE, token: "new", ipFamily: "ipv4", depth: "full" };
        const rows = [
            [[node("n1", { instanceId: undefined }), node("n2"), node("n3")], "i-n2"],
            [[node("n1", { instanceId: undefined })], undefined],
            [[], undefined],
        ] as const;
        for (const [nodes, instanceId] of rows) {
            const { cluster } = world(onNodeRole, { cluster: { nodes } });
            deepStrictEqual(await proofRequest(context, subject, "full", cluster), { ...request, instanceId });
        }
    });

    it("tells AWS's answer after that, each once", async () => {
        const [another, retried] = [{ ...NOT_YET, why: "EC2: no." }, "trying again for up to 120 s"];
        deepStrictEqual(await linesOf([...Array<Proof>(11).fill(NOT_YET), another, another, YES]), [
            USUAL,
            `proof: STS: no. It may be new; ${retried}`,
            `proof: EC2: no; ${retried}`,
            `proof: a token of the service account can use ${subject.roleArn}`,
        ]);
    });

    it("fails with the command that creates a provider that is missing", async () => {
        await rejects(linesOf([{ ...NOT_YET, code: "provider-missing" }]), {
            code: "provider-missing",
            message:
                /aws iam create-open-id-connect-provider --url https:\/\/oidc\.eks\.eu-west-1.* --client-id-list sts/,
        });
    });

    it("fails with the way back where pods carry the role, but for an STS that does not answer", async () => {
        for (const code of ["trust-refused", "permission-missing", "provider-missing", "token-refused"] as const) {
            await rejects(linesOf([{ ...NOT_YET, code }], true), { code, message: / Or run pulumi destroy: it moves/ });
        }
        const given = { ...NOT_YET, code: "sts-region-inactive", fix: "Activate it." } as const;
        await rejects(linesOf([given], true), {
            fix: "Activate it. Or run pulumi destroy: it moves the pods back to the node roles.",
        });
        for (const [code, inUse] of [
            ["sts-unreachable", true],
            ["trust-refused", false],
            ["trust-refused", undefined],
        ] as const) {
            await rejects(linesOf([{ ...NOT_YET, code }], inUse), {
                code,
                fix: /^Fix the cause, and run the same command again\./,
            });
        }
    });

    it("fails after its time limit with AWS's last answer, and at once if waiting does not help", async () => {
        await rejects(linesOf([NOT_YET]), { code: "trust-refused", message: /STS: no\. It may be new\./ });
        await rejects(linesOf([{ ...NOT_YET, final: true }]), { code: "trust-refused" });
    });
});
