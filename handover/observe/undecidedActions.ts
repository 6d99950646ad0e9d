import type { ClusterSeen, World } from "../model/world";
import type { RunContext } from "./runContext";

/**
 * The same world with the writing actions that nothing decides. Without the role's permission for them, the node roles must keep theirs.
 *
 * @param isTried Whether to try the actions in a session of the role. With `proof: off`, this machine can prove nothing by it, and a preview creates no
 *     token. The pods of an association have no token to try.
 */
export async function withUndecidedActions(
    { aws, cluster, subject }: RunContext,
    isTried: boolean,
    world: World,
): Promise<World> {
    const { roleArn, ipFamily, delivery } = subject;
    const undecidedActions = await aws.undecidedActions({
        roleArn,
        ipFamily,
        instanceId: instanceForProof(world.cluster),
        token: isTried && delivery !== "podIdentity" ? await cluster.requestToken() : undefined,
        settings: world.cluster.daemonSet?.settings,
    });
    return undecidedActions === undefined ? world : { ...world, account: { ...world.account, undecidedActions } };
}

/** An instance of the cluster, for arguments like a node's. */
export function instanceForProof({ nodes }: Pick<ClusterSeen, "nodes">): string | undefined {
    return nodes.find(({ instanceId }) => instanceId !== undefined)?.instanceId;
}
