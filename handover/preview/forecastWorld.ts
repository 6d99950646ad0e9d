import {
    ROLE_ARN_ANNOTATION,
    STS_REGIONAL_ENDPOINTS_ANNOTATION,
    WEBHOOK_PREFIX,
} from "../../documents/serviceAccountAnnotations";
import { ASSOCIATION_MARGIN_MILLISECONDS } from "../model/association";
import { isOfAddOn } from "../decide/delivery";
import type { RolePolicy, Step } from "../model/steps";
import type { AccountSeen, ClusterSeen, CredentialSource, NodeSeen, PodSeen, World } from "../model/world";

/** Longer than any wait. */
const A_WHILE_MILLISECONDS = 3_600_000;

/**
 * The world a while after a step, if everything works: the webhook gives each new pod the role, pods become Ready, and AWS
 * applies the change. Faults that need the user stay: a node that does not respond, an instance that does not join.
 */
export function worldAfter(world: World, step: Step, waitedBefore = false): World {
    const at = world.at + A_WHILE_MILLISECONDS;
    const { cluster, account } = changed(world, step, at);
    return { at, cluster: settled(cluster, at, waitedBefore, associatedRole(account)), account };
}

/** The role that the association gives new pods. Undefined if there is none. */
function associatedRole({ associations }: AccountSeen): string | undefined {
    return associations?.is === "seen" ? associations.associations[0]?.roleArn : undefined;
}

function changed({ cluster, account }: World, step: Step, at: number): Omit<World, "at"> {
    switch (step.do) {
        case "annotate":
            return { cluster: withAnnotations(cluster, step.annotations), account };
        case "releaseServiceAccount":
            return { cluster: released(cluster, step.leaving), account };
        case "restart":
            return { cluster: withReplaced(cluster, step.pods, at, associatedRole(account)), account };
        case "forceRestart":
            return { cluster: withReplaced(cluster, [step.pod], at, associatedRole(account)), account };
        case "updateAddOn":
            return withAddOnRole({ cluster, account }, step.update.roleArn);
        case "removeRole":
            return { cluster: withoutRole(cluster), account };
        case "unskipContainers":
            return { cluster: withoutSkipping(cluster), account };
        case "removeWakeMark":
            return { cluster: withoutWakeMark(cluster), account };
        case "attach":
            return { cluster, account: attached(account, step.policies) };
        case "detach":
            return { cluster, account: detached(account, step.policies) };
        case "admitRoles":
            return {
                cluster: { ...cluster, injectionGuard: { ...cluster.injectionGuard, roleArns: step.roleArns } },
                account,
            };
        case "createInjectionGuard":
            return {
                cluster: { ...cluster, injectionGuard: { present: true, inForce: true, roleArns: step.roleArns } },
                account,
            };
        case "removeInjectionGuard":
            return { cluster: { ...cluster, injectionGuard: { present: false, inForce: false } }, account };
        default:
            return { cluster, account };
    }
}

/** EKS writes the annotation, or removes its own. */
function withAddOnRole({ cluster, account }: Omit<World, "at">, roleArn: string | undefined): Omit<World, "at"> {
    const { addOn, otherDelivery } = account;
    const changed = {
        ...account,
        ...(addOn?.is === "there" ? { addOn: { ...addOn, roleArn } } : {}),
        ...(otherDelivery === undefined ? {} : { otherDelivery: { ...otherDelivery, addOnRoleArn: roleArn } }),
    };
    return roleArn === undefined && isOfAddOn(cluster)
        ? { cluster: withoutRole(cluster), account: changed }
        : { cluster, account: changed };
}

function withoutRole(cluster: ClusterSeen): ClusterSeen {
    const { serviceAccount } = cluster;
    if (serviceAccount === undefined) {
        return cluster;
    }
    const others = Object.entries(serviceAccount.annotations).filter(([name]) => name !== ROLE_ARN_ANNOTATION);
    return {
        ...cluster,
        serviceAccount: { ...serviceAccount, annotations: Object.fromEntries(others), roleArnOwners: [] },
    };
}

function withoutSkipping(cluster: ClusterSeen): ClusterSeen {
    if (cluster.daemonSet === undefined) {
        return cluster;
    }
    const { skipsContainers, ...daemonSet } = cluster.daemonSet;
    return { ...cluster, daemonSet, pods: cluster.pods.map((pod) => ({ ...pod, current: !skipsContainers })) };
}

function withoutWakeMark(cluster: ClusterSeen): ClusterSeen {
    return { ...cluster, daemonSet: cluster.daemonSet && { ...cluster.daemonSet, woken: false } };
}

/** Replaces the webhook's annotations. Others stay. */
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

/** The annotations that stay belong to another owner. */
function released(cluster: ClusterSeen, annotations: Readonly<Record<string, string>>): ClusterSeen {
    const { serviceAccount } = cluster;
    return serviceAccount === undefined
        ? cluster
        : { ...cluster, serviceAccount: { uid: serviceAccount.uid, annotations, roleArnOwners: [] } };
}

/** The component's association, as the engine creates it or changes it back. It is old enough: each step of a forecast takes a while. */
export function withAssociation(account: AccountSeen, roleArn: string, clusterName: string, at: number): AccountSeen {
    const modifiedAt = at - ASSOCIATION_MARGIN_MILLISECONDS;
    return { ...account, associations: { is: "seen", clusterName, associations: [{ id: "", roleArn, modifiedAt }] } };
}

