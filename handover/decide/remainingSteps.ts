import { bootFix, cannotBootWords } from "../model/nodeBoot";
import { listTexts } from "../model/listNames";
import { settingGapFix, settingGapWords } from "../model/settingGap";
import { cniPolicyArns } from "../model/record";
import { freshMemory, type Memory } from "../model/steps";
import { agentKeptAway, agentKeptAwayMeans, tolerateEverything } from "../model/refusals/podIdentity";
import type { AccountSeen, ClusterSeen, NodeRoleSeen, World } from "../model/world";
import { bootGap } from "./nodeBoot";
import { NodeRoleTarget, rolesOf } from "./nodeRolePolicies";
import {
    clustersSharing,
    instancesOfNoCluster,
    notHandedOver,
    rolesKept,
    type SharingTarget,
    type WhyKept,
} from "./sharedNodeRoles";

/**
 * The steps of the EKS user guide's page that still have to be done, and why. Empty if all of them are done.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function remainingSteps(target: SharingTarget, world: World, memory: Memory = freshMemory(world.at)): string[] {
    const { account, cluster } = world;
    const roles = rolesOf(cluster.nodes, account).filter(({ exists }) => exists);
    const kept = rolesKept(target, world, memory);
    return [
        ...detachYourself(target, roles),
        ...kept.flatMap(({ role, why }) => (why === "neededToBoot" ? [] : detachLater(target, role, why, account))),
        ...cannotBoot(target, world, kept),
        ...roles.flatMap((role) => otherGrants(role)),
        ...agentOnEachNode(target, cluster),
        ...permissionsForSettings(target, world),
        ...(cluster.nodes.length === 0
            ? ["[no-nodes] No pod was tested with the role, since the cluster has no nodes."]
            : []),
    ];
}

/** Before the pods move, the update refuses for it. */
function agentOnEachNode({ subject }: NodeRoleTarget, { taintsWithoutAgent: taints = [] }: ClusterSeen): string[] {
    return taints.length === 0
        ? []
        : [`[agent-tolerations] ${agentKeptAway(taints)} ${agentKeptAwayMeans(taints)} ${tolerateEverything(subject)}`];
}

/** Before the pods get the role, the update refuses for it. */
function permissionsForSettings({ subject }: NodeRoleTarget, { account: { settingGap } }: World): string[] {
    return settingGap === undefined
        ? []
        : [`[settings] ${settingGapWords(settingGap, subject.roleArn)} ${settingGapFix(settingGap, subject)}`];
}

/** The node roles that hold the CNI policy and are not listed: all of them if the program detaches nothing. */
function detachYourself(target: NodeRoleTarget, roles: readonly NodeRoleSeen[]): string[] {
    const { detachFromNodeRoles: listed = [] } = target;
    const holding = roles.filter((role) => !listed.includes(role.name) && cniPolicyArns(role).length > 0);
    const names = holding.map(({ name }) => name);
    return names.length === 0
        ? []
        : [
              `[detach] The node ${names.length === 1 ? "role" : "roles"} ${names.join(", ")} still ` +
                  `${names.length === 1 ? "holds" : "hold"} the CNI policy. ` +
                  `To detach it, set detachFromNodeRoles: [${[...listed, ...names].map((name) => JSON.stringify(name)).join(", ")}]`,
          ];
}

/** A listed node role that keeps its policies for now. The line begins with the code and the role's name: see rolesIn(). */
function detachLater(target: SharingTarget, role: NodeRoleSeen, why: WhyLeft, account: AccountSeen): string {
    const policies = cniPolicyArns(role).join(", ");
    switch (why) {
        case "attachedAgain":
            return `${CODES[why]}${role.name} holds ${policies} again, after it was detached. ${leftAttached(clustersToHandOver(target, role))}`;
        case "usedElsewhere":
            return `${CODES[why]}${role.name} keeps ${policies}. ${usedElsewhere(target, role)}`;
        case "unproved":
            return `${CODES[why]}${role.name} keeps ${policies}. ${notDecided(account)}`;
    }
}

/** None of their instances may be seen. */
function clustersToHandOver({ handedOverClusterArns = [] }: SharingTarget, role: NodeRoleSeen): readonly string[] {
    const seen = clustersSharing(role);
    return seen.length > 0 ? seen : handedOverClusterArns;
}

