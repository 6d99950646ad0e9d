import type { Sandbox } from "local-eks";
import type { Monitor } from "./monitor/monitor";

/** Faults that can be injected into a sandbox during a run. */
export interface Faults {
    /** Adds a node with its own instance, by default with the first node role, and returns its name. */
    joinNode(instanceProfile?: string): Promise<string>;
    /** Removes a node, as if its instance were terminated. */
    loseNode(name: string): Promise<void>;
    /** Stops the kubelet: the node becomes NotReady, and its pods keep running. */
    stopKubelet(name: string): Promise<void>;
    startKubelet(name: string): Promise<void>;
    stopWebhook(): Promise<void>;
    startWebhook(): Promise<void>;
    /** STS refuses every AssumeRoleWithWebIdentity, from any caller. */
    refuseSts(isRefused: boolean): Promise<void>;
    /** Of all nodes; with `nodes`, of these alone. */
    reachStsFromNodes(isReachable: boolean, nodes?: string[]): Promise<void>;
    /** Of the Pod Identity agents on all nodes; with `nodes`, on these alone. */
    reachEksAuthFromNodes(isReachable: boolean, nodes?: string[]): Promise<void>;
    /** Sets the delay until IAM enforces a change, for changes from now on. */
    slowIam(enforcementSeconds: number): Promise<void>;
    /** Limits each service to this many calls a second. */
    throttleAws(callsPerSecond: number): Promise<void>;
    restartApiServer(): Promise<void>;
}

export function faultsOf(sandbox: Sandbox, monitor: Monitor): Faults {
    const { nodes, webhook } = sandbox;
    /** The monitor cannot observe whether a node reaches a service, so the test records it. */
    const noteReach = (service: "sts" | "eksAuth", isReachable: boolean, nodes?: string[]) => {
        const at = Date.now();
        if (nodes !== undefined) {
            monitor.note({ at, kind: isReachable ? `${service}Back` : `${service}CutOff`, nodes });
        } else {
            monitor.note({ at, kind: `${service}CutOff`, nodes: isReachable ? "none" : "all" });
        }
    };
    return {
        joinNode: (instanceProfile) => nodes.add({ ...(instanceProfile !== undefined && { instanceProfile }) }),
        loseNode: (name) => nodes.remove(name),
        stopKubelet: (name) => nodes.stopKubelet(name),
        startKubelet: (name) => nodes.startKubelet(name),
        stopWebhook: () => webhook.stop(),
        startWebhook: () => webhook.start(),
        refuseSts: async (isRefused) => {
            await sandbox.refuseWebIdentity(isRefused ? "AccessDenied" : undefined);
            monitor.note({ at: Date.now(), kind: "stsRefuses", refuses: isRefused });
        },
        reachStsFromNodes: async (isReachable, nodes) => {
            await sandbox.setStsReachableFromNodes(isReachable, nodes && { nodes });
            noteReach("sts", isReachable, nodes);
        },
        reachEksAuthFromNodes: async (isReachable, nodes) => {
            await sandbox.podIdentity.agents.setEksAuthReachable(isReachable, nodes && { nodes });
            noteReach("eksAuth", isReachable, nodes);
        },
        slowIam: (enforcementSeconds) => sandbox.setAwsDelays({ enforcementSeconds }),
        throttleAws: (perSecond) => sandbox.setThrottling({ perSecond }),
        restartApiServer: () => sandbox.restartApiServer(),
    };
}
