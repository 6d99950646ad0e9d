import type { RolloutTarget } from "../../../../handover/decide/canary";
import type { ClusterSeen, NodeSeen, PodSeen, World } from "../../../../handover/model/world";
import { carrying, daemonSet, node, nodeRole, onNodeRole, pod, record, ROLE, subject, world } from "./worlds";

export const target: RolloutTarget = {
    subject,
    record,
    serviceAccountUid: "account",
    stableSeconds: 20,
    // Longer than the age of the pods in these worlds.
    canarySeconds: 7200,
    iamPropagationSeconds: 120,
};

export const right = carrying(ROLE);

export const wait = (why: string) => ({ do: "wait", why });
export const refuse = (code: string, seen: string) => ({ refuse: code, seen });
export const restart = (why: string, ...names: string[]) => ({ do: "restart", pods: names, why });

/** Where a node is, and the pod that it has. The pod uses the node role unless a test says otherwise. */
export interface On {
    readonly role?: string;
    readonly subnet?: string;
    readonly ready?: boolean;
    /** Null: there is none. */
    readonly pod?: Partial<PodSeen> | null;
}

/** A world with these nodes, whose DaemonSet may miss so many pods. */
export function places(
    where: Readonly<Record<string, On>>,
    { maxUnavailable = 1, ...cluster }: Partial<ClusterSeen> & { readonly maxUnavailable?: number } = {},
): World {
    const entries = Object.entries(where);
    const nodes: NodeSeen[] = entries.map(([name, { ready = true }]) => node(name, { ready }));
    const roles = [...new Set(entries.map(([, { role = "nodes" }]) => role))];
    return world(onNodeRole, {
        cluster: {
            nodes,
            pods: entries.flatMap(([name, { pod: seen = {} }]) => (seen === null ? [] : [pod(name, onNodeRole, seen)])),
            daemonSet: { ...daemonSet, maxUnavailable },
            ...cluster,
        },
        account: {
            roleOfInstance: Object.fromEntries(entries.map(([name, { role = "nodes" }]) => [`i-${name}`, role])),
            networkOfInstance: Object.fromEntries(
                entries.flatMap(([name, { subnet }]) =>
                    subnet === undefined ? [] : [[`i-${name}`, { subnetId: subnet, securityGroupIds: ["sg"] }]],
                ),
            ),
            nodeRoles: roles.map((name) => nodeRole({ name })),
        },
    });
}

/** A pod that works with the role. */
export const working: Partial<PodSeen> = { credentials: right };
/** A pod that has the role, and is not Ready. */
export const notYet: Partial<PodSeen> = { credentials: right, ready: false, readySince: undefined };
/** A pod of the node role that is not Ready. */
export const broken: Partial<PodSeen> = { ready: false, readySince: undefined };
