import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual } from "assert";
import {
    assertChildren,
    attachment,
    child,
    daemonSet,
    input,
    OUTPUTS_WITHOUT_LIVE_CHECKS,
    role,
    serviceAccount,
    trust,
} from "../support/children";
import { fixture, PARTITIONS } from "../support/fixtures";
import { ISSUER, PROVIDER_ARN } from "../support/standIn";
import { construct } from "../support/underMocks";

const ROLE_ARN = "arn:aws:iam::111122223333:role/cni-role-1a2b3c4";
const MANAGED = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

const roleArnOnly = { "eks.amazonaws.com/role-arn": ROLE_ARN };
// The digests are constants: another digest for the same delivery would restart the pods of every user.
const DELIVERED = "ec6352e1e6842b81";

describe("the children of the component", () => {
    it("are role, attachment, annotation and rollout for an IPv4 cluster", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN });
        assertChildren(run, [
            role(),
            attachment("cni-policy", MANAGED),
            serviceAccount(roleArnOnly, ["cni-cni-policy", "cni-role"]),
            daemonSet(DELIVERED, ["cni-cni-policy", "cni-role", "cni-service-account"]),
        ]);
        deepStrictEqual(run.outputs["cni"]?.value, {
            roleArn: ROLE_ARN,
            roleName: "cni-role-1a2b3c4",
            policyArns: [MANAGED],
            serviceAccountAnnotations: roleArnOnly,
            provedRoleArn: ROLE_ARN,
            ready: ROLE_ARN,
            ...OUTPUTS_WITHOUT_LIVE_CHECKS,
        });
    });

    it("have a policy of their own for an IPv6 cluster", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, ipFamily: "ipv6" });
        const policyArn = "arn:aws:iam::111122223333:policy/cni-ipv6-policy-1a2b3c4";
        assertChildren(run, [
            role(),
            {
                type: "aws:iam/policy:Policy",
                name: "cni-ipv6-policy",
                inputs: {
                    description: "Permissions of the Amazon VPC CNI plugin on a cluster of the IPv6 family",
                    policy: JSON.stringify(fixture("permissions/aws.ipv6")),
                },
                dependsOn: ["cni-role"],
            },
            attachment("cni-policy", policyArn, ["cni-ipv6-policy", "cni-role"]),
            serviceAccount(roleArnOnly, ["cni-cni-policy", "cni-role"]),
            daemonSet(DELIVERED, ["cni-cni-policy", "cni-role", "cni-service-account"]),
        ]);
        deepStrictEqual(run.outputs["cni"]?.value["policyArns"], [policyArn]);
    });

    it("leave the cluster alone with external", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, delivery: "external" });
        assertChildren(run, [role(), attachment("cni-policy", MANAGED)]);
        deepStrictEqual(run.outputs["cni"]?.value, {
            roleArn: ROLE_ARN,
            roleName: "cni-role-1a2b3c4",
            policyArns: [MANAGED],
            serviceAccountAnnotations: roleArnOnly,
            provedRoleArn: ROLE_ARN,
            ready: ROLE_ARN,
            ...OUTPUTS_WITHOUT_LIVE_CHECKS,
            remainingSteps: [
                "[annotate] The component annotates no service account. Give the ARN of the role to the managed add-on, or annotate the service account.",
                "[restart] Existing pods get the role only when they restart: kubectl rollout restart daemonset/aws-node -n kube-system",
                ...OUTPUTS_WITHOUT_LIVE_CHECKS.remainingSteps,
            ],
        });
    });

    it("leave IAM alone with an existing role", async () => {
        const arn = "arn:aws:iam::111122223333:role/eks/cni/existing";
        const run = await construct({ existingRoleArn: arn });
        const annotations = { "eks.amazonaws.com/role-arn": arn };
        assertChildren(run, [serviceAccount(annotations, []), daemonSet("d033b6f514cdebb9", ["cni-service-account"])]);
        deepStrictEqual(run.outputs["cni"]?.value, {
            roleArn: arn,
            roleName: "existing",
            policyArns: [],
            serviceAccountAnnotations: annotations,
            provedRoleArn: arn,
            ready: arn,
            ...OUTPUTS_WITHOUT_LIVE_CHECKS,
        });
    });

    it("are none with an existing role and external, and the outputs are there", async () => {
        const arn = "arn:aws:iam::111122223333:role/existing";
        const run = await construct({ existingRoleArn: arn, delivery: "external" });
        assertChildren(run, []);
        deepStrictEqual(run.outputs["cni"]?.value["ready"], arn);
    });

    for (const enabled of [undefined, null, true]) {
        it(`restart the pods with rollout.enabled ${String(enabled)}`, async () => {
            const run = await construct({ oidcProviderArn: PROVIDER_ARN, rollout: { enabled } });
            deepStrictEqual(
                child(run, "cni-daemon-set"),
                daemonSet(DELIVERED, ["cni-cni-policy", "cni-role", "cni-service-account"]),
            );
        });
    }

    it("leave the pods alone with the rollout off", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, rollout: { enabled: false } });
        assertChildren(run, [
            role(),
            attachment("cni-policy", MANAGED),
            serviceAccount(roleArnOnly, ["cni-cni-policy", "cni-role"]),
        ]);
        deepStrictEqual(run.outputs["cni"]?.value["remainingSteps"], [
            "[restart] Existing pods get the role only when they restart: kubectl rollout restart daemonset/aws-node -n kube-system",
            ...OUTPUTS_WITHOUT_LIVE_CHECKS.remainingSteps,
        ]);
    });

    it("attach the additional policies, named by themselves, before anything uses the role", async () => {
        const additionalPolicyArns = ["arn:aws:iam::aws:policy/B", "arn:aws:iam::111122223333:policy/eks/A"];
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, additionalPolicyArns });
        const attachments = [
            "cni-additional-policy-111122223333/eks/A",
            "cni-additional-policy-aws/B",
            "cni-cni-policy",
        ];
        assertChildren(run, [
            role(),
            attachment("cni-policy", MANAGED),
            attachment("additional-policy-aws/B", "arn:aws:iam::aws:policy/B"),
            attachment("additional-policy-111122223333/eks/A", "arn:aws:iam::111122223333:policy/eks/A"),
            serviceAccount(roleArnOnly, [...attachments, "cni-role"]),
            daemonSet(DELIVERED, [...attachments, "cni-role", "cni-service-account"]),
        ]);
        deepStrictEqual(run.outputs["cni"]?.value["policyArns"], [MANAGED, ...additionalPolicyArns]);
    });

    it("count the additional policies that are outputs among themselves, wherever the others are", async () => {
        const [a, b] = ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"];
        const outputs = [pulumi.output("arn:aws:iam::111122223333:policy/C"), pulumi.output(Promise.resolve(b))];
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, additionalPolicyArns: [a, ...outputs] });
        const policyOf = (suffix: string) => input(run, `cni-additional-policy-${suffix}`, "policyArn");
        deepStrictEqual(
            [policyOf("aws/A"), policyOf("0"), policyOf("1")],
            [a, "arn:aws:iam::111122223333:policy/C", b],
        );
    });

    it("carry every argument to its place", async () => {
        const run = await construct({
            clusterName: "c",
            oidcProviderArn: PROVIDER_ARN,
            additionalOidcProviderArns: ["arn:aws:iam::111122223333:oidc-provider/issuer.example.com/b"],
            ipFamily: "ipv4",
            roleName: "AmazonEKSVPCCNIRole",
            rolePath: "/eks/",
            roleDescription: "of the CNI",
            permissionsBoundary: "arn:aws:iam::111122223333:policy/boundary",
            maxSessionDuration: 7200,
            tags: { team: "network" },
            additionalPolicyArns: ["arn:aws:iam::aws:policy/A"],
            serviceAccount: { namespace: "cni-system", name: "node-agent" },
            overrideExistingServiceAccount: true,
            stsRegionalEndpoints: true,
            tokenExpirationSeconds: 3600,
            delivery: "serviceAccountPatch",
            rollout: { enabled: true, timeoutSeconds: 1200, daemonSetName: "node-agent-ds" },
        });
        const annotations = {
            "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/eks/AmazonEKSVPCCNIRole",
            "eks.amazonaws.com/sts-regional-endpoints": "true",
            "eks.amazonaws.com/token-expiration": "3600",
        };
        const sub = "system:serviceaccount:cni-system:node-agent";
        const attachments = ["cni-additional-policy-aws/A", "cni-cni-policy"];
        const place = { namespace: "cni-system" };
        assertChildren(run, [
            role(
                {
                    name: "AmazonEKSVPCCNIRole",
                    path: "/eks/",
                    description: "of the CNI",
                    permissionsBoundary: "arn:aws:iam::111122223333:policy/boundary",
                    maxSessionDuration: 7200,
                    tags: { team: "network" },
                },
                [trust("issuer.example.com/b", sub), trust(ISSUER, sub)],
            ),
            attachment("cni-policy", MANAGED, ["cni-role"], "AmazonEKSVPCCNIRole"),
            attachment("additional-policy-aws/A", "arn:aws:iam::aws:policy/A", ["cni-role"], "AmazonEKSVPCCNIRole"),
            serviceAccount({ ...annotations, "pulumi.com/patchForce": "true" }, [...attachments, "cni-role"], {
                ...place,
                name: "node-agent",
            }),
            daemonSet("c34471e63160b5ad", [...attachments, "cni-role", "cni-service-account"], {
                ...place,
                name: "node-agent-ds",
            }),
        ]);
        deepStrictEqual(run.outputs["cni"]?.value["serviceAccountAnnotations"], annotations);
    });

    it("put the IPv6 policy under the role's path, with its tags", async () => {
        const run = await construct({
            oidcProviderArn: PROVIDER_ARN,
            ipFamily: "ipv6",
            rolePath: "/eks/",
            tags: { a: "b" },
        });
        deepStrictEqual(child(run, "cni-ipv6-policy")?.inputs, {
            path: "/eks/",
            tags: { a: "b" },
            description: "Permissions of the Amazon VPC CNI plugin on a cluster of the IPv6 family",
            policy: JSON.stringify(fixture("permissions/aws.ipv6")),
        });
    });

    for (const { partition, ipv6Permissions, ...of } of PARTITIONS) {
        for (const [form, arn, trust] of [
            ["", of.providerArn, of.trust],
            [".dual-stack", of.dualStackProviderArn, of.dualStackTrust],
        ] as const) {
            it(`carry the documents of ${partition}${form}, in both IP families`, async () => {
                const ipv4 = await construct({ oidcProviderArn: arn });
                const ipv6 = await construct({ oidcProviderArn: arn, ipFamily: "ipv6" });
                for (const run of [ipv4, ipv6]) {
                    const assumeRolePolicy = input(run, "cni-role", "assumeRolePolicy");
                    strictEqual(assumeRolePolicy, JSON.stringify(trust));
                }
                strictEqual(
                    input(ipv4, "cni-cni-policy", "policyArn"),
                    `arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`,
                );
                strictEqual(input(ipv6, "cni-ipv6-policy", "policy"), JSON.stringify(ipv6Permissions));
            });
        }
    }
});
