import { ownAssociationStep, seenAssociations } from "./association";
import { isAnnotated } from "../model/isAnnotated";
import { listNames } from "../model/listNames";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { ClusterSeen, NodeRoleSeen, OtherNodeSeen, PodOnNodeRole, World } from "../model/world";

/** The nodes that the DaemonSet does not select, and that run with these roles. */
export function otherNodesOf(
    roles: readonly NodeRoleSeen[],
    { otherNodes = [] }: ClusterSeen,
): readonly OtherNodeSeen[] {
    const instances = new Set(roles.flatMap(({ instancesOfCluster }) => instancesOfCluster));
    return otherNodes.filter(({ instanceId }) => instances.has(instanceId));
}

/**
 * Why these roles must keep their policies: pods of another DaemonSet of the plugin use the permissions, on nodes that this DaemonSet does not
 * select. They are no pods of the hand-over, so nothing restarts them here. Undefined if there are none.
 *
 * Before the service account delivers the role, those that have it too are no reason: only then does a restart give them the role.
 */
export function nodeRoleInUse(subject: Subject, roles: readonly NodeRoleSeen[], world: World): Refusal | undefined {
    const found = otherNodesOf(roles, world.cluster).flatMap(({ podsOnNodeRole = [] }) => podsOnNodeRole);
    const pods = givesRole(subject, world) ? found : found.filter(({ sharesServiceAccount }) => !sharesServiceAccount);
    const [first] = pods;
    return (
        first &&
        refusals.podsOnNodeRole(
            subject,
            pods.filter((pod) => isSameDaemonSet(pod, first)),
        )
    );
}

/** Whether a pod of the service account that restarts now gets the role. An association that the look has not read counts as one that gives it. */
function givesRole(subject: Subject, world: World): boolean {
    if (subject.delivery !== "podIdentity") {
        return isAnnotated(subject, world.cluster);
    }
    const associations = seenAssociations(world);
    return associations === undefined || (associations.length > 0 && ownAssociationStep(subject, world) === undefined);
}

/**
 * How long EC2 may take to show a new instance: "starting with a couple of seconds of wait time, and increasing gradually up to about five
 * minutes". An instance that it does not show of an older node is gone, or belongs to another account, with the roles of that one.
 *
 * Source: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
const SHOWN_WITHIN_MILLISECONDS = 5 * 60_000;

/** The nodes that the DaemonSet does not select, with pods that use a role that is not known yet. */
export function undecidedNodes({ cluster, account, at }: World): readonly OtherNodeSeen[] {
    const { otherNodes = [] } = cluster;
    const { undecidedInstances = [] } = account;
    return otherNodes.filter(
        ({ instanceId, joinedAt = 0, podsOnNodeRole = [] }) =>
            podsOnNodeRole.length > 0 &&
            undecidedInstances.includes(instanceId) &&
            at - joinedAt < SHOWN_WITHIN_MILLISECONDS,
    );
}

/** For a message: `node-1 (arm-1, arm-2)`. */
export const describeUndecided = ({ name, podsOnNodeRole = [] }: OtherNodeSeen) =>
    `${name} (${listNames(podsOnNodeRole)})`;

function isSameDaemonSet({ daemonSet: a }: PodOnNodeRole, { daemonSet: b }: PodOnNodeRole): boolean {
    return a.namespace === b.namespace && a.name === b.name;
}
