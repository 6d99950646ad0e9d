import { deepStrictEqual } from "node:assert/strict";
import type { DetachmentTarget } from "../../../../handover/decide/detachment";
import { remainingSteps, rolesIn } from "../../../../handover/decide/remainingSteps";
import type { World } from "../../../../handover/model/world";
import { right, target } from "../support/detachments";
import { settingGapFix, settingGapWords } from "../../../../handover/model/settingGap";
import { CNI, MINIMAL, WORKER } from "../support/nodeBoot";
import { SETTING_GAP } from "../support/settingGap";
import { attachedAgain, BLUE, GREEN, sharedAndDetached, sharedWith, usedBy } from "../support/sharedNodeRoles";
import {
    inlinePolicy,
    memoryWith,
    withoutPolicies,
    BROAD_POLICY,
    CNI_POLICY,
    node,
    nodeRole,
    OTHER_POLICY,
    OTHER_POLICY_FIX,
    seconds,
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
const strangers = (ids: string) =>
    `Instances whose tags name no EKS cluster use it too: ${ids.replace(/\b\d\b(?! more)/g, "eu-west-1/i-$&")}. Give them another role, and run pulumi up --refresh, or tag ` +
    "them with their cluster (kubernetes.io/cluster/NAME: owned).";
const JOINING = "node.kubernetes.io/not-ready:NoSchedule";
const KEPT_AWAY =
    `[agent-tolerations] The DaemonSet kube-system/eks-pod-identity-agent does not tolerate ${JOINING}, and aws-node does. ` +
    `A node with this taint gets no agent, so its aws-node pod gets no credentials. Each node joins with ${JOINING}, and keeps it until its aws-node pod works. ` +
    "Let the agent tolerate every taint: kubectl patch daemonset eks-pod-identity-agent -n kube-system --type=merge " +
    `-p '{"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}}'. ` +
    "If it is the managed add-on: aws eks update-addon --cluster-name prod --addon-name eks-pod-identity-agent --configuration-values " +
    `'{"tolerations":[{"operator":"Exists"}]}' (add the values that the add-on has now). ` +
    "Wait for kubectl rollout status daemonset/eks-pod-identity-agent -n kube-system.";
const NEEDED = "nodes call ec2:DescribeInstances, which a node needs before it joins";
const OVERRULED = "Change what overrules it: ec2:DescribeInstances on * must be allowed there, and not be denied.";
const LET_BOOT =
    "Run aws iam attach-role-policy --role-name nodes --policy-arn arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy. " +
    "Or allow this call alone: aws iam put-role-policy --role-name nodes --policy-name node-boot --policy-document " +
    `'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:DescribeInstances","Resource":"*"}]}'. ` +
    "If a program manages the role, give it the policy there.";
const DENY = { Statement: [{ Effect: "Deny", Action: "ec2:Describe*", Resource: "*" }] };
const NO_NODES = "[no-nodes] No pod was tested with the role, since the cluster has no nodes.";
const empty = world(right, { cluster: { nodes: [] } });

const rows: [string, World, string[], Partial<DetachmentTarget>?][] = [
    ["is nothing when the policy has left", seen(nodeRole(withoutPolicies)), []],
    [
        "is the agent that does not start on a node that joins",
        world(right, {
            cluster: { taintsWithoutAgent: [JOINING] },
            account: { nodeRoles: [nodeRole(withoutPolicies)] },
        }),
        [KEPT_AWAY],
        { subject: { ...subject, clusterName: "prod" } },
    ],
    [
        "is what the plugin's settings need and the role does not grant",
        world(right, { account: { nodeRoles: [nodeRole(withoutPolicies)], settingGap: SETTING_GAP } }),
        [`[settings] ${settingGapWords(SETTING_GAP, subject.roleArn)} ${settingGapFix(SETTING_GAP, subject)}`],
    ],
    ["is nothing of nodes that boot", seen(nodeRole({ ...withoutPolicies, policies: [WORKER] })), []],
    [
        "is nothing of a policy that is about to leave, if nodes boot without it",
        seen(nodeRole({ policies: [WORKER, CNI] })),
        [],
    ],
    [
        "is what lets nodes boot, where the policy has left",
        seen(nodeRole({ ...withoutPolicies, policies: [MINIMAL] })),
        [`[node-boot] New nodes with nodes do not join. Nothing lets ${NEEDED}. ${LET_BOOT}`],
    ],
    [
        "is what lets nodes boot, where the policy stays for it",
        seen(nodeRole({ policies: [MINIMAL, CNI] })),
        [
            `[node-boot] nodes keeps ${CNI_POLICY}. Without ${CNI_POLICY}, nothing lets ${NEEDED}. ${LET_BOOT} Then run pulumi up --refresh.`,
        ],
    ],
    [
        "is a boundary that keeps nodes from booting",
        seen(nodeRole({ ...withoutPolicies, policies: [WORKER], boundary: MINIMAL })),
        [
            `[node-boot] New nodes with nodes do not join. Nothing lets ${NEEDED} (the permissions boundary ${MINIMAL.name} does not allow it). ${OVERRULED}`,
        ],
    ],
    [
        "is a Deny beside policies that do not allow it, or were not read",
        seen(
            nodeRole({
                ...withoutPolicies,
                policies: [
                    { name: "mine", document: undefined },
                    { name: "no", document: DENY },
                ],
            }),
        ),
        [
            `[node-boot] New nodes with nodes do not join. Nothing lets ${NEEDED} (no denies it, mine could not be read). ${OVERRULED} Then run${LET_BOOT.slice(3)}`,
        ],
    ],
    [
        "is nothing of a role that is not listed",
        seen(nodeRole({ name: "more", ...withoutPolicies, policies: [MINIMAL] })),
        [],
    ],
    ["is nothing of one that is gone", seen(nodeRole({ exists: false, ...withoutPolicies, policies: [MINIMAL] })), []],
    ["is nothing of a policy that is about to leave", seen(nodeRole()), []],
    [
        "is the proof of a policy that stays without one, with the reason and the way to it",
        world(right, {
            account: { undecidedActions: { actions: ["ec2:CreateTags"], why: "Nothing shows it.", fix: "Allow it." } },
        }),
        [`[unproved] nodes keeps ${CNI_POLICY}. Nothing shows it. Allow it.`],
    ],
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
        "is not listed for those that are detached",
        seen(nodeRole({ cniPolicies: [cni(OTHER_POLICY), managed, broad] })),
        [other(BROAD_POLICY)],
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
    [
        "is the detachment by the last cluster, of a listed role that others use",
        seen(sharedWith([BLUE])),
        [usedBy([BLUE])],
    ],
    [
        "is that of each cluster that is not named, with the whole list to set",
        seen(sharedWith([GREEN, BLUE])),
        [usedBy([GREEN], [BLUE, GREEN])],
        { handedOverClusterArns: [BLUE] },
    ],
    [
        "is another role for instances whose cluster is unknown",
        seen(sharedWith([undefined, undefined, undefined, undefined, undefined, undefined])),
        [`[node-role-shared] nodes keeps ${CNI_POLICY}. ${strangers("0, 1, 2, 3, 4 and 1 more")}`],
    ],
    [
        "is both for instances of both kinds",
        seen(sharedWith([BLUE, undefined])),
        [`${usedBy([BLUE])} ${strangers("1")}`],
    ],
    [
        "is nothing of a shared role that is about to lose the policy",
        seen(sharedWith([BLUE])),
        [],
        { handedOverClusterArns: [BLUE] },
    ],
    [
        "is the word again, of a role that holds the policy again",
        seen(sharedWith([GREEN, BLUE])),
        [attachedAgain(BLUE, GREEN)],
        {
            handedOverClusterArns: [BLUE, GREEN],
            leftBefore: { detachedFrom: ["nodes"], handedOverClusterArns: [BLUE, GREEN] },
        },
    ],
    [
        "is the detachment from a shared role that is not listed",
        seen(sharedWith([BLUE])),
        [DETACH],
        { ...unnamed, handedOverClusterArns: [BLUE] },
    ],
    ["is nothing of a shared role that has lost the policy", seen(sharedAndDetached(BLUE)), []],
    ["is no detachment for a cluster without nodes", empty, [NO_NODES], unnamed],
];

describe("What of the page is left to do", () => {
    for (const [what, of, expected, more] of rows) {
        it(what, () => {
            deepStrictEqual(remainingSteps({ ...target, ...more }, of), expected);
        });
    }
});

describe("The node roles that keep their policies", () => {
    it("are found in the remaining steps, by the reason", () => {
        const lines = [DETACH, usedBy([BLUE]), attachedAgain(BLUE).replace("nodes", "more"), other(BROAD_POLICY)];
        deepStrictEqual(rolesIn(lines, "usedElsewhere"), ["nodes"]);
        deepStrictEqual(rolesIn(lines, "attachedAgain"), ["more"]);
        deepStrictEqual(rolesIn(["[node-role-shared]"], "usedElsewhere"), []);
        deepStrictEqual(rolesIn(["[unproved] nodes keeps a."], "unproved"), ["nodes"]);
        deepStrictEqual(rolesIn(["[unproved] nodes keeps a."], "usedElsewhere"), []);
    });

    it("include those that a run has detached once, and not again", () => {
        const shown = seen(sharedWith([BLUE]));
        const memory = memoryWith({ detachedAt: seconds(-31) });
        deepStrictEqual(remainingSteps({ ...target, handedOverClusterArns: [BLUE] }, shown, memory), [
            attachedAgain(BLUE),
        ]);
    });
});
