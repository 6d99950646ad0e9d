import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, strictEqual } from "assert";
import { CHECKS, COMMON, DELIVERED, inputs, live, MANAGED, names, ROLE_ARN } from "../../support/live";
import { assertAccepted } from "../../support/refusals";
import { cluster, GET_CLUSTER, ISSUER, LOOKUPS } from "../../support/standIn";
import type { Run } from "../../support/underMocks";
import { UNKNOWN } from "../../support/wire";

/**
 * The patch only notes what was delivered, on the DaemonSet itself: another pod template would restart every pod, and the provider would wait for
 * them.
 */
function assertNoteOnly(run: Run<unknown>, namespace: string, name: string): void {
    const { spec, metadata: all, ...rest } = inputs(run, "cni-daemon-set");
    deepStrictEqual(Object.keys(rest).sort(), ["apiVersion", "kind"]);
    // Nothing: it only gives the annotation that is left as it is a place.
    deepStrictEqual(spec, { template: { metadata: { annotations: {} } } });
    const { annotations, ...metadata } = all as { annotations: object };
    deepStrictEqual(metadata, { namespace, name });
    const { "eks-cni/delivered": delivered, ...others } = annotations as Record<string, unknown>;
    match(String(delivered), /^[0-9a-f]{16}$/);
    deepStrictEqual(others, {
        "pulumi.com/patchFieldManager": "eks-cni/project/stack/cni",
        "pulumi.com/skipAwait": "true",
    });
}

const BLUE = "arn:aws:eks:us-west-2:111122223333:cluster/blue";

