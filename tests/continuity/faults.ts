import type { Sandbox } from "local-eks";
import type { Monitor } from "./monitor/monitor";

/** What can be done to a sandbox while somebody uses it. */
export interface Faults {
    /** A new node with an instance of its own; gives its name. */
    joinNode(): Promise<string>;
    /** As when its instance is terminated. */
    loseNode(name: string): Promise<void>;
    /** The kubelet does not answer any more: the node becomes NotReady, and what runs on it goes on. */
    stopKubelet(name: string): Promise<void>;
    startKubelet(name: string): Promise<void>;
    stopWebhook(): Promise<void>;
    startWebhook(): Promise<void>;
    /** Every AssumeRoleWithWebIdentity is refused, whoever asks. */
    refuseSts(isRefused: boolean): Promise<void>;
    reachStsFromNodes(isReachable: boolean): Promise<void>;
    /** For changes that are made from now on. */
    slowIam(enforcementSeconds: number): Promise<void>;
    /** So many calls a second of each service, and no more. */
    throttleAws(callsPerSecond: number): Promise<void>;
    restartApiServer(): Promise<void>;
}

export function faultsOf(sandbox: Sandbox, monitor: Monitor): Faults {
    const { nodes, webhook } = sandbox;
    /** Nobody can see from outside what a node reaches, so the monitor is told. */
    const noteSts = (isReachable: boolean) =>
        monitor.note({ at: Date.now(), kind: "stsCutOff", nodes: isReachable ? "none" : "all" });
    return {
        joinNode: () => nodes.add(),
        loseNode: (name) => nodes.remove(name),
        stopKubelet: (name) => nodes.stopKubelet(name),
        startKubelet: (name) => nodes.startKubelet(name),
        stopWebhook: () => webhook.stop(),
        startWebhook: () => webhook.start(),
        refuseSts: async (isRefused) => {
            await sandbox.refuseWebIdentity(isRefused ? "AccessDenied" : undefined);
            noteSts(!isRefused);
        },
        reachStsFromNodes: async (isReachable) => {
            await sandbox.setStsReachableFromNodes(isReachable);
            noteSts(isReachable);
        },
        slowIam: (enforcementSeconds) => sandbox.setAwsDelays({ enforcementSeconds }),
        throttleAws: (perSecond) => sandbox.setThrottling({ perSecond }),
        restartApiServer: () => sandbox.restartApiServer(),
    };
}
