import * as assert from "assert";
import * as pulumi from "@pulumi/pulumi";
import { CreatePolicyCommand, DeletePolicyCommand } from "@aws-sdk/client-iam";
import { CniServiceAccountRole, IpFamily } from "../../index";
import { clusterOf } from "./support/cluster";
import { recordEvents } from "./support/events";
import { iamOf, trustOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { withStack } from "./support/stacks";

const ROLE_ARN = "eks.amazonaws.com/role-arn";
const CNI = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

/** Sets the `import` option of children. The options of a component do not have it. */
function importing(ids: Record<string, string>): pulumi.ResourceTransform {
    return ({ name, props, opts }) => {
        const id = ids[name];
        return id === undefined ? undefined : { props, opts: pulumi.mergeOptions(opts, { import: id }) };
    };
}

describe("adopting what was made by hand", () => {
    it("role and attachment are imported by a transform, and the next up without it takes no step", async () => {
        const sandbox = await sandboxOf("ipv4");
        const [cluster, iam] = [clusterOf(sandbox), iamOf(sandbox)];
        await cluster.settled();
        const role = await iam.createRole("AmazonEKSVPCCNIRole", trustOf(sandbox), [CNI]);
        let transforms = [
            importing({ "cni-role": "AmazonEKSVPCCNIRole", "cni-cni-policy": `AmazonEKSVPCCNIRole/${CNI}` }),
        ];
        const program = () => {
            const args = { clusterName: sandbox.clusterName, liveChecks: false, roleName: "AmazonEKSVPCCNIRole" };
            return { ready: new CniServiceAccountRole("cni", args, { transforms }).ready };
        };
        await withStack(sandbox, program, async (stack) => {
            const { onEvent, done } = recordEvents();
            const { outputs } = await stack.up({ onEvent });
            assert.deepStrictEqual(
                done().filter((step) => step.includes("cni-")),
                ["create cni-daemon-set", "create cni-service-account", "import cni-cni-policy", "import cni-role"],
            );
            assert.strictEqual(outputs["ready"]?.value, role.Arn);
            assert.strictEqual((await iam.role("AmazonEKSVPCCNIRole"))?.RoleId, role.RoleId);
            assert.strictEqual((await cluster.annotations())[ROLE_ARN], role.Arn);
            transforms = [];
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 6 });
        });
        assert.strictEqual(await iam.role("AmazonEKSVPCCNIRole"), undefined);
    });

    it("a policy for IPv6 is imported under its own name and description", async () => {
        const sandbox = await sandboxOf("ipv6");
        const { client, policyDocument, ...iam } = iamOf(sandbox);
        await clusterOf(sandbox).settled();
        const document = {
            Version: "2012-10-17",
            Statement: [
                { Effect: "Allow", Action: ["ec2:AssignIpv6Addresses", "ec2:DescribeInstances"], Resource: "*" },
            ],
        };
        const { Policy } = await client.send(
            new CreatePolicyCommand({
                PolicyName: "CniIpv6ByHand",
                Description: "by hand",
                PolicyDocument: JSON.stringify(document),
            }),
        );
        const arn = Policy?.Arn ?? "";
        const role = await iam.createRole("CniByHand", trustOf(sandbox), [arn]);
        let imports = importing({
            "cni-ipv6-policy": arn,
            "cni-role": "CniByHand",
            "cni-cni-policy": `CniByHand/${arn}`,
        });
        let text: object | undefined = document;
        /** Repeats the existing policy until the import is done. A different description would replace the policy. */
        const repeatExisting: pulumi.ResourceTransform = ({ name, props, opts }) =>
            name !== "cni-ipv6-policy"
                ? undefined
                : {
                      props: {
                          ...(props as object),
                          name: "CniIpv6ByHand",
                          description: "by hand",
                          ...(text && { policy: JSON.stringify(text) }),
                      },
                      opts,
                  };
        const program = () => {
            const { clusterName } = sandbox;
            const args = { clusterName, liveChecks: false, ipFamily: IpFamily.Ipv6, roleName: "CniByHand" };
            return { ready: new CniServiceAccountRole("cni", args, { transforms: [repeatExisting, imports] }).ready };
        };
        await withStack(sandbox, program, async (stack) => {
            const first = recordEvents();
            assert.strictEqual((await stack.up({ onEvent: first.onEvent })).outputs["ready"]?.value, role.Arn);
            assert.deepStrictEqual(
                first.done().filter((step) => step.startsWith("import")),
                ["import cni-cni-policy", "import cni-ipv6-policy", "import cni-role"],
            );
            assert.deepStrictEqual(await policyDocument(arn), document);

            [imports, text] = [() => undefined, undefined];
            const second = recordEvents();
            await stack.up({ onEvent: second.onEvent });
            assert.deepStrictEqual(second.done(), ["update cni-ipv6-policy"]);
            const { Statement } = (await policyDocument(arn)) as { Statement: { Action: string[] }[] };
            assert.ok(Statement[0]?.Action.includes("ec2:DescribeSubnets"), "the policy has today's actions now");
        });
        await assert.rejects(client.send(new DeletePolicyCommand({ PolicyArn: arn })), {
            name: "NoSuchEntityException",
        });
    });

    it("a role that kubectl has annotated is used as it is, without an override, and stays after destroy", async () => {
        const sandbox = await sandboxOf("ipv4");
        const [cluster, iam] = [clusterOf(sandbox), iamOf(sandbox)];
        await cluster.settled();
        const { Arn = "" } = await iam.createRole("eksctl-cni", trustOf(sandbox), [CNI]);
        await cluster.kubectl("annotate", "serviceaccount", "-n", "kube-system", "aws-node", `${ROLE_ARN}=${Arn}`);
        try {
            const args = { existingRoleArn: Arn, liveChecks: false };
            const program = () => ({ ready: new CniServiceAccountRole("cni", args).ready });
            await withStack(sandbox, program, async (stack) => {
                assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { create: 4 });
                for (const { containers } of await cluster.awsNodePods()) {
                    assert.ok(containers.every(({ roleArn }) => roleArn === Arn));
                }
                assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 4 });
            });
            assert.strictEqual((await cluster.annotations())[ROLE_ARN], Arn);
            assert.deepStrictEqual(await iam.attachedPolicies("eksctl-cni"), [CNI]);
        } finally {
            await cluster.kubectl("annotate", "serviceaccount", "-n", "kube-system", "aws-node", `${ROLE_ARN}-`);
            await cluster.forgetKubectl();
            await iam.removeRole("eksctl-cni");
        }
    });
});
