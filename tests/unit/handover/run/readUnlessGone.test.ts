import { deepStrictEqual, rejects } from "node:assert/strict";
import { NoConnection, Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { canary } from "../../../../handover/run/canaryResource";
import { credentialGuard } from "../../../../handover/run/credentialGuardResource";
import { detachment } from "../../../../handover/run/detachmentResource";
import { ACCOUNT, CNI_POLICY, ISSUER, NOW, record, subject } from "../support/worlds";

const refusal = (code: string) => new Refusal(code, "Seen.", "Means.", "Fix.");
const noConnection = new NoConnection(refusal("cluster-unreachable"));
const NOTHING =
    "the refresh looks at nothing, and pulumi destroy restores nothing. If the refresh fails because the Kubernetes provider cannot reach the " +
    "cluster, run pulumi destroy without --refresh, or (only if the cluster is gone) set PULUMI_K8S_DELETE_UNREACHABLE=true";
const GONE_BY_EKS = `The EKS cluster prod no longer exists: ${NOTHING}`;
const UNANSWERED = `forceDestroy is set, and the cluster does not answer: ${NOTHING}`;

interface Seen {
    /** How each call to the cluster fails. */
    readonly fails: Error;
    readonly forced?: true;
    readonly eks?: "there" | "gone" | "unknown";
    readonly account?: string;
    readonly drift?: string;
}

const live = (forceDestroy: boolean, drift: string) => ({
    subject: { ...subject, clusterName: "prod" },
    record,
    timeouts: { proofSeconds: 1, canarySeconds: 1, verificationSeconds: 1, handBackSeconds: 1 },
    iamPropagationSeconds: 0,
    forceDestroy,
    drift,
    proof: "full" as const,
    approvedRole: "a",
    formerAnnotations: {},
    delivered: "digest",
    stableSeconds: 1,
    injectionGuard: true,
});

const GUARD = {
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    policyArns: [CNI_POLICY],
    additionalPolicies: false,
    roleUniqueId: "AROACNI",
};
const CANARY = { serviceAccountUid: "account", shown: "it works", rollouts: 2 };
const DETACHMENT = {
    detachFromNodeRoles: ["nodes"],
    maxNotReadyNodes: 0,
    verifiedPods: 3,
    detachedFrom: ["nodes"],
    remainingSteps: [],
};

/** The refresh of each live check of a stack whose cluster cannot be read. */
function refreshes({ fails, forced, eks = "unknown", account = ACCOUNT, drift = "none" }: Seen) {
    const warnings: string[] = [];
    const asked: unknown[] = [];
    const failing = () => Promise.reject(fails);
    const context = {
        subject: { ...subject, clusterName: "prod" },
        roleNames: ["nodes"],
        now: () => NOW,
        progress: (line: string) => warnings.push(`progress: ${line}`),
        warn: (line: string) => warnings.push(line),
        cluster: { look: failing, identity: failing, requestToken: failing, close: () => undefined },
        aws: {
            clusterStatus: (...parameters: unknown[]) => {
                asked.push(parameters);
                return Promise.resolve(eks);
            },
            callerAccount: () => Promise.resolve(account),
        },
    } as unknown as RunContext;
    const operation = { progress: () => undefined, open: () => Promise.resolve(context) };
    const state = live(forced ?? false, drift);
    return {
        warnings,
        asked,
        guard: () => credentialGuard.read({ ...state, ...GUARD }, operation),
        canary: () => canary.read({ ...state, ...CANARY }, operation),
        detachment: () => detachment.read({ ...state, ...DETACHMENT }, operation),
    };
}

const OUTPUTS = {
    guard: { record, formerAnnotations: {}, approvedRole: "a" },
    canary: { shown: "it works", rollouts: 2 },
    detachment: { verifiedPods: 3, detachedFrom: ["nodes"], remainingSteps: [] },
};
const LIVE_CHECKS = ["guard", "canary", "detachment"] as const;

describe("A refresh of a cluster that no longer exists", () => {
    for (const name of LIVE_CHECKS) {
        it(`leaves the ${name} in the state as it is, with its drift, so that a destroy can follow`, async () => {
            for (const drift of ["none", "1 pod lost the role"]) {
                const seen = refreshes({ fails: refusal("cluster-access-denied"), eks: "gone", drift });
                deepStrictEqual(await seen[name](), { outputs: OUTPUTS[name], drift });
                deepStrictEqual([seen.warnings, seen.asked], [[GONE_BY_EKS], [["prod", ISSUER]]]);
            }
        });

        it(`leaves the ${name} so where forceDestroy is set, and no server answers`, async () => {
            const seen = refreshes({ fails: noConnection, forced: true });
            deepStrictEqual(await seen[name](), { outputs: OUTPUTS[name], drift: "none" });
            deepStrictEqual([seen.warnings, seen.asked], [[UNANSWERED], []]);
        });

        const fails: [string, Seen, string][] = [
            ["no server answers", { fails: noConnection }, "cluster-unreachable"],
            ["no server answers, and EKS has it", { fails: noConnection, eks: "there" }, "cluster-unreachable"],
            [
                "EKS is asked in another account",
                { fails: noConnection, eks: "gone", account: "1" },
                "cluster-unreachable",
            ],
            [
                "the server rejects the credentials by force",
                { fails: refusal("cluster-access-denied"), forced: true },
                "cluster-access-denied",
            ],
            [
                "it is throttled",
                { fails: refusal("cluster-throttled"), forced: true, eks: "gone" },
                "cluster-throttled",
            ],
        ];
        for (const [what, of, code] of fails) {
            it(`fails at the ${name}, and says nothing, where ${what}`, async () => {
                const seen = refreshes(of);
                await rejects(seen[name](), { code, means: "Means." });
                deepStrictEqual(seen.warnings, []);
            });
        }
    }

    it("passes on an error", () => rejects(refreshes({ fails: new Error("broken"), eks: "gone" }).guard(), /broken/));
});
