import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, ok, strictEqual } from "assert";
import { child } from "../support/children";
import { COMMON, inputs, live, names, option, ORDER } from "../support/live";
import { assertAccepted, assertRefusedLate } from "../support/refusals";
import { cluster, GET_CLUSTER, GET_OIDC_PROVIDER, Lookups, WITH_ARN } from "../support/standIn";
import type { MockOptions } from "../support/underMocks";
import { UNKNOWN } from "../support/wire";

const ROLE_ARN = "arn:aws:iam::111122223333:role/cni-role-1a2b3c4";
const CLUSTER_ARN = "arn:aws:eks:us-west-2:111122223333:cluster/production";
const ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation";

function trust(clusterArn = CLUSTER_ARN, namespace = "kube-system", name = "aws-node") {
    const Condition = {
        StringEquals: {
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": name,
            "aws:RequestTag/eks-cluster-arn": clusterArn,
        },
    };
    const Principal = { Service: "pods.eks.amazonaws.com" };
    const Statement = [{ Effect: "Allow", Principal, Action: ["sts:AssumeRole", "sts:TagSession"], Condition }];
    return JSON.stringify({ Version: "2012-10-17", Statement });
}

function association(dependsOn: string[], inputs: object = {}) {
    return {
        type: ASSOCIATION,
        name: "cni-association",
        inputs: {
            clusterName: "production",
            namespace: "kube-system",
            serviceAccount: "aws-node",
            roleArn: ROLE_ARN,
            ...inputs,
        },
        dependsOn,
    };
}

const POD_IDENTITY = { oidcProviderArn: undefined, clusterName: "production", delivery: "podIdentity" };
const podIdentity = (args: object = {}, options: MockOptions = {}) =>
    live({ ...POD_IDENTITY, ...args }, { lookups: WITH_ARN, ...options });

