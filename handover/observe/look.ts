import { withAssociatedRole } from "../model/associatedRole";
import type { OtherDelivery } from "../model/otherDelivery";
import type { AccountSeen, ClusterSeen, World } from "../model/world";
import { lookAtOtherDelivery } from "./otherDeliveryLook";
import type { RunContext } from "./runContext";
import { issuerOfToken } from "./tokenIssuer";

/**
 * Looks at the cluster and at the account.
 *
 * @param searchElsewhere Whether to search all other regions, or those that the program has chosen, for instances that use the node roles.
 * This calls each region.
 */
export async function look(
    context: RunContext,
    { searchElsewhere }: { readonly searchElsewhere: boolean },
): Promise<World> {
    return lookAtAccount(context, await context.cluster.look(), searchElsewhere);
}

/**
 * Looks at everything that must be seen right before a detachment: the instances of every region, and the other ways in which
 * EKS gives aws-node credentials.
 */
export async function lookBeforeDetachment(context: RunContext): Promise<World> {
    const world = await look(context, { searchElsewhere: true });
    return withOtherDelivery(world, await lookAtOtherDelivery(context, world.account, () => issuerOf(context)));
}

/** The cluster's token issuer. */
export async function issuerOf({ cluster, subject }: RunContext): Promise<string | undefined> {
    return subject.issuers[0] ?? issuerOfToken(await cluster.requestToken());
}

export function withOtherDelivery(world: World, otherDelivery: OtherDelivery): World {
    return { ...world, account: { ...world.account, otherDelivery } };
}

/**
 * Looks at the account alone, for the nodes that the cluster had in its last look.
 *
 * @param earlier An earlier look, which counts for the instances that it has.
 */
export async function lookAtAccount(
    { aws, subject, roleNames, regions, now }: RunContext,
    cluster: ClusterSeen,
    searchElsewhere: boolean,
    earlier?: AccountSeen,
): Promise<World> {
    const { otherNodes = [] } = cluster;
    const inUse = otherNodes.filter(({ podsOnNodeRole = [] }) => podsOnNodeRole.length > 0);
    const account = await aws.look({
        instanceIds: instanceIds(cluster),
        ...(otherNodes.length === 0 ? {} : { otherInstanceIds: otherNodes.map(({ instanceId }) => instanceId) }),
        ...(inUse.length === 0 ? {} : { instanceIdsInUse: inUse.map(({ instanceId }) => instanceId) }),
        roleNames,
        ipFamily: subject.ipFamily,
        searchElsewhere,
        ...(regions === undefined ? {} : { regions }),
        ...(subject.clusterName === undefined ? {} : { clusterName: subject.clusterName }),
        ...(earlier === undefined ? {} : { earlier }),
    });
    const here = onThisClock(account, cluster);
    return { at: now(), cluster: withAssociatedRole(cluster, here), account: here };
}

/** With the times of the associations by this machine's clock, as those of the pods are. A look that was used before has them already. */
function onThisClock(account: AccountSeen, { clockAhead = 0 }: ClusterSeen): AccountSeen {
    const { associations, reused = false } = account;
    if (associations?.is !== "seen" || reused || clockAhead === 0) {
        return account;
    }
    const list = associations.associations.map((one) => ({ ...one, modifiedAt: one.modifiedAt - clockAhead }));
    return { ...account, associations: { ...associations, associations: list } };
}

/** The EC2 instances of the nodes that the DaemonSet selects, sorted. */
export function instanceIds({ nodes }: ClusterSeen): string[] {
    return nodes.flatMap(({ instanceId }) => (instanceId === undefined ? [] : [instanceId])).sort();
}
