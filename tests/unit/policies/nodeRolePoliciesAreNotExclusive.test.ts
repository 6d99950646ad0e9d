import { deepStrictEqual } from "assert";
import { nodeRolePoliciesAreNotExclusive as rule } from "../../../policies/nodeRolePoliciesAreNotExclusive";
import { type ResourceSpec, UNKNOWN_OBJECT, UNKNOWN_TEXT, violations } from "./support/run";
import { COMPONENT, managedCni, nodeRole, role } from "./support/stacks";

const END =
    "and detachFromNodeRoles lists the role. It would detach the CNI policy before the pods have moved, or attach it again afterwards. " +
    "Remove it from the program in a first update, and add the component in the second.";
const LIST = `nodes: This node role has managedPolicyArns, ${END}`;
const RESOURCE = `exclusive: This resource manages all policies of a node role, ${END}`;
const WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";

function detachment(detachFromNodeRoles: unknown, more: Partial<ResourceSpec> = {}): ResourceSpec {
    return {
        name: "cni-detachment",
        type: "eks-cni:index:Detachment",
        parents: COMPONENT,
        props: { detachFromNodeRoles },
        ...more,
    };
}

function exclusive(roleName: string, more: Partial<ResourceSpec> = {}): ResourceSpec {
    return {
        name: "exclusive",
        type: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        props: { roleName, policyArns: [WORKER] },
        ...more,
    };
}

describe("node-role-policies-are-not-exclusive", () => {
    const lists: [string, unknown][] = [
        ["without the CNI policy", [WORKER]],
        ["with it", [WORKER, managedCni()]],
        ["that is empty", []],
        ["that is not known yet", UNKNOWN_OBJECT],
    ];
    for (const [what, managedPolicyArns] of lists) {
        it(`finds managedPolicyArns ${what}`, async () => {
            const stack = [nodeRole({ managedPolicyArns }), detachment(["nodes"])];
            deepStrictEqual(await violations(rule, stack), [LIST]);
        });
    }

    it("is content with policies that only the provider lists", async () => {
        const computed = nodeRole({ managedPolicyArns: [WORKER] });
        const { managedPolicyArns, ...inputs } = computed.props as Record<string, unknown>;
        deepStrictEqual(managedPolicyArns, [WORKER]);
        deepStrictEqual(await violations(rule, [{ ...computed, inputs }, detachment(["nodes"])]), []);
        const unset = nodeRole({ managedPolicyArns: null });
        deepStrictEqual(await violations(rule, [unset, detachment(["nodes"])]), []);
    });

    it("forgets a list that the program no longer gives", async () => {
        const given = nodeRole({ managedPolicyArns: [WORKER] });
        deepStrictEqual(await violations(rule, [given, detachment(["nodes"])]), [LIST]);
        deepStrictEqual(await violations(rule, [nodeRole(), detachment(["nodes"])]), []);
    });

    it("finds a role whose name is not known yet, by where the list comes from", async () => {
        const unnamed = nodeRole({ name: UNKNOWN_TEXT, managedPolicyArns: [WORKER] });
        const from = { detachFromNodeRoles: ["nodes"] };
        deepStrictEqual(await violations(rule, [unnamed, detachment([UNKNOWN_TEXT], { from })]), [LIST]);
        deepStrictEqual(await violations(rule, [unnamed, detachment([UNKNOWN_TEXT])]), []);
    });

    it("is content where the role is not handed over", async () => {
        const given = nodeRole({ managedPolicyArns: [WORKER] });
        deepStrictEqual(await violations(rule, [given]), []);
        deepStrictEqual(await violations(rule, [given, detachment(["others"]), exclusive("nodes")]), []);
        deepStrictEqual(await violations(rule, [given, detachment([]), detachment(undefined)]), []);
        deepStrictEqual(await violations(rule, [given, detachment(["nodes"], { parents: "pkg:index:Other" })]), []);
    });

    it("is content with another role that is not", async () => {
        const other = role("others", { Statement: [] }, { managedPolicyArns: [WORKER] });
        deepStrictEqual(await violations(rule, [nodeRole(), other, detachment(["nodes"])]), []);
    });

    it("finds a resource of all attachments, of a role that the stack makes or another one does", async () => {
        deepStrictEqual(await violations(rule, [nodeRole(), exclusive("nodes"), detachment(["nodes"])]), [RESOURCE]);
        deepStrictEqual(await violations(rule, [exclusive("nodes"), detachment(["nodes"])]), [RESOURCE]);
        const unnamed = nodeRole({ name: UNKNOWN_TEXT });
        const stack = [
            unnamed,
            exclusive(UNKNOWN_TEXT, { from: { roleName: ["nodes"] } }),
            detachment([UNKNOWN_TEXT], { from: { detachFromNodeRoles: ["nodes"] } }),
        ];
        deepStrictEqual(await violations(rule, stack), [RESOURCE]);
    });
});
