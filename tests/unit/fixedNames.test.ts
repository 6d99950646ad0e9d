import { deepStrictEqual, match, strictEqual } from "assert";
import { readdirSync, readFileSync } from "fs";
import { join } from "path";
import { CNI_SERVICE_ACCOUNT_ROLE_TYPE } from "../../components/cniServiceAccountRole";
import * as handOver from "../../handover";
import { isLiveCheckName } from "../../handover/engine/liveCheckProvider";
import { exports as entryPoints, name } from "../../package.json";
import { child, children } from "./support/children";
import { inputs, live } from "./support/live";
import { WITH_ARN } from "./support/standIn";

const ROOT = join(__dirname, "../..");

/** Every code that a message of the hand-over can have, from the sources. */
function codesInSources(): string[] {
    const texts = readdirSync(join(ROOT, "handover"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(join(ROOT, "handover", file), "utf8"));
    const all = texts.join("\n");
    const refused = [...all.matchAll(/new (?:Answered)?Refusal\(\s*"([a-z-]+)"/g)].map(([, code = ""]) => code);
    const union = /export type ProofFailure =([^;]*);/.exec(all)?.[1] ?? "";
    const ofProof = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code = ""]) => code);
    return [...new Set([...refused, ...ofProof])].sort();
}

// A stack's state and the scripts of operators depend on these names. A change of one is a breaking change.
describe("the names that stay as they are", () => {
    it("are the type of the component", () => {
        strictEqual(CNI_SERVICE_ACCOUNT_ROLE_TYPE, "eks-cni:index:CniServiceAccountRole");
    });

    it("are the names and the types of its children", async () => {
        const run = await live({
            detachFromNodeRoles: ["nodes"],
            ipFamily: "ipv6",
            additionalPolicyArns: ["arn:aws:iam::aws:policy/A"],
        });
        deepStrictEqual(Object.fromEntries(children(run).map((one) => [one.name, one.type])), {
            "cni-additional-policy-aws/A": "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "cni-canary": "pulumi-nodejs:dynamic/eks-cni:Canary",
            "cni-cni-policy": "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "cni-credential-guard": "pulumi-nodejs:dynamic/eks-cni:CredentialGuard",
            "cni-daemon-set": "kubernetes:apps/v1:DaemonSetPatch",
            "cni-deletion-order-1": "pulumi-nodejs:dynamic/eks-cni:DeletionOrder",
            "cni-deletion-order-2": "pulumi-nodejs:dynamic/eks-cni:DeletionOrder",
            "cni-detachment": "pulumi-nodejs:dynamic/eks-cni:Detachment",
            "cni-ipv6-policy": "aws:iam/policy:Policy",
            "cni-role": "aws:iam/role:Role",
            "cni-service-account": "kubernetes:core/v1:ServiceAccountPatch",
        });
    });

    it("are the name and the type of the association, which it has with Pod Identity alone", async () => {
        const args = { delivery: "podIdentity", clusterName: "production", oidcProviderArn: undefined };
        const run = await live(args, { lookups: WITH_ARN });
        strictEqual(child(run, "cni-association")?.type, "aws:eks/podIdentityAssociation:PodIdentityAssociation");
        const { subject } = inputs(run, "cni-canary") as { subject: object };
        deepStrictEqual(
            Object.keys(subject).filter((key) => ["clusterArn", "delivery"].includes(key)),
            ["clusterArn", "delivery"],
        );
    });

    it("are those by which a state finds the package", async () => {
        strictEqual(name, "eks-cni");
        deepStrictEqual(entryPoints["./handover"].default, "./dist/handover/index.js");
        deepStrictEqual(Object.keys(handOver), ["dynamicProvider"]);
        const run = await live({ delivery: "eksAddon" });
        for (const [suffix, provider] of Object.entries({
            "credential-guard": "credentialGuard",
            canary: "canary",
            "add-on-role": "addOnRole",
            "deletion-order-1": "deletionOrder",
            detachment: "detachment",
        })) {
            const text = String(child(run, `cni-${suffix}`)?.inputs["__provider"]);
            match(text, /handOver = require\("eks-cni\/handover"\);/);
            match(text, new RegExp(`return handOver\\.dynamicProvider\\("${provider}"\\);`));
            strictEqual(isLiveCheckName(provider), true);
        }
    });

    it("are the keys of the live checks' inputs in a state", async () => {
        const guard = { record: { approvedRoleArns: [] }, approvedRole: "approved", formerAnnotations: { a: "b" } };
        const run = await live(
            {
                detachFromNodeRoles: ["nodes"],
                handedOverClusterArns: ["arn:aws:eks:us-west-2:111122223333:cluster/blue"],
                regions: ["eu-west-1"],
                kubeconfig: "clusters: []",
                aws: { profile: "production" },
                clusterName: "production",
            },
            { components: { "pulumi-nodejs:dynamic/eks-cni:CredentialGuard": guard } },
        );
        const common = ["aws", "drift", "forceDestroy", "iamPropagationSeconds", "kubeconfig", "region", "subject"];
        const keysOf = (child: string) => Object.keys(inputs(run, child)).sort();
        deepStrictEqual(
            keysOf("cni-credential-guard"),
            [
                ...common,
                "additionalPolicies",
                "detachFromNodeRoles",
                "handedOverClusterArns",
                "injectionGuard",
                "overrideExistingServiceAccount",
                "policyArns",
                "proof",
                "regions",
                "roleUniqueId",
                "timeouts",
            ].sort(),
        );
        const recorded = ["approvedRole", "delivered", "record", "stableSeconds", "timeouts"];
        deepStrictEqual(
            keysOf("cni-canary"),
            [...common, ...recorded, "formerAnnotations", "proof", "serviceAccountUid"].sort(),
        );
        deepStrictEqual(
            keysOf("cni-detachment"),
            [
                ...common,
                ...recorded,
                "detachFromNodeRoles",
                "handedOverClusterArns",
                "injectionGuard",
                "maxNotReadyNodes",
                "regions",
                "rollouts",
            ].sort(),
        );
        const { subject, timeouts } = inputs(run, "cni-credential-guard") as Record<string, object>;
        deepStrictEqual(Object.keys(subject ?? {}).sort(), [
            "annotations",
            "clusterName",
            "component",
            "daemonSetName",
            "fieldManager",
            "injectionGuardName",
            "ipFamily",
            "issuers",
            "roleArn",
            "serviceAccount",
        ]);
        deepStrictEqual(Object.keys(timeouts ?? {}).sort(), [
            "canarySeconds",
            "handBackSeconds",
            "proofSeconds",
            "verificationSeconds",
        ]);
    });

    it("are the codes of the messages", () => {
        deepStrictEqual(codesInSources(), [
            "add-on-missing",
            "add-on-owns-the-role",
            "add-on-update-failed",
            "annotation-owned-by-another",
            "another-cluster",
            "another-component",
            "another-injection-guard",
            "association-differs",
            "association-missing",
            "audience-annotation",
            "aws-access-denied",
            "aws-call-failed",
            "aws-credentials-expired",
            "aws-credentials-missing",
            "aws-credentials-refused",
            "aws-policy-quota",
            "aws-region-refused",
            "aws-region-unknown",
            "aws-throttled",
            "aws-unreachable",
            "canary-failed",
            "canary-missing",
            "cancelled",
            "cluster-access-denied",
            "cluster-changed",
            "cluster-credentials-expired",
            "cluster-credentials-missing",
            "cluster-credentials-refused",
            "cluster-name-unknown",
            "cluster-refuses",
            "cluster-throttled",
            "cluster-too-old",
            "cluster-unreachable",
            "cni-too-old",
            "daemon-set-missing",
            "delivery-not-changed",
            "force-destroy-with-pods",
            "former-credentials-fail",
            "former-role-carried",
            "hand-over-unfinished",
            "injection-guard-of-another",
            "kubeconfig-invalid",
            "network-policy-logs",
            "node-role-cannot-boot",
            "node-role-in-use",
            "node-role-missing",
            "node-role-not-named",
            "node-role-unknown",
            "node-role-without-permissions",
            "other-clusters",
            "other-credentials",
            "other-delivery-unread",
            "own-role-as-existing",
            "permission-missing",
            "permissions-for-settings",
            "pod-identity-agent",
            "pod-identity-association",
            "pod-misses-permissions",
            "pods-do-not-start",
            "pods-do-not-work",
            "pods-without-role",
            "policies-detached",
            "policy-not-recorded",
            "policy-still-needed",
            "provider-missing",
            "restart-limit",
            "role-narrowed",
            "role-not-approved",
            "role-not-delivered",
            "role-still-carried",
            "role-still-delivered",
            "rollout-taken-back",
            "service-account-in-use",
            "service-account-missing",
            "service-account-not-used",
            "sts-region-inactive",
            "sts-unreachable",
            "time-limit",
            "token-refused",
            "trust-refused",
            "turning-off-interrupted",
            "unsafe-engine-setting",
            "webhook-skipped",
            "wrong-account",
            "wrong-cluster",
            "wrong-ip-family",
        ]);
    });
});