/** The association is gone, the pods use the node roles, and the pod template still excludes its containers from the webhook. */
export function withoutPodIdentity({ at, cluster, account }: World): World {
    const { daemonSet, pods } = cluster;
    const { associations, otherDelivery, podIdentityRoleArns } = account;
    const onNodeRole = (pod: PodSeen): PodSeen =>
        pod.credentials.kind === "containerCredentials" ? { ...pod, credentials: { kind: "nodeRole" } } : pod;
    return {
        at,
        cluster: {
            ...cluster,
            daemonSet: daemonSet && { ...daemonSet, skipsContainers: true },
            injectionGuard: { present: false, inForce: false },
            pods: pods.map(onNodeRole),
        },
        account: {
            ...account,
            ...(associations?.is === "seen" ? { associations: { ...associations, associations: [] } } : {}),
            ...(podIdentityRoleArns === undefined ? {} : { podIdentityRoleArns: [] }),
            ...(otherDelivery === undefined ? {} : { otherDelivery: { ...otherDelivery, podIdentityRoleArns: [] } }),
        },
    };
}

/** The injection guard, if there is one, also admits pods with this role. */
export function withAdmitted(cluster: ClusterSeen, roleArn: string): ClusterSeen {
    const { injectionGuard } = cluster;
    const { roleArns } = injectionGuard;
    return roleArns === undefined
        ? cluster
        : { ...cluster, injectionGuard: { ...injectionGuard, roleArns: [...new Set([...roleArns, roleArn])] } };
}

/**
 * Terminating pods are gone, a rolling update has finished, and every Ready node has its pod, unless the injection guard refuses it.
 *
 * A pod that was not Ready becomes Ready only at the second wait in a row, so that the decision first sees a pod that an earlier
 * run left broken.
 */
function settled(cluster: ClusterSeen, at: number, waitedBefore: boolean, associated: string | undefined): ClusterSeen {
    const rolling = cluster.daemonSet?.updateStrategy === "RollingUpdate";
    const notReadyNodes = new Set(cluster.nodes.filter(({ ready }) => !ready).map(({ name }) => name));
    const afterAWhile = (pod: PodSeen): PodSeen => {
        if (notReadyNodes.has(pod.node)) {
            return pod;
        }
        const next = rolling && !pod.current ? newPod(pod.node, cluster, at, associated) : pod;
        return waitedBefore || next.createdAt === at ? madeReady(next, at) : next;
    };
    const staying = cluster.pods
        .filter(({ node, terminating }) => notReadyNodes.has(node) || !terminating)
        .map(afterAWhile);
    const occupied = new Set(staying.map(({ node }) => node));
    const empty = cluster.nodes.filter(({ name, ready }) => ready && !occupied.has(name));
    const { injectionGuard, refusedPods } = cluster;
    const refused = refusedPods.length > 0 && associated === undefined && isRefused(cluster);
    return {
        ...cluster,
        ...(cluster.seenAt === undefined ? {} : { seenAt: at }),
        pods: refused
            ? staying
            : [...staying, ...empty.map(({ name }) => madeReady(newPod(name, cluster, at, associated), at))],
        injectionGuard: { ...injectionGuard, inForce: injectionGuard.present },
        refusedPods: refused ? refusedPods : [],
    };
}

/** Whether the injection guard refuses the pods that the webhook makes of the annotation. */
function isRefused({ injectionGuard, serviceAccount }: ClusterSeen): boolean {
    const { [ROLE_ARN_ANNOTATION]: roleArn = "" } = serviceAccount?.annotations ?? {};
    return injectionGuard.roleArns?.includes(roleArn) === false;
}

function madeReady(pod: PodSeen, at: number): PodSeen {
    return pod.ready ? pod : { ...pod, ready: true, readySince: at, unreadySince: undefined };
}

function withReplaced(
    cluster: ClusterSeen,
    restarted: readonly PodSeen[],
    at: number,
    associated: string | undefined,
): ClusterSeen {
    const uids = new Set(restarted.map(({ uid }) => uid));
    const replaced = (pod: PodSeen) => (uids.has(pod.uid) ? newPod(pod.node, cluster, at, associated) : pod);
    return { ...cluster, pods: cluster.pods.map(replaced) };
}

/** A new pod as the webhook changes it. It becomes Ready if its node responds. */
function newPod(
    node: NodeSeen["name"],
    { serviceAccount }: ClusterSeen,
    at: number,
    associated: string | undefined,
): PodSeen {
    return {
        name: `the next pod of ${node}`,
        uid: `${node} ${String(at)}`,
        node,
        createdAt: at,
        ready: false,
        readySince: undefined,
        unreadySince: undefined,
        terminating: false,
        current: true,
        credentials:
            associated === undefined
                ? credentialsBy(serviceAccount?.annotations ?? {})
                : { kind: "containerCredentials", what: "the credentials of an association", roleArn: associated },
        missingPermissions: undefined,
        restarts: 0,
    };
}

/** Like amazon-eks-pod-identity-webhook pkg/handler/handler.go. */
function credentialsBy(annotations: Readonly<Record<string, string>>): CredentialSource {
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
        nodeRoles: account.nodeRoles.map((role) => {
            const cniPolicies = map(role.name, role.cniPolicies);
            const gone = role.cniPolicies.filter(({ arn }) => !cniPolicies.some((policy) => policy.arn === arn));
            const stays = ({ name }: { readonly name: string }) => !gone.some(({ arn }) => arn === name);
            return { ...role, cniPolicies, ...(role.policies && { policies: role.policies.filter(stays) }) };
        }),
    };
}
