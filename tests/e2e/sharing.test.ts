import * as assert from "assert";
import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import { assumeRole, type Sandbox } from "local-eks";
import { podCredentials, requestToken } from "local-eks/kubernetes";
import { CniServiceAccountRole, Delivery } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { installOtherDaemonSet, OTHER } from "./support/otherDaemonSet";
import { decoded, iamOf, trustOf } from "./support/iam";
import { issuerOf } from "./support/issuer";
import { sandboxOf } from "./support/sandboxes";
import { createStack, withStack } from "./support/stacks";
import { untilAssumed } from "./support/sts";

describe("two components on one cluster, for two service accounts", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let stack: Awaited<ReturnType<typeof createStack>>;
    let removeOther: () => Promise<unknown>;
    let tokenExpirationSeconds = 7200;
    const otherPods = () => podCredentials(sandbox.kubeconfigPath, { daemonSet: OTHER });

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        cluster = clusterOf(sandbox);
        await cluster.settled();
        removeOther = await installOtherDaemonSet(sandbox);
        stack = await createStack(sandbox, () => {
            const { clusterName } = sandbox;
            const first = new CniServiceAccountRole("first", { clusterName, liveChecks: false });
            const second = new CniServiceAccountRole("second", {
                clusterName,
                liveChecks: false,
                serviceAccount: { name: OTHER },
                rollout: { daemonSetName: OTHER },
                tokenExpirationSeconds,
            });
            return { first: first.ready, second: second.ready };
        });
        await stack.up();
    });
    after(async () => {
        await stack.destroy();
        await removeOther();
    });

    it("each gives its own role to the pods of its own service account", async () => {
        const { first, second } = await stack.outputs();
        for (const [pods, arn] of [
            [await cluster.awsNodePods(), first?.value],
            [await otherPods(), second?.value],
        ] as const) {
            assert.strictEqual(pods.length, 3);
            assert.ok(pods.every(({ containers }) => containers.every(({ roleArn }) => roleArn === arn)));
        }
        assert.notStrictEqual(first?.value, second?.value);
    });

    it("neither role is given to a pod of the other service account", async () => {
        const { first, second } = await stack.outputs();
        const [[pod], [other]] = [await cluster.awsNodePods(), await otherPods()];
        const token = await requestToken(cluster.config, { pod });
        const otherToken = await requestToken(cluster.config, { pod: other, serviceAccount: OTHER });
        await untilAssumed(sandbox, String(first?.value), token);
        await untilAssumed(sandbox, String(second?.value), otherToken);
        const refusal = { name: "AccessDenied" };
        await assert.rejects(assumeRole(sandbox, String(first?.value), otherToken), refusal);
        await assert.rejects(assumeRole(sandbox, String(second?.value), token), refusal);
    });

    it("a change of one restarts its own pods only", async () => {
        const [pods, others] = [await cluster.awsNodePods(), await otherPods()];
        tokenExpirationSeconds = 3600;
        await stack.up();
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
        assert.strictEqual(uids(await otherPods()).filter((uid) => uids(others).includes(uid)).length, 0);
    });
});

describe("one role for two clusters of an account", () => {
    it("is made with both issuers by the first, and used as existingRoleArn by the second", async () => {
        const [one, two] = [await sandboxOf("ipv4"), await sandboxOf("ipv6")];
        await Promise.all([clusterOf(one).settled(), clusterOf(two).settled()]);
        let additional = "";
        const owner = () => {
            // Both clusters are in the account of the first one, which also has a provider for the second one's issuer.
            const provider = new aws.iam.OpenIdConnectProvider("second", {
                url: two.issuer,
                clientIdLists: ["sts.amazonaws.com"],
            });
            const cni = new CniServiceAccountRole("cni", {
                oidcProviderArn: one.oidcProviderArn,
                additionalOidcProviderArns: [provider.arn],
                delivery: Delivery.External,
                liveChecks: false,
            });
            return { arn: cni.ready, name: cni.roleName, provider: provider.arn };
        };
        await withStack(one, owner, async (stack) => {
            const { outputs } = await stack.up();
            additional = String(outputs["provider"]?.value);
            const existingRoleArn = String(outputs["arn"]?.value);
            const role = await iamOf(one).role(String(outputs["name"]?.value));
            const trust = decoded(role?.AssumeRolePolicyDocument) as { Statement: unknown[] };
            // The statements are in the order of the providers' ARNs, which differs from run to run.
            const inOrder = [one, { ...two, oidcProviderArn: additional }].sort((a, b) =>
                a.oidcProviderArn < b.oidcProviderArn ? -1 : 1,
            );
            assert.deepStrictEqual(
                trust.Statement,
                inOrder
                    .map((cluster) => trustOf(cluster))
                    .flatMap((document) => (document as { Statement: unknown[] }).Statement),
            );
            const user = (sandbox: Sandbox) => () => {
                const provider = new kubernetes.Provider("cluster", { kubeconfig: sandbox.kubeconfigPath });
                return {
                    ready: new CniServiceAccountRole(
                        "cni",
                        { existingRoleArn, liveChecks: false },
                        { providers: [provider] },
                    ).ready,
                };
            };
            await withStack(one, user(one), async (first) => {
                await first.up();
                await withStack(one, user(two), async (second) => {
                    await second.up();
                    for (const sandbox of [one, two]) {
                        for (const { containers } of await clusterOf(sandbox).awsNodePods()) {
                            assert.ok(containers.every(({ roleArn }) => roleArn === existingRoleArn));
                        }
                    }
                    await one.trustIssuer(issuerOf(two));
                    for (const { config } of [clusterOf(one), clusterOf(two)]) {
                        await untilAssumed(one, existingRoleArn, await requestToken(config));
                        const other = await requestToken(config, { serviceAccount: "default" });
                        await assert.rejects(assumeRole(one, existingRoleArn, other), { name: "AccessDenied" });
                    }
                });
            });
        });
    });

    it("lets the second cluster's aws-node in by additionalOidcProviderArns, and not without", async () => {
        const [one, two] = [await sandboxOf("ipv4"), await sandboxOf("ipv6")];
        await one.trustIssuer(issuerOf(two));
        const [token, other] = await Promise.all([
            requestToken(clusterOf(two).config),
            requestToken(clusterOf(two).config, { serviceAccount: "default" }),
        ]);
        let isShared = false;
        const program = () => {
            const provider = new aws.iam.OpenIdConnectProvider("second", {
                url: two.issuer,
                clientIdLists: ["sts.amazonaws.com"],
            });
            const args = {
                oidcProviderArn: one.oidcProviderArn,
                additionalOidcProviderArns: isShared ? [provider.arn] : [],
                delivery: Delivery.External,
                liveChecks: false,
            };
            return { arn: new CniServiceAccountRole("cni", args, { dependsOn: [provider] }).roleArn };
        };
        await withStack(one, program, async (stack) => {
            const arn = String((await stack.up()).outputs["arn"]?.value);
            await untilAssumed(one, arn, await requestToken(clusterOf(one).config));
            await assert.rejects(assumeRole(one, arn, token), { name: "AccessDenied" });
            isShared = true;
            await stack.up();
            await untilAssumed(one, arn, token);
            await assert.rejects(assumeRole(one, arn, other), { name: "AccessDenied" });
        });
    });
});