describe("the component with Pod Identity", () => {
    it("creates a role, the live checks and an association, and looks up no OIDC provider", async () => {
        const run = await podIdentity({ detachFromNodeRoles: ["nodes"] });
        assertAccepted(run);
        deepStrictEqual(names(run), [
            "cni-association",
            "cni-canary",
            "cni-cni-policy",
            "cni-credential-guard",
            "cni-daemon-set",
            ...ORDER,
            "cni-detachment",
            "cni-role",
        ]);
        deepStrictEqual(child(run, "cni-role")?.inputs, { assumeRolePolicy: trust() });
        deepStrictEqual(
            run.lookups.map(({ token }) => token),
            [GET_CLUSTER],
        );
        const { serviceAccountAnnotations, roleArn, ready } = run.outputs["cni"]?.value ?? {};
        deepStrictEqual([serviceAccountAnnotations, roleArn, ready], [{}, ROLE_ARN, ROLE_ARN]);
    });

    it("creates the association after the credential guard and before the canary, which acts again for another one", async () => {
        const run = await podIdentity({}, { components: { [ASSOCIATION]: { associationId: "a-1" } } });
        deepStrictEqual(
            child(run, "cni-association"),
            association(
                ["cni-cni-policy", "cni-credential-guard", ...ORDER, "cni-role"].filter((one) => !ORDER.includes(one)),
            ),
        );
        ok(child(run, "cni-canary")?.dependsOn.includes("cni-association"));
        strictEqual(inputs(run, "cni-canary")["associationId"], "a-1");
        strictEqual(option(run, "retainondelete")["cni-association"], true);
    });

    it("tells the live checks the cluster, its issuer, and that nothing is annotated", async () => {
        const { subject } = inputs(await podIdentity(), "cni-credential-guard");
        deepStrictEqual(subject, {
            ...COMMON.subject,
            annotations: {},
            clusterArn: CLUSTER_ARN,
            clusterName: "production",
            delivery: "podIdentity",
        });
    });

    it("is for the service account that the program names", async () => {
        const run = await podIdentity({ serviceAccount: { namespace: "network", name: "cni" } });
        strictEqual(child(run, "cni-role")?.inputs["assumeRolePolicy"], trust(CLUSTER_ARN, "network", "cni"));
        deepStrictEqual(child(run, "cni-association")?.inputs, {
            ...association([]).inputs,
            namespace: "network",
            serviceAccount: "cni",
        });
    });

    it("is in the partition of the cluster", async () => {
        const arn = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/production";
        const lookups = { [GET_CLUSTER]: ({ name }) => ({ ...cluster(String(name), "ipv6"), arn }) } satisfies Lookups;
        const run = await podIdentity({ ipFamily: "ipv6" }, { lookups });
        match(String(child(run, "cni-ipv6-policy")?.inputs["policy"]), /arn:aws-cn:ec2/);
        strictEqual(child(run, "cni-role")?.inputs["assumeRolePolicy"], trust(arn));
    });

    it("leaves IAM alone with an existing role, which the digest names", async () => {
        const digests: unknown[] = [];
        for (const existingRoleArn of ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]) {
            const run = await podIdentity({ existingRoleArn });
            strictEqual(child(run, "cni-association")?.inputs["roleArn"], existingRoleArn);
            strictEqual(child(run, "cni-role"), undefined);
            digests.push(inputs(run, "cni-canary")["delivered"]);
        }
        strictEqual(new Set(digests).size, 2);
    });

    it("needs an existing role of the cluster's own account", async () => {
        const existingRoleArn = "arn:aws:iam::444455556666:role/cni";
        assertRefusedLate(await podIdentity({ existingRoleArn }), [
            {
                propertyPath: "existingRoleArn",
                reason:
                    'expected a role in the account of the cluster (account 111122223333, partition aws) with delivery: "podIdentity", got ' +
                    `"${existingRoleArn}"; use a role of this account`,
            },
        ]);
    });

    describe("in an account that only the cluster shows", () => {
        const IN_ACCOUNT = "in the account of the cluster (account 111122223333, partition aws), got";
        const USE = "use an AWS managed policy from this partition, or a policy from this account";
        const others = {
            permissionsBoundary: "arn:aws-cn:iam::aws:policy/Boundary",
            additionalPolicyArns: ["arn:aws:iam::aws:policy/Logs", "arn:aws:iam::444455556666:policy/logs"],
            detachFromNodeRoles: ["nodes"],
            handedOverClusterArns: ["arn:aws:eks:us-west-2:444455556666:cluster/other"],
        };

        for (const preview of [false, true]) {
            it(`has no policy and no cluster of another one, ${preview ? "in a preview" : "in an update"}: all in one error, before anything is created`, async () => {
                assertRefusedLate(await podIdentity(others, { preview }), [
                    {
                        propertyPath: "permissionsBoundary",
                        reason: `expected an AWS managed policy, or a policy ${IN_ACCOUNT} "${others.permissionsBoundary}"; ${USE}`,
                    },
                    {
                        propertyPath: "additionalPolicyArns[1]",
                        reason: `expected an AWS managed policy, or a policy ${IN_ACCOUNT} "arn:aws:iam::444455556666:policy/logs"; ${USE}`,
                    },
                    {
                        propertyPath: "handedOverClusterArns[0]",
                        reason:
                            `expected a cluster ${IN_ACCOUNT} "arn:aws:eks:us-west-2:444455556666:cluster/other"; ` +
                            "remove it: its nodes cannot have a node role of this account",
                    },
                ]);
            });
        }

        it("does not show the account of a cluster with a secret name", async () => {
            const { permissionsBoundary } = others;
            assertRefusedLate(await podIdentity({ clusterName: pulumi.secret("production"), permissionsBoundary }), [
                {
                    propertyPath: "permissionsBoundary",
                    reason: `expected an AWS managed policy, or a policy in the account of the cluster, got "${permissionsBoundary}"; ${USE}`,
                },
            ]);
        });

        it("has policies and clusters of its own", async () => {
            assertAccepted(
                await podIdentity({
                    permissionsBoundary: "arn:aws:iam::111122223333:policy/boundary",
                    additionalPolicyArns: ["arn:aws:iam::aws:policy/Logs"],
                    detachFromNodeRoles: ["nodes"],
                    handedOverClusterArns: ["arn:aws:eks:eu-west-1:111122223333:cluster/other"],
                }),
            );
        });
    });

    it("shows all resources in a preview", async () => {
        strictEqual(child(await podIdentity({}, { preview: true }), "cni-association")?.inputs["roleArn"], UNKNOWN);
    });

    it("needs no OIDC provider", async () => {
        const none = { ...WITH_ARN, [GET_OIDC_PROVIDER]: () => new Error("not found") };
        strictEqual((await podIdentity({}, { lookups: none })).rejections.length, 0);
    });

    it("delivers the same as long as the role stays the same: another digest would restart the pods of every user", async () => {
        strictEqual(inputs(await podIdentity(), "cni-canary")["delivered"], "b9efe1c6429a6771");
    });
});
