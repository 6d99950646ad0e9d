import * as assert from "assert";
import { requestToken } from "local-eks/kubernetes";
import { CniServiceAccountRole, IpFamily } from "../../index";
import { clusterOf } from "./support/cluster";
import { iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { withStack } from "./support/stacks";
import { untilAssumed } from "./support/sts";

describe("a cluster of the IPv6 family", () => {
    it("gets a policy of its own with today's actions, which goes again with destroy", async () => {
        const sandbox = await sandboxOf("ipv6");
        const [cluster, iam] = [clusterOf(sandbox), iamOf(sandbox)];
        const program = () => {
            const args = { clusterName: sandbox.clusterName, liveChecks: false, ipFamily: IpFamily.Ipv6 };
            const cni = new CniServiceAccountRole("cni", args);
            return { ready: cni.ready, roleName: cni.roleName, policyArns: cni.policyArns };
        };
        const policyArn = await withStack(sandbox, program, async (stack) => {
            const { outputs, summary } = await stack.up();
            assert.deepStrictEqual(summary.resourceChanges, { create: 7 });
            const [arn, ...others] = outputs["policyArns"]?.value as string[];
            assert.deepStrictEqual(others, []);
            assert.match(arn ?? "", /^arn:aws:iam::111122223333:policy\/cni-ipv6-policy-[0-9a-f]{7}$/);
            assert.deepStrictEqual(await iam.attachedPolicies(String(outputs["roleName"]?.value)), [arn]);
            assert.deepStrictEqual(await iam.policyDocument(arn ?? ""), {
                Version: "2012-10-17",
                Statement: [
                    {
                        Effect: "Allow",
                        Action: [
                            "ec2:AssignIpv6Addresses",
                            "ec2:DescribeInstances",
                            "ec2:DescribeInstanceTypes",
                            "ec2:DescribeNetworkInterfaces",
                            "ec2:DescribeSecurityGroups",
                            "ec2:DescribeSubnets",
                            "ec2:DescribeTags",
                        ],
                        Resource: "*",
                    },
                    { Effect: "Allow", Action: ["ec2:CreateTags"], Resource: ["arn:aws:ec2:*:*:network-interface/*"] },
                ],
            });
            for (const pod of await cluster.awsNodePods()) {
                assert.ok(pod.containers.every(({ roleArn }) => roleArn === outputs["ready"]?.value));
                await untilAssumed(
                    sandbox,
                    String(outputs["ready"]?.value),
                    await requestToken(cluster.config, { pod }),
                );
            }
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 7 });
            return arn ?? "";
        });
        await assert.rejects(iam.policyDocument(policyArn), { name: "NoSuchEntityException" });
    });
});