type WhyLeft = Exclude<WhyKept, "neededToBoot">;

const CODES: Readonly<Record<WhyLeft, string>> = {
    usedElsewhere: "[node-role-shared] ",
    attachedAgain: "[attached-again] ",
    unproved: "[unproved] ",
};

/** The listed node roles whose next nodes cannot boot without the policies. */
function cannotBoot(target: SharingTarget, world: World, kept: ReturnType<typeof rolesKept>): string[] {
    const { detachFromNodeRoles = [] } = target;
    const listed = world.account.nodeRoles.filter(({ name, exists }) => exists && detachFromNodeRoles.includes(name));
    return listed.flatMap((role) => {
        const gap = bootGap(role, world);
        const policies = cniPolicyArns(role);
        const whyKept = kept.find((one) => one.role === role)?.why;
        if (gap === undefined || (policies.length > 0 && whyKept !== "neededToBoot")) {
            return [];
        }
        const [state, then] =
            policies.length === 0
                ? [`New nodes with ${role.name} do not join.`, ""]
                : [`${role.name} keeps ${policies.join(", ")}.`, " Then run pulumi up --refresh."];
        return [
            `[node-boot] ${state} ${cannotBootWords(role.name, policies, gap)} ${bootFix(gap, role.name, target.subject)}${then}`,
        ];
    });
}

function notDecided({ undecidedActions: undecided }: AccountSeen): string {
    return undecided === undefined ? "" : `${undecided.why} ${undecided.fix}`;
}

/** Which run has attached it is not known: this one, an earlier one of this stack, another cluster's, or another program. */
function leftAttached(clusterArns: readonly string[]): string {
    return (
        "An update here attaches it if a pod needs it, and another cluster may need it since: its hand-back relies on the policy. So the update leaves it " +
        "attached. Once every pod of " +
        `${clusterArns.join(", ")} carries a role of its own, remove these ARNs from handedOverClusterArns, run pulumi up, list them again, and run ` +
        "pulumi up"
    );
}

function usedElsewhere({ handedOverClusterArns = [] }: SharingTarget, role: NodeRoleSeen): string {
    const clusterArns = notHandedOver({ handedOverClusterArns }, role);
    const instances = instancesOfNoCluster(role);
    const all = [...handedOverClusterArns, ...clusterArns].map((arn) => JSON.stringify(arn)).join(", ");
    return [
        ...(clusterArns.length === 0
            ? []
            : [
                  `Nodes of ${clusterArns.join(", ")} use this role too, and their pods cannot be seen from here. Once every pod there carries a role ` +
                      `of its own, set handedOverClusterArns: [${all}] here, or name this cluster in the program of the cluster that hands over last.`,
              ]),
        ...(instances.length === 0
            ? []
            : [
                  `Instances whose tags name no EKS cluster use it too: ${listTexts(instances)}. Give them another role, and run pulumi up --refresh, or tag them with their cluster ` +
                      "(kubernetes.io/cluster/NAME: owned).",
              ]),
    ].join(" ");
}

/** The node roles that keep their policies according to these lines, and why. */
export function rolesIn(remaining: readonly string[], why: WhyLeft): string[] {
    return remaining.flatMap((line) => (line.startsWith(CODES[why]) ? (line.split(" ")[1] ?? []) : []));
}

/** Other policies that grant the same actions. They are reported, and never detached. */
function otherGrants(role: NodeRoleSeen): string[] {
    const others = role.cniPolicies.filter(({ kind }) => kind === "broad");
    return [
        ...others.map(
            ({ arn }) =>
                `[other-policy] ${role.name} also holds ${arn}, which also grants actions of the CNI. The component does not ` +
                `detach it. If the nodes do not need it: aws iam detach-role-policy --role-name ${role.name} --policy-arn ${arn}`,
        ),
        ...role.inlineCniPolicies.map(
            ({ name }) =>
                `[inline-policy] ${role.name} has the inline policy ${name}, which also grants actions of the CNI. The component ` +
                "does not change it. Remove these actions from it if the nodes do not need them.",
        ),
    ];
}
