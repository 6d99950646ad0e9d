import {
    ROLE_ARN_ANNOTATION,
    STS_REGIONAL_ENDPOINTS_ANNOTATION,
    WEBHOOK_PREFIX,
} from "../../documents/serviceAccountAnnotations";
import type { RolePolicy, Step } from "../model/steps";
import type { AccountSeen, ClusterSeen, CredentialSource, NodeSeen, PodSeen, World } from "../model/world";

/** Longer than anything that is waited for. */
const A_WHILE_MILLISECONDS = 3_600_000;

/**
 * What would be seen a while after a step, if everything works: the webhook gives each new pod the role, pods become Ready, and
 * AWS does as it is told. What does not mend itself stays: a node that does not answer, an instance that does not join.
 */
export function worldAfter(world: World, step: Step, waitedInVain = false): World {
    const at = world.at + A_WHILE_MILLISECONDS;
    const { cluster, account } = changed(world, step, at);
    return { at, cluster: settled(cluster, at, waitedInVain), account };
}

function changed({ cluster, account }: World, step: Step, at: number): Omit<World, "at"> {
    switch (step.do) {
        case "annotate":
            return { cluster: withAnnotations(cluster, step.annotations), account };
        case "restart":
        case "forceRestart":
            return { cluster: { ...cluster, pods: cluster.pods.map(replacing(step.pod, cluster, at)) }, account };
        case "removeWakeMark":
            return { cluster: withoutWakeMark(cluster), account };
        case "attach":
            return { cluster, account: attached(account, step.policies) };
        case "detach":
            return { cluster, account: detached(account, step.policies) };
        case "removeInjectionGuard":
            return { cluster: { ...cluster, injectionGuard: { present: false, inForce: false } }, account };
        default:
            return { cluster, account };
    }
}

function withoutWakeMark(cluster: ClusterSeen): ClusterSeen {
    return { ...cluster, daemonSet: cluster.daemonSet && { ...cluster.daemonSet, woken: false } };
}

/** The webhook's annotations become these; others stay. */
export function withAnnotations(cluster: ClusterSeen, annotations: Readonly<Record<string, string>>): ClusterSeen {
    const { serviceAccount } = cluster;
    if (serviceAccount === undefined) {
        return cluster;
    }
    const others = Object.entries(serviceAccount.annotations).filter(([name]) => !name.startsWith(WEBHOOK_PREFIX));
    return {
        ...cluster,
        serviceAccount: { ...serviceAccount, annotations: { ...Object.fromEntries(others), ...annotations } },
    };
}

/** The DaemonSet's pod template has changed: every pod is of an older one now. */
export function withNewTemplate(cluster: ClusterSeen): ClusterSeen {
    return { ...cluster, pods: cluster.pods.map((pod) => ({ ...pod, current: false })) };
}

export function withInjectionGuard(cluster: ClusterSeen): ClusterSeen {
    return { ...cluster, injectionGuard: { present: true, inForce: true } };
}

/**
 * Pods that stop are gone, a rolling update has gone through, and no Ready node is without its pod. A pod that was not
 * Ready becomes so only when nothing else is left to wait for: one that a former run has left broken is to be seen before.
 */
function settled(cluster: ClusterSeen, at: number, waitedInVain: boolean): ClusterSeen {
    const rolling = cluster.daemonSet?.updateStrategy === "RollingUpdate";
    const silent = new Set(cluster.nodes.filter(({ ready }) => !ready).map(({ name }) => name));
    const later = (pod: PodSeen): PodSeen => {
        if (silent.has(pod.node)) {
            return pod;
        }
        const next = rolling && !pod.current ? newborn(pod.node, cluster, at) : pod;
        return waitedInVain || next.createdAt === at ? works(next, at) : next;
    };
    const staying = cluster.pods.filter(({ node, terminating }) => silent.has(node) || !terminating).map(later);
    const occupied = new Set(staying.map(({ node }) => node));
    const empty = cluster.nodes.filter(({ name, ready }) => ready && !occupied.has(name));
    const { injectionGuard } = cluster;
    return {
        ...cluster,
        pods: [...staying, ...empty.map(({ name }) => works(newborn(name, cluster, at), at))],
        injectionGuard: { ...injectionGuard, inForce: injectionGuard.present },
        refusedPods: [],
    };
}

function works(pod: PodSeen, at: number): PodSeen {
    return pod.ready ? pod : { ...pod, ready: true, readySince: at };
}

function replacing(restarted: PodSeen, cluster: ClusterSeen, at: number): (pod: PodSeen) => PodSeen {
    return (pod) => (pod.uid === restarted.uid ? newborn(pod.node, cluster, at) : pod);
}

/** As the webhook makes it: it is Ready when its node answers. */
function newborn(node: NodeSeen["name"], { serviceAccount }: ClusterSeen, at: number): PodSeen {
    return {
        name: `the next pod of ${node}`,
        uid: `${node} ${String(at)}`,
        node,
        createdAt: at,
        ready: false,
        readySince: undefined,
        terminating: false,
        current: true,
        credentials: identityBy(serviceAccount?.annotations ?? {}),
        missingPermissions: undefined,
        restarts: 0,
    };
}

/** amazon-eks-pod-identity-webhook pkg/handler/handler.go */
function identityBy(annotations: Readonly<Record<string, string>>): CredentialSource {
    const roleArn = annotations[ROLE_ARN_ANNOTATION];
    return roleArn === undefined
        ? { kind: "nodeRole" }
        : {
              kind: "webIdentity",
              roleArn,
              regionalSts: annotations[STS_REGIONAL_ENDPOINTS_ANNOTATION] === "false" ? undefined : "regional",
          };
}

function attached(account: AccountSeen, policies: readonly RolePolicy[]): AccountSeen {
    return mapPolicies(account, (name, held) => [
        ...held,
        ...policies
            .filter(({ roleName }) => roleName === name)
            .map(({ policyArn }) => ({ arn: policyArn, kind: "cni" as const, sufficient: true })),
    ]);
}

function detached(account: AccountSeen, policies: readonly RolePolicy[]): AccountSeen {
    return mapPolicies(account, (name, held) =>
        held.filter(({ arn }) => !policies.some(({ roleName, policyArn }) => roleName === name && policyArn === arn)),
    );
}

type Held = AccountSeen["nodeRoles"][number]["cniPolicies"];

function mapPolicies(account: AccountSeen, map: (roleName: string, held: Held) => Held): AccountSeen {
    return {
        ...account,
        nodeRoles: account.nodeRoles.map((role) => ({ ...role, cniPolicies: map(role.name, role.cniPolicies) })),
    };
}