describe("the live checks' inputs", () => {
    it("are what they are about and the defaults", async () => {
        const run = await live();
        deepStrictEqual(inputs(run, "cni-credential-guard"), {
            ...COMMON,
            proof: "full",
            overrideExistingServiceAccount: false,
            detachFromNodeRoles: [],
            injectionGuard: false,
            policyArns: [MANAGED],
            additionalPolicies: false,
            roleUniqueId: "AROA-cni-role",
        });
        deepStrictEqual(inputs(run, "cni-canary"), {
            ...COMMON,
            proof: "full",
            serviceAccountUid: "",
            stableSeconds: 20,
            delivered: DELIVERED,
        });
        deepStrictEqual(inputs(run, "cni-detachment"), {
            ...COMMON,
            delivered: DELIVERED,
            rollouts: 0,
            injectionGuard: false,
            stableSeconds: 20,
            maxNotReadyNodes: 0,
        });
        assertNoteOnly(run, "kube-system", "aws-node");
    });

    it("have a limit for another delivery with one, or if the program sets it", async () => {
        const limit = async (args: object) => {
            const { timeouts } = inputs(await live(args), "cni-canary");
            return (timeouts as { deliverySeconds?: number }).deliverySeconds;
        };
        deepStrictEqual(
            [
                await limit({}),
                await limit({ timeouts: { deliverySeconds: 60 } }),
                await limit({ delivery: "eksAddon" }),
                await limit({ delivery: "external", timeouts: { deliverySeconds: 60 } }),
            ],
            [undefined, 60, 1200, 60],
        );
    });

    it("carry every argument to its place", async () => {
        const run = await live(
            {
                clusterName: "prod",
                ipFamily: "ipv6",
                additionalOidcProviderArns: ["arn:aws:iam::111122223333:oidc-provider/issuer.example.com/b"],
                additionalPolicyArns: ["arn:aws:iam::aws:policy/A"],
                serviceAccount: { namespace: "cni-system", name: "agent" },
                rollout: { daemonSetName: "agent-ds" },
                overrideExistingServiceAccount: true,
                stsRegionalEndpoints: true,
                kubeconfig: "clusters: []",
                aws: {
                    region: "eu-west-1",
                    profile: null,
                    roleArn: ROLE_ARN,
                    endpoints: { sts: "https://sts", iam: null },
                },
                detachFromNodeRoles: pulumi.output(["nodes", pulumi.output("more")]),
                handedOverClusterArns: pulumi.output([BLUE]),
                regions: ["eu-west-1", pulumi.output("us-east-1")],
                proof: "assumeRole",
                timeouts: { canarySeconds: 5, proofSeconds: null },
                iamPropagationSeconds: 7,
                stableSeconds: 0,
                maxNotReadyNodes: 2,
                injectionGuard: false,
                forceDestroy: pulumi.output(true),
            },
            {
                lookups: {
                    ...LOOKUPS,
                    [GET_CLUSTER]: ({ name }) => ({
                        ...cluster(String(name), "ipv6"),
                        arn: "arn:aws:eks:us-west-2:111122223333:cluster/prod",
                    }),
                },
            },
        );
        assertAccepted(run);
        const common = {
            subject: {
                ...COMMON.subject,
                serviceAccount: { namespace: "cni-system", name: "agent" },
                daemonSetName: "agent-ds",
                ipFamily: "ipv6",
                issuers: [ISSUER, "issuer.example.com/b"],
                clusterName: "prod",
                annotations: {
                    "eks.amazonaws.com/role-arn": ROLE_ARN,
                    "eks.amazonaws.com/sts-regional-endpoints": "true",
                },
            },
            timeouts: { ...COMMON.timeouts, canarySeconds: 5 },
            iamPropagationSeconds: 7,
            region: "us-west-2",
            kubeconfig: "clusters: []",
            aws: { region: "eu-west-1", roleArn: ROLE_ARN, endpoints: { sts: "https://sts" } },
            forceDestroy: true,
            drift: "none",
        };
        deepStrictEqual(inputs(run, "cni-credential-guard"), {
            ...common,
            proof: "assumeRole",
            overrideExistingServiceAccount: true,
            maxNotReadyNodes: 2,
            detachFromNodeRoles: ["nodes", "more"],
            handedOverClusterArns: [BLUE],
            regions: ["eu-west-1", "us-east-1"],
            injectionGuard: false,
            policyArns: ["arn:aws:iam::111122223333:policy/cni-ipv6-policy-1a2b3c4", "arn:aws:iam::aws:policy/A"],
            additionalPolicies: true,
            roleUniqueId: "AROA-cni-role",
        });
        const { stableSeconds, timeouts, ...ofCanary } = inputs(run, "cni-canary");
        deepStrictEqual({ stableSeconds, timeouts }, { stableSeconds: 0, timeouts: common.timeouts });
        strictEqual("regions" in ofCanary, false);
        const { detachFromNodeRoles, maxNotReadyNodes, regions, ...rest } = inputs(run, "cni-detachment");
        deepStrictEqual(
            [detachFromNodeRoles, maxNotReadyNodes, regions, rest["stableSeconds"], rest["proof"]],
            [["nodes", "more"], 2, ["eu-west-1", "us-east-1"], 0, "assumeRole"],
        );
        deepStrictEqual(rest["handedOverClusterArns"], [BLUE]);
        assertNoteOnly(run, "cni-system", "agent-ds");
    });

    it("carry on what the credential guard has recorded", async () => {
        const recorded = {
            record: { approvedRoleArns: [ROLE_ARN] },
            approvedRole: "approved",
            formerAnnotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/former" },
        };
        const run = await live(
            { detachFromNodeRoles: ["nodes"] },
            { components: { "pulumi-nodejs:dynamic/eks-cni:CredentialGuard": recorded } },
        );
        const { record, approvedRole, formerAnnotations } = inputs(run, "cni-canary");
        deepStrictEqual({ record, approvedRole, formerAnnotations }, recorded);
        const { record: again, approvedRole: approvedAgain } = inputs(run, "cni-detachment");
        deepStrictEqual([again, approvedAgain], [recorded.record, recorded.approvedRole]);
    });

    it("make the outputs of the component", async () => {
        const seen = { verifiedPods: 12, detachedFrom: ["nodes"], remainingSteps: [] };
        const run = await live(
            { detachFromNodeRoles: ["nodes"] },
            { components: { "pulumi-nodejs:dynamic/eks-cni:Detachment": seen } },
        );
        const { verifiedPods, detachedFrom, remainingSteps } = run.outputs["cni"]?.value ?? {};
        deepStrictEqual({ verifiedPods, detachedFrom, remainingSteps }, seen);
        const preview = await live({ detachFromNodeRoles: ["nodes"] }, { preview: true });
        const value = preview.outputs["cni"]?.value ?? {};
        deepStrictEqual(
            [value["verifiedPods"], value["detachedFrom"], value["remainingSteps"]],
            [UNKNOWN, UNKNOWN, UNKNOWN],
        );
    });

    it("tell the checks that there is an injection guard", async () => {
        const run = await live({ detachFromNodeRoles: ["nodes"] });
        for (const name of ["cni-credential-guard", "cni-detachment"]) {
            strictEqual(inputs(run, name)["injectionGuard"], true, name);
        }
    });

    it("keep kubeconfig and aws secret, and nothing else", async () => {
        const run = await live({ kubeconfig: "clusters: []", aws: { profile: "p" } });
        for (const { name, secretInputs } of run.resources.slice(1)) {
            deepStrictEqual(secretInputs.sort(), CHECKS.includes(name) ? ["aws", "kubeconfig"] : [], name);
        }
    });

    it("are unknown in a preview where the role is not there, and nothing else is", async () => {
        const run = await live({ kubeconfig: "clusters: []", detachFromNodeRoles: ["nodes"] }, { preview: true });
        assertAccepted(run);
        const unknown = CHECKS.map((name) =>
            Object.entries(inputs(run, name))
                .filter(([, value]) => value === UNKNOWN)
                .map(([key]) => key)
                .sort(),
        );
        deepStrictEqual(unknown, [
            ["roleUniqueId", "subject"],
            ["approvedRole", "delivered", "formerAnnotations", "record", "serviceAccountUid", "subject"],
            ["approvedRole", "delivered", "record", "rollouts", "subject"],
        ]);
    });

    it("make a preview complete with everything unknown that may be", async () => {
        const later = pulumi.output(pulumi.unknown);
        const run = await live(
            {
                kubeconfig: later,
                aws: { region: later, endpoints: later },
                detachFromNodeRoles: [later],
                forceDestroy: later,
            },
            { preview: true },
        );
        assertAccepted(run);
        deepStrictEqual(
            names(run).filter((name) => CHECKS.includes(name)),
            [...CHECKS].sort(),
        );
    });
});
