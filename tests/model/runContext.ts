import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import type { ConnectionInputs } from "../../handover/model/connection";
import type { ClusterSeen, CredentialSource, DaemonSetSeen, NodeRoleSeen, PodSeen } from "../../handover/model/world";
import type { RunContext } from "../../handover/observe/runContext";
import type { CallName } from "./conditions";
import type { Run } from "./run";
import { FOREIGN_OWNER, FOREIGN_ROLE, ModelPod, ModelWorld, POD_IDENTITY, ROLE_ARN } from "./world";

export const ACCOUNT = "111122223333";
export const ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/A";
export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
export const CONTROL = "pulumi.com/patchFieldManager";

/** The run context of the live checks, with the model as cluster and account. */
export function runContextOf(
    world: ModelWorld,
    run: Run,
    { subject }: ConnectionInputs,
    roleNames: readonly string[],
): RunContext {
    return {
        subject,
        roleNames,
        cluster: failing("cluster", clusterOf(world, run, subject.fieldManager), world, run),
        aws: failing("aws", awsOf(world, run), world, run),
        now: () => world.now,
        sleep: (milliseconds) => run.call(`sleep ${String(milliseconds)}`, () => world.advance(milliseconds)),
        progress: (line) => world.note(`  . ${line}`),
        ...(run.cancelled === undefined ? {} : { cancelled: run.cancelled }),
    };
}

/** The same access, whose calls fail as the world's conditions say. */
function failing<T extends object>(what: "cluster" | "aws", access: T, world: ModelWorld, run: Run): T {
    return new Proxy(access, {
        get(target, name) {
            const call = Reflect.get(target, name) as (...parameters: unknown[]) => unknown;
            return (...parameters: unknown[]) => {
                const why =
                    name === "close" ? undefined : world.conditions.fails?.(`${what}.${String(name)}` as CallName);
                return why === undefined
                    ? call(...parameters)
                    : run.call(`${String(name)} fails`, () => undefined).then(() => Promise.reject(why));
            };
        },
    });
}

function clusterOf(world: ModelWorld, run: Run, manager: string): ClusterAccess {
    const version = () => world.conditions.version ?? { major: 1, minor: 34 };
    const issuer = () => world.conditions.tokenIssuer ?? ISSUER;
    const uid = () => world.conditions.clusterUid ?? "cluster";
    const read = <T>(what: string, seen: () => T) => run.call(`read ${what}`, seen, false);
    return {
        identity: () => read("identity", () => ({ uid: uid(), version: version() })),
        clustersInKubeconfig: () => ["prod"],
        look: () => read("cluster", () => clusterSeen(world)),
        change: (withTimeout) =>
            run.call(
                "wait",
                () => {
                    const { version: before } = world;
                    world.advance(withTimeout, () => world.version !== before);
                },
                false,
            ),
        issuer: () => read("issuer", issuer),
        requestToken: () =>
            read(
                "token",
                () => `h.${Buffer.from(JSON.stringify({ iss: `https://${issuer()}` })).toString("base64url")}.s`,
            ),
        annotate: (annotations) =>
            run.call(`annotate ${annotations[ROLE_ARN] ?? "nothing"}`, () => {
                const { [CONTROL]: control } = world.annotations;
                world.annotate({ ...(control === undefined ? {} : { [CONTROL]: control }), ...annotations }, manager);
            }),
        restart: ({ name, uid }) => run.call(`restart ${name}`, () => world.stop(uid, true)),
        forceRestart: ({ name, uid }) => run.call(`force restart ${name}`, () => world.stop(uid, true, true)),
        releaseTemplate: () =>
            run.call("release the template", () => (world.template = undefined)).then(() => undefined),
        releaseServiceAccount: (leaving) =>
            run.call("release the service account", () => {
                const foreign = world.annotations[ROLE_ARN] === FOREIGN_ROLE;
                world.annotate(
                    { ...(foreign ? { [ROLE_ARN]: FOREIGN_ROLE } : {}), ...leaving },
                    foreign ? FOREIGN_OWNER : "eks-cni-hand-back",
                );
            }),
        wakeDaemonSet: () => run.call("wake the DaemonSet", () => world.wake()),
        removeWakeMark: () => run.call("remove the wake mark", () => (world.woken = false)).then(() => undefined),
        admitRoles: (roleArns) =>
            run.call("change the injection guard", () => {
                world.guard = world.guard && roleArns;
            }),
        testAdmission: (roleArn) =>
            read("admission", () => ({
                verdict: world.admits(roleArn) ? ("admitted" as const) : ("refused" as const),
            })),
        removeInjectionGuard: () =>
            run.call("remove the injection guard", () => {
                world.guard = undefined;
            }),
        close: () => undefined,
    };
}

function clusterSeen(world: ModelWorld): ClusterSeen {
    const { conditions } = world;
    const serviceAccount = {
        uid: conditions.serviceAccountUid ?? "service-account",
        annotations: { ...world.annotations },
        roleArnOwners: world.owner === undefined ? [] : [world.owner],
    };
    const daemonSet: DaemonSetSeen = {
        uid: "daemon-set",
        updateStrategy: world.strategy,
        maxUnavailable: world.maxUnavailable,
        ...(conditions.serviceAccountName === undefined ? {} : { serviceAccountName: conditions.serviceAccountName }),
        templateLabels: conditions.templateLabels ?? {},
        images: conditions.images ?? {},
        nodeAgentArguments: conditions.nodeAgentArguments ?? [],
        observed: true,
        woken: world.woken,
        templateAnnotations: world.template === undefined ? {} : { "eks-cni/delivered": world.template },
    };
    const { defaultPodsWithoutRole } = conditions;
    return {
        uid: conditions.clusterUid ?? "cluster",
        serviceAccount: conditions.noServiceAccount ? undefined : serviceAccount,
        daemonSet: conditions.noDaemonSet ? undefined : daemonSet,
        ...(defaultPodsWithoutRole === undefined ? {} : { defaultPodsWithoutRole }),
        nodes: world.nodes.map(({ name, ready }) => ({ name, ready, instanceId: instanceOf(name) })),
        pods: world.pods.map((pod) => podSeen(world, pod)),
        injectionGuard: {
            present: world.guard !== undefined,
            inForce: world.guard !== undefined,
            ...(world.guard === undefined ? {} : { roleArns: world.guard }),
        },
        refusedPods: Array.from({ length: Math.min(world.refused, 3) }, () => "refused"),
    };
}

