import { deepStrictEqual } from "assert";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { nodeRoleWithoutCniPolicy as rule } from "../../../policies/nodeRoleWithoutCniPolicy";
import { type ResourceSpec, UNKNOWN_TEXT, violations } from "./support/run";
import { attachment, goodStack, managedCni, nodeGroup, nodeRole } from "./support/stacks";

const END =
    "which every pod on its nodes could use. Give aws-node a role of its own, and remove the policy from the node role " +
    "only when every aws-node pod carries that role.";
const MANAGED = `The node role nodes has AmazonEKS_CNI_Policy, ${END}`;
const OWN = `The node role nodes has a policy with the CNI's actions, ${END}`;

describe("node-role-without-cni-policy", () => {
    it("is content with a node role that holds other policies", async () => {
        const worker = attachment("worker", "nodes", "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy");
        deepStrictEqual(await violations(rule, [...goodStack(), worker]), []);
    });

    for (const partition of ["aws", "aws-cn", "aws-us-gov", "aws-iso-b"]) {
        it(`finds the managed policy attached, in ${partition}`, async () => {
            const stack = [nodeRole({}, "ec2.amazonaws.com.cn"), attachment("a", "nodes", managedCni(partition))];
            deepStrictEqual(await violations(rule, stack), [`a: ${MANAGED}`]);
        });
    }

    it("finds it among managedPolicyArns", async () => {
        const stack = [nodeRole({ managedPolicyArns: [UNKNOWN_TEXT, managedCni()] })];
        deepStrictEqual(await violations(rule, stack), [`nodes: ${MANAGED}`]);
    });

    it("finds it in an exclusive attachments resource, and in one of many roles", async () => {
        const exclusive: ResourceSpec = {
            name: "exclusive",
            type: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            props: { roleName: "nodes", policyArns: [managedCni()] },
        };
        const many: ResourceSpec = {
            name: "many",
            type: "aws:iam/policyAttachment:PolicyAttachment",
            props: { roles: ["other", "nodes"], policyArn: managedCni() },
        };
        deepStrictEqual(await violations(rule, [nodeRole(), exclusive]), [`exclusive: ${MANAGED}`]);
        deepStrictEqual(await violations(rule, [nodeRole(), many]), [`many: ${MANAGED}`]);
    });

    it("finds an own policy with the actions, by where the ARN comes from in a preview", async () => {
        const policy = JSON.stringify(ipv6CniPolicy("aws"));
        const own: ResourceSpec = { name: "own", type: "aws:iam/policy:Policy", props: { name: "own", policy } };
        const attached = attachment("a", UNKNOWN_TEXT, UNKNOWN_TEXT, { from: { role: ["nodes"], policyArn: ["own"] } });
        deepStrictEqual(await violations(rule, [nodeRole(), own, attached]), [`a: ${OWN}`]);
    });

    it("finds the actions in an inline policy", async () => {
        const policy = JSON.stringify(ipv6CniPolicy("aws"));
        const inline: ResourceSpec = {
            name: "in",
            type: "aws:iam/rolePolicy:RolePolicy",
            props: { role: "nodes", policy },
        };
        deepStrictEqual(await violations(rule, [nodeRole(), inline]), [`in: ${OWN}`]);
        deepStrictEqual(await violations(rule, [nodeRole({ inlinePolicies: [{ policy }] })]), [`nodes: ${OWN}`]);
    });

    it("knows the role of a node group that another stack makes", async () => {
        deepStrictEqual(await violations(rule, [nodeGroup(), attachment("a", "nodes", managedCni())]), [
            `a: ${MANAGED}`,
        ]);
    });

    it("leaves out the roles that its configuration excepts", async () => {
        const stack = [nodeRole(), attachment("a", "nodes", managedCni())];
        deepStrictEqual(await violations(rule, stack, { exceptRoles: ["nodes"] }), []);
    });
});
