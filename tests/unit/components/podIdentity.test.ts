import { deepStrictEqual, match, strictEqual } from "assert";
import { assertChildren, attachment, child, daemonSet, OUTPUTS_WITHOUT_LIVE_CHECKS } from "../support/children";
import { assertRefusedLate } from "../support/refusals";
import { cluster, GET_CLUSTER, GET_OIDC_PROVIDER, LOOKUPS, Lookups, WITH_ARN } from "../support/standIn";
import { construct } from "../support/underMocks";
import { UNKNOWN } from "../support/wire";

const ROLE_ARN = "arn:aws:iam::111122223333:role/cni-role-1a2b3c4";
const MANAGED = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const CLUSTER_ARN = "arn:aws:eks:us-west-2:111122223333:cluster/production";
/** A constant: another digest for the same delivery would restart the pods of every user. */
const DELIVERED = "b9efe1c6429a6771";

const POD_IDENTITY = { clusterName: "production", delivery: "podIdentity" };
const lookups: Lookups = { [GET_CLUSTER]: WITH_ARN[GET_CLUSTER] as Lookups[string] };

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
        type: "aws:eks/podIdentityAssociation:PodIdentityAssociation",
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

const before = ["cni-cni-policy", "cni-role"];

describe("the children of the component with Pod Identity", () => {
    it("are role, attachment, association and rollout, without any OIDC provider", async () => {
        const run = await construct(POD_IDENTITY, { lookups });
        assertChildren(run, [
            { type: "aws:iam/role:Role", name: "cni-role", inputs: { assumeRolePolicy: trust() }, dependsOn: [] },
            attachment("cni-policy", MANAGED),
            association(before),
            daemonSet(DELIVERED, ["cni-association", ...before]),
        ]);
        deepStrictEqual(
            run.lookups.map(({ token }) => token),
            [GET_CLUSTER],
        );
        deepStrictEqual(run.outputs["cni"]?.value, {
            roleArn: ROLE_ARN,
            roleName: "cni-role-1a2b3c4",
            policyArns: [MANAGED],
            serviceAccountAnnotations: {},
            provedRoleArn: ROLE_ARN,
            ready: ROLE_ARN,
            ...OUTPUTS_WITHOUT_LIVE_CHECKS,
            remainingSteps: [
                "[verify] The pods were not checked. Check that each pod has AWS_CONTAINER_CREDENTIALS_FULL_URI, and restart those that do not: " +
                    "kubectl describe pods -n kube-system -l k8s-app=aws-node",
                OUTPUTS_WITHOUT_LIVE_CHECKS.remainingSteps[1],
            ],
        });
    });

    it("are for the service account that the program names", async () => {
        const serviceAccount = { namespace: "network", name: "cni" };
        const run = await construct({ ...POD_IDENTITY, serviceAccount }, { lookups });
        strictEqual(child(run, "cni-role")?.inputs["assumeRolePolicy"], trust(CLUSTER_ARN, "network", "cni"));
        deepStrictEqual(
            child(run, "cni-association"),
            association(before, { namespace: "network", serviceAccount: "cni" }),
        );
    });

    it("are in the partition of the cluster", async () => {
        const arn = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/production";
        const china = { [GET_CLUSTER]: ({ name }) => ({ ...cluster(String(name), "ipv6"), arn }) } satisfies Lookups;
        const run = await construct({ ...POD_IDENTITY, ipFamily: "ipv6" }, { lookups: china });
        match(String(child(run, "cni-ipv6-policy")?.inputs["policy"]), /arn:aws-cn:ec2/);
        strictEqual(child(run, "cni-role")?.inputs["assumeRolePolicy"], trust(arn));
    });

    it("leave IAM alone with an existing role, which the digest names", async () => {
        const digests: unknown[] = [];
        for (const existingRoleArn of ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]) {
            const run = await construct({ ...POD_IDENTITY, existingRoleArn }, { lookups });
            deepStrictEqual(child(run, "cni-association"), association([], { roleArn: existingRoleArn }));
            strictEqual(child(run, "cni-role"), undefined);
            digests.push(JSON.stringify(child(run, "cni-daemon-set")?.inputs["spec"]));
        }
        strictEqual(new Set(digests).size, 2);
    });

    it("need an existing role of the cluster's own account", async () => {
        const existingRoleArn = "arn:aws:iam::444455556666:role/cni";
        assertRefusedLate(await construct({ ...POD_IDENTITY, existingRoleArn }, { lookups }), [
            {
                propertyPath: "existingRoleArn",
                reason:
                    'expected a role in the account of the cluster (account 111122223333, partition aws) with delivery: "podIdentity", got ' +
                    `"${existingRoleArn}"; use a role of this account`,
            },
        ]);
    });

    it("are all in the preview of a cluster that does not exist yet", async () => {
        const preview = await construct(POD_IDENTITY, { lookups, preview: true });
        strictEqual(child(preview, "cni-association")?.inputs["roleArn"], UNKNOWN);
    });

    it("look up no OIDC provider that is not there", async () => {
        const none = { ...LOOKUPS, ...lookups, [GET_OIDC_PROVIDER]: () => new Error("not found") };
        strictEqual((await construct(POD_IDENTITY, { lookups: none })).rejections.length, 0);
    });
});
