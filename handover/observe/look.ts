import type { ClusterSeen, World } from "../model/world";
import type { RunContext } from "./runContext";

/**
 * Looks at the cluster and at the account.
 *
 * @param searchElsewhere Whether to search all other regions for instances that use the node roles. This calls each region.
 */
export async function look(
    context: RunContext,
    { searchElsewhere }: { readonly searchElsewhere: boolean },
): Promise<World> {
    return lookAtAccount(context, await context.cluster.look(), searchElsewhere);
}

/** Looks at the account alone, for the nodes that the cluster had in its last look. */
export async function lookAtAccount(
    { aws, subject, roleNames, now }: RunContext,
    cluster: ClusterSeen,
    searchElsewhere: boolean,
): Promise<World> {
    const account = await aws.look({
        instanceIds: instanceIds(cluster),
        roleNames,
        ipFamily: subject.ipFamily,
        searchElsewhere,
        ...(subject.clusterName === undefined ? {} : { clusterName: subject.clusterName }),
    });
    return { at: now(), cluster, account };
}

/** The EC2 instances of the cluster's nodes, sorted. */
export function instanceIds({ nodes }: ClusterSeen): string[] {
    return nodes.flatMap(({ instanceId }) => (instanceId === undefined ? [] : [instanceId])).sort();
}