function podSeen(world: ModelWorld, pod: ModelPod): PodSeen {
    const ready = world.isReady(pod);
    return {
        name: pod.name,
        uid: pod.uid,
        node: pod.node,
        createdAt: pod.createdAt,
        restarts: 0,
        ready,
        readySince: ready ? pod.readySince : undefined,
        terminating: pod.stoppingSince !== undefined,
        current: pod.template === world.template,
        credentials: credentialsOf(pod),
        missingPermissions: pod.roleArn === undefined ? undefined : world.conditions.missingPermissions,
    };
}

function credentialsOf({ roleArn, otherCredentials }: ModelPod): CredentialSource {
    if (otherCredentials !== undefined) {
        const isAssociation = otherCredentials.startsWith("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        return { kind: isAssociation ? "containerCredentials" : "other", what: otherCredentials };
    }
    switch (roleArn) {
        case undefined:
            return { kind: "nodeRole" };
        case POD_IDENTITY:
            return { kind: "containerCredentials", what: "container credentials" };
        default:
            return { kind: "webIdentity", roleArn, regionalSts: undefined };
    }
}

function awsOf(world: ModelWorld, run: Run): AwsAccess {
    const read = <T>(what: string, seen: () => T) => run.call(`read ${what}`, seen, false);
    return {
        callerAccount: () => read("caller", () => world.conditions.callerAccount ?? ACCOUNT),
        look: ({ instanceIds, roleNames }) =>
            read("account", () => {
                const { unknownNodes = [] } = world.conditions;
                const known = world.nodes.filter(({ name }) => !unknownNodes.includes(name));
                const roleOf = (id: string) => known.find(({ name }) => instanceOf(name) === id)?.role;
                const roleOfInstance = Object.fromEntries(instanceIds.map((id) => [id, roleOf(id)]));
                const used = Object.values(roleOfInstance).filter((role) => role !== undefined);
                return {
                    roleOfInstance,
                    nodeRoles: [...new Set([...used, ...roleNames])].map((name) => nodeRoleSeen(world, name)),
                };
            }),
        attach: (role, policyArn) =>
            run.call(`attach to ${role}`, () => change(world, role, policyArn, true)).then(() => "attached"),
        detach: (role, policyArn) =>
            run.call(`detach from ${role}`, () => change(world, role, policyArn, false)).then(() => "detached"),
        missingGrants: () => read("policies", () => ({ cni: [], logs: [] })),
        clusterStatus: () => read("cluster status", () => world.conditions.clusterStatus ?? "there"),
        namedCluster: () => read("named cluster", () => ({ is: "there", issuer: ISSUER })),
        otherDelivery: () =>
            read("other delivery", () => {
                const addOnRoleArn = world.addOn?.roleArn ?? world.conditions.addOnRoleArn;
                return {
                    addOnRoleArn,
                    addOn: addOnRoleArn !== undefined,
                    podIdentityRoleArns: [
                        ...(world.association ? ["arn:aws:iam::111122223333:role/associated"] : []),
                        ...(world.conditions.podIdentityRoleArns ?? []),
                    ],
                    unread: world.conditions.unread ?? [],
                };
            }),
        prove: ({ roleArn }) =>
            read("proof", () => world.isKnown(roleArn) && !world.broken.has(roleArn)).then(
                (works) =>
                    world.conditions.proof?.() ??
                    (works
                        ? { verdict: "yes", evidence: [] }
                        : { verdict: "no", code: "permission-missing", why: "not yet", final: false }),
            ),
    };
}

/** The add-on may get its role between the last look and the detachment. */
const LATE_MILLISECONDS = 5000;

function change(world: ModelWorld, role: string, policyArn: string, attached: boolean): void {
    if (policyArn === CNI_POLICY) {
        if (!attached && world.addOn !== undefined && world.now - world.addOn.since > LATE_MILLISECONDS) {
            world.problem(`a policy is detached from ${role} while the add-on has another role`);
        }
        world.setAttached(role, attached);
        return;
    }
    const others = (world.conditions.otherPolicies?.[role] ?? []).filter((arn) => arn !== policyArn);
    world.conditions.otherPolicies = {
        ...world.conditions.otherPolicies,
        [role]: attached ? [...others, policyArn] : others,
    };
}

function nodeRoleSeen(world: ModelWorld, name: string): NodeRoleSeen {
    const instances = world.nodes.filter(({ role }) => role === name).map((node) => instanceOf(node.name));
    return {
        name,
        exists: true,
        uniqueId: name,
        inlineCniPolicies: [],
        instancesElsewhere: [],
        cniPolicies: [
            ...(world.isAttached(name) ? [CNI_POLICY] : []),
            ...(world.conditions.otherPolicies?.[name] ?? []),
        ].map((arn) => ({ arn, kind: "cni", sufficient: true })),
        instancesOfCluster: instances,
        ...world.conditions.nodeRoles?.[name],
    };
}

const instanceOf = (node: string) => `i-${node}`;
