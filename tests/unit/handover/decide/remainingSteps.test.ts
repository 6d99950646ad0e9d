import { deepStrictEqual } from "node:assert/strict";
import type { DetachmentTarget } from "../../../../handover/decide/detachment";
import { remainingSteps } from "../../../../handover/decide/remainingSteps";
import type { World } from "../../../../handover/model/world";
import { right, target } from "../support/detachments";
import {
    inlinePolicy,
    withoutPolicies,
    BROAD_POLICY,
    CNI_POLICY,
    node,
    nodeRole,
    OTHER_POLICY,
    OTHER_POLICY_FIX,
    subject,
    world,
} from "../support/worlds";

const cni = (arn: string) => ({ arn, kind: "cni" as const, sufficient: true });
const broad = { arn: BROAD_POLICY, kind: "broad" as const, sufficient: true };
const managed = cni(CNI_POLICY);
const seen = (...nodeRoles: ReturnType<typeof nodeRole>[]) => world(right, { account: { nodeRoles } });
const ofTwo = (...nodeRoles: ReturnType<typeof nodeRole>[]) =>
    world(right, { account: { nodeRoles, roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more" } } });

const unnamed = { detachFromNodeRoles: undefined };
const DETACH =
    "[detach] The node role nodes still holds the CNI policy. " + 'To detach it, set detachFromNodeRoles: ["nodes"]';
const DETACH_TWO =
    "[detach] The node roles nodes, more still hold the CNI policy. " +
    'To detach it, set detachFromNodeRoles: ["nodes", "more"]';
const other = (arn: string) =>
    `[other-policy] nodes also holds ${arn}, which also grants actions of the CNI. ${OTHER_POLICY_FIX}`;
const inline = (name: string) =>
    `[inline-policy] nodes has the inline policy ${name}, which also grants actions of the CNI. The component does not change it. ` +
    "Remove these actions from it if the nodes do not need them.";
const NO_NODES = "[no-nodes] No pod was tested with the role, since the cluster has no nodes.";
const empty = world(right, { cluster: { nodes: [] } });

const rows: [string, World, string[], Partial<DetachmentTarget>?][] = [
    ["is nothing when the policy has left", seen(nodeRole(withoutPolicies)), []],
    ["is nothing of a policy that is about to leave", seen(nodeRole()), []],
    ["is the detachment, where no node role is named", seen(nodeRole()), [DETACH], unnamed],
    ["is no detachment where no node role holds the policy", seen(nodeRole(withoutPolicies)), [], unnamed],
    ["is the detachment from two node roles", ofTwo(nodeRole(), nodeRole({ name: "more" })), [DETACH_TWO], unnamed],
    ["is nothing of a role that no node runs with", seen(nodeRole(), nodeRole({ name: "more" })), [DETACH], unnamed],
    ["is nothing of a role that does not exist", seen(nodeRole({ exists: false })), [], unnamed],
    [
        "is nothing of a role whose instances are no nodes",
        world(right, { account: { roleOfInstance: { "i-n9": "nodes" } } }),
        [],
        unnamed,
    ],
    [
        "is nothing of nodes that are no instances",
        world(right, { cluster: { nodes: [node("n1", { instanceId: undefined })] } }),
        [],
        unnamed,
    ],
    ["is listed for a broad policy", seen(nodeRole({ cniPolicies: [broad] })), [other(BROAD_POLICY)]],
    [
        "is listed for each other policy, and not for the one that is meant",
        seen(nodeRole({ cniPolicies: [cni(OTHER_POLICY), managed, broad] })),
        [other(OTHER_POLICY), other(BROAD_POLICY)],
    ],
    [
        "is not listed for the customer's policy on IPv6, which is meant",
        seen(nodeRole({ cniPolicies: [cni(OTHER_POLICY), broad] })),
        [other(BROAD_POLICY)],
        { subject: { ...subject, ipFamily: "ipv6" } },
    ],
    [
        "is listed for the managed policy where another one is meant",
        seen(nodeRole({ cniPolicies: [cni(OTHER_POLICY), managed] })),
        [other(CNI_POLICY)],
        { detachPolicyArns: [OTHER_POLICY] },
    ],
    [
        "is listed for inline policies",
        seen(nodeRole({ ...withoutPolicies, inlineCniPolicies: [inlinePolicy("a"), inlinePolicy("b", true)] })),
        [inline("a"), inline("b")],
    ],
    [
        "is listed in this order",
        seen(nodeRole({ cniPolicies: [managed, broad], inlineCniPolicies: [inlinePolicy("a")] })),
        [DETACH, other(BROAD_POLICY), inline("a")],
        unnamed,
    ],
    ["is listed for a cluster without nodes", empty, [NO_NODES]],
    ["is no detachment for a cluster without nodes", empty, [NO_NODES], unnamed],
];

describe("What of the page is left to do", () => {
    for (const [what, of, expected, more] of rows) {
        it(what, () => {
            deepStrictEqual(remainingSteps({ ...target, ...more }, of), expected);
        });
    }
});
