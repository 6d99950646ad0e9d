/** Maps the calls of a sandbox's control to the parts of EKS Pod Identity: the views of associations, EKS Auth, and the agents on the nodes. */
import type { AwsApi } from "./aws";
import type { AssociationDelays } from "./aws/eks/associations/views";
import type { AgentState, PodIdentityAgents } from "./cluster/podIdentity/agents";

/** The nodes are null for all of them. */
export interface PodIdentityControls {
    setAssociationDelays(delays: Partial<AssociationDelays>): void;
    setPodIdentityTimeFactor(factor: number): void;
    installPodIdentityAgents(): Promise<void>;
    uninstallPodIdentityAgents(): Promise<void>;
    setPodIdentityAgents(state: AgentState, nodes: string[] | null): Promise<void>;
    restartPodIdentityAgents(nodes: string[] | null): Promise<void>;
    setEksAuthReachableFromNodes(isReachable: boolean, nodes: string[] | null): void;
}

export function podIdentityControls(
    aws: Pick<AwsApi, "setAssociationDelays" | "setEksAuthTimes">,
    agents: PodIdentityAgents,
    /** Throws for a node that is not there. Null means all. */
    nodesOf: (names: string[] | null) => readonly string[],
): PodIdentityControls {
    return {
        setAssociationDelays: (delays) => aws.setAssociationDelays(delays),
        setPodIdentityTimeFactor: (factor) => {
            agents.setTimeFactor(factor);
            aws.setEksAuthTimes(agents.times);
        },
        installPodIdentityAgents: () => agents.install(),
        uninstallPodIdentityAgents: () => agents.uninstall(),
        setPodIdentityAgents: (state, names) => agents.set(state, nodesOf(names)),
        restartPodIdentityAgents: (names) => agents.restart(nodesOf(names)),
        setEksAuthReachableFromNodes: (isReachable, names) =>
            agents.setEksAuthReachable(isReachable, names === null ? undefined : nodesOf(names)),
    };
}
