import { carriesRole } from "../model/carriedRole";
import { listNames } from "../model/listNames";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { NodeSeen, World } from "../model/world";
import { isLate } from "./fleet";
import { withoutLeaving } from "./leaving";

/** The Ready nodes without a Ready agent. Empty if the run does not depend on the agents. */
export function nodesWithoutAgent(world: World): NodeSeen[] {
    const { nodes, agentsReadyOn } = withoutLeaving(world).cluster;
    return agentsReadyOn === undefined ? [] : nodes.filter(({ name, ready }) => ready && !agentsReadyOn.includes(name));
}

/**
 * Refuses if pods with the role have not become Ready in time on nodes without a Ready agent: the agent is the cause, and not the role. A node that
 * joins gets its agent and its pod at the same time, so nothing refuses before. Undefined if there are no such pods.
 */
export function lateAgentStep(
    { subject, canarySeconds }: { readonly subject: Subject; readonly canarySeconds: number },
    world: World,
    memory: Memory,
): Step | undefined {
    const without = nodesWithoutAgent(world);
    const late = new Set(
        world.cluster.pods
            .filter((pod) => carriesRole(pod, subject) && isLate(pod, canarySeconds, memory, world.at))
            .map(({ node }) => node),
    );
    const nodes = without.filter(({ name }) => late.has(name));
    return nodes.length === 0 ? undefined : { do: "refuse", refusal: refusals.agentsMissing(subject, nodes) };
}

/** Before a policy leaves a node role: a pod whose agent is away cannot renew its session. Undefined if each of these nodes has its agent. */
export function awaitAgentsStep(nodes: readonly NodeSeen[], world: World): Step | undefined {
    const names = new Set(nodes.map(({ name }) => name));
    const without = nodesWithoutAgent(world).filter(({ name }) => names.has(name));
    return without.length === 0
        ? undefined
        : { do: "wait", why: `the EKS Pod Identity Agent is not Ready on ${listNames(without)}` };
}
