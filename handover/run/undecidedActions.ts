import type { World } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { instanceForProof, type ProofDepth } from "./proveRole";

/**
 * The same world with the writing actions that nothing decides. Without the role's permission for them, the node roles must keep theirs.
 *
 * `off` says that this machine can prove nothing by the role's session, so none is asked for. The pods of an association have no token to try.
 */
export async function withUndecidedActions(
    { aws, cluster, subject }: RunContext,
    proof: ProofDepth,
    world: World,
): Promise<World> {
    const { roleArn, ipFamily, delivery } = subject;
    const isTried = proof !== "off" && delivery !== "podIdentity";
    const undecidedActions = await aws.undecidedActions({
        roleArn,
        ipFamily,
        instanceId: instanceForProof(world.cluster),
        token: isTried ? await cluster.requestToken() : undefined,
        settings: world.cluster.daemonSet?.settings,
    });
    return undecidedActions === undefined ? world : { ...world, account: { ...world.account, undecidedActions } };
}
