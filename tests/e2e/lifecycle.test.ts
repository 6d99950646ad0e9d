import * as assert from "assert";
import type { UpResult } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";
import { requestToken } from "local-eks/kubernetes";
import { CniServiceAccountRole } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { decoded, iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { createStack } from "./support/stacks";
import { untilAllowed } from "./support/sts";

const TOKEN_FILE = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

describe("the life of a stack on an IPv4 cluster", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Awaited<ReturnType<typeof createStack>>;
    let extra: { tokenExpirationSeconds?: number } = {};
    const roleArn = (up: UpResult) => String(up.outputs["ready"]?.value);

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await createStack(sandbox, () => {
            const cni = new CniServiceAccountRole("cni", {
                clusterName: sandbox.clusterName,
                liveChecks: false,
                ...extra,
            });
            return { ready: cni.ready, roleName: cni.roleName, annotations: cni.serviceAccountAnnotations };
        });
    });
    after(async () => {
        await stack.destroy();
    });

    it("previews the component and its four children, and changes nothing", async () => {
        const annotations = await cluster.annotations();
        const { changeSummary } = await stack.preview();
        assert.deepStrictEqual(changeSummary, { create: 6 });
        assert.deepStrictEqual(await cluster.annotations(), annotations);
    });

    it("up gives every aws-node pod the role in every container, by a rolling update that is waited for", async () => {
        const [old, others] = [await cluster.awsNodePods(), await cluster.otherPods()];
        const up = await stack.up();
        assert.deepStrictEqual(up.summary.resourceChanges, { create: 6 });
        const pods = await cluster.awsNodePods();
        assert.strictEqual(pods.length, old.length);
        for (const { ready, uid, containers } of pods) {
            assert.ok(ready);
            assert.ok(!uids(old).includes(uid), "a pod from before the annotation is still there");
            assert.deepStrictEqual(
                containers,
                ["aws-vpc-cni-init", "aws-node", "aws-eks-nodeagent"].map((container) => ({
                    container,
                    roleArn: roleArn(up),
                    tokenFile: TOKEN_FILE,
                    stsEndpoints: "regional",
                    tokenMounted: true,
                })),
            );
        }
        assert.deepStrictEqual(uids(await cluster.otherPods()), uids(others), "another DaemonSet's pods were touched");
    });

    it("the role trusts exactly this service account of this cluster, and holds exactly the CNI policy", async () => {
        const { roleName } = await stack.outputs();
        const role = await iam.role(String(roleName?.value));
        const issuer = sandbox.issuer.replace("https://", "");
        assert.deepStrictEqual(decoded(role?.AssumeRolePolicyDocument), {
            Version: "2012-10-17",
            Statement: [
                {
                    Effect: "Allow",
                    Principal: { Federated: sandbox.oidcProviderArn },
                    Action: "sts:AssumeRoleWithWebIdentity",
                    Condition: {
                        StringEquals: {
                            [`${issuer}:aud`]: "sts.amazonaws.com",
                            [`${issuer}:sub`]: "system:serviceaccount:kube-system:aws-node",
                        },
                    },
                },
            ],
        });
        assert.deepStrictEqual(await iam.attachedPolicies(String(roleName?.value)), [
            "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
        ]);
    });

    it("a pod's token gets credentials of the role, with which the CNI's first call is allowed", async () => {
        const { ready } = await stack.outputs();
        for (const pod of await cluster.awsNodePods()) {
            const token = await requestToken(cluster.config, { pod });
            assert.strictEqual(await untilAllowed(sandbox, String(ready?.value), token), "DryRunOperation");
        }
    });

    it("a second up takes no step and restarts no pod", async () => {
        const [pods, { metadata }] = [await cluster.awsNodePods(), await cluster.daemonSet()];
        const up = await stack.up({ expectNoChanges: true });
        assert.deepStrictEqual(up.summary.resourceChanges, { same: 6 });
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
        assert.strictEqual((await cluster.daemonSet()).metadata?.resourceVersion, metadata?.resourceVersion);
    });

    it("a refresh finds the world as the state has it", async () => {
        const { summary } = await stack.refresh({ expectNoChanges: true });
        assert.deepStrictEqual(summary.resourceChanges, { same: 6 });
    });

    it("what is delivered differently restarts the pods", async () => {
        const old = await cluster.awsNodePods();
        extra = { tokenExpirationSeconds: 7200 };
        const up = await stack.up();
        assert.deepStrictEqual(up.summary.resourceChanges, { same: 3, update: 3 });
        assert.strictEqual((await cluster.annotations())["eks.amazonaws.com/token-expiration"], "7200");
        const restarted = uids(await cluster.awsNodePods());
        assert.strictEqual(restarted.filter((uid) => uids(old).includes(uid)).length, 0);
    });

    it("the state names the order: permissions, annotation, restart", async () => {
        const { deployment } = (await stack.exportStack()) as {
            deployment: { resources: { urn: string; dependencies?: string[] }[] };
        };
        const dependenciesOf = (name: string) =>
            deployment.resources
                .find(({ urn }) => urn.endsWith(`::${name}`))
                ?.dependencies?.map((urn) => urn.split("::").pop());
        assert.ok(dependenciesOf("cni-service-account")?.includes("cni-cni-policy"));
        assert.ok(dependenciesOf("cni-daemon-set")?.includes("cni-service-account"));
    });

    it("destroy takes the role and the annotations, and leaves the service account and the DaemonSet", async () => {
        const { roleName } = await stack.outputs();
        await stack.destroy();
        assert.strictEqual(await iam.role(String(roleName?.value)), undefined);
        const left = Object.keys(await cluster.annotations()).filter((key) => key.startsWith("eks.amazonaws.com/"));
        assert.deepStrictEqual(left, []);
        assert.strictEqual(
            (await cluster.daemonSet()).spec?.template.metadata?.annotations?.["eks-cni/delivered"],
            undefined,
        );
    });
});
