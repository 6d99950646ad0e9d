import { deepStrictEqual } from "assert";
import { nodeRoleLetsNodesBoot as rule } from "../../../policies/nodeRoleLetsNodesBoot";
import { type ResourceSpec, UNKNOWN_TEXT, violations } from "./support/run";
import { attachment, COMPONENT, managedCni, nodeRole } from "./support/stacks";

const FOUND =
    "nodes: Without the CNI policy, nothing in this stack lets this node role call ec2:DescribeInstances, which a node needs before it joins the cluster. " +
    "Attach AmazonEKSWorkerNodePolicy to it.";
const aws = (name: string, partition = "aws") => `arn:${partition}:iam::aws:policy/${name}`;
const MINIMAL = attachment("minimal", "nodes", aws("AmazonEKSWorkerNodeMinimalPolicy"));
const OWN: ResourceSpec = {
    name: "own",
    type: "aws:iam/policy:Policy",
    props: { name: "own", policy: UNKNOWN_TEXT },
};
const CNI = attachment("cni", "nodes", managedCni());

function detachment(detachFromNodeRoles: unknown): ResourceSpec {
    return {
        name: "cni-detachment",
        type: "eks-cni:index:Detachment",
        parents: COMPONENT,
        props: { detachFromNodeRoles },
    };
}

const inline = (Action: string | string[], more: object = {}): ResourceSpec => ({
    name: "inline",
    type: "aws:iam/rolePolicy:RolePolicy",
    props: {
        role: "nodes",
        policy: JSON.stringify({ Statement: [{ Effect: "Allow", Action, Resource: "*", ...more }] }),
    },
});

describe("node-role-lets-nodes-boot", () => {
    const finds: [string, ResourceSpec[]][] = [
        ["the minimal policy alone", [MINIMAL]],
        ["the minimal policy with that of the CNI", [MINIMAL, CNI]],
        ["that of the CNI alone", [CNI]],
        ["a policy with the CNI's actions alone", [inline(["ec2:DescribeInstances", "ec2:AttachNetworkInterface"])]],
        ["an inline policy without the call", [inline("ec2:DescribeVpcs")]],
        ["an inline policy with the call under a condition", [inline("ec2:*", { Condition: { Bool: { a: "b" } } })]],
        [
            "other policies of AWS without the call",
            [
                "AmazonEC2ContainerRegistryPullOnly",
                "AmazonEC2ContainerRegistryReadOnly",
                "AmazonSSMManagedInstanceCore",
                "CloudWatchAgentServerPolicy",
            ].map((name) => attachment(name, "nodes", aws(name))),
        ],
    ];
    for (const [what, policies] of finds) {
        it(`finds a node role with ${what}`, async () => {
            deepStrictEqual(await violations(rule, [nodeRole(), ...policies, detachment(["nodes"])]), [FOUND]);
        });
    }

    const accepts: [string, ResourceSpec[]][] = [
        [
            "the policy of worker nodes",
            [MINIMAL, attachment("worker", "nodes", aws("AmazonEKSWorkerNodePolicy", "aws-cn"))],
        ],
        ["another policy of AWS", [MINIMAL, attachment("read", "nodes", aws("AmazonEC2ReadOnlyAccess"))]],
        ["an inline policy of exactly the call", [MINIMAL, inline("ec2:DescribeInstances")]],
        [
            "a policy that is not known yet",
            [MINIMAL, OWN, attachment("later", "nodes", UNKNOWN_TEXT, { from: { policyArn: ["own"] } })],
        ],
        ["a policy of another stack", [MINIMAL, attachment("mine", "nodes", "arn:aws:iam::111122223333:policy/mine")]],
        ["no policy in this stack", []],
    ];
    for (const [what, policies] of accepts) {
        it(`accepts a node role with ${what}`, async () => {
            deepStrictEqual(await violations(rule, [nodeRole(), ...policies, detachment(["nodes"])]), []);
        });
    }

    it("says nothing of a role that no component hands over", async () => {
        deepStrictEqual(await violations(rule, [nodeRole(), MINIMAL, detachment(["others"])]), []);
        deepStrictEqual(await violations(rule, [nodeRole(), MINIMAL, detachment([])]), []);
        deepStrictEqual(await violations(rule, [nodeRole(), MINIMAL]), []);
    });
});
