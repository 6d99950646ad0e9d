import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import type { ConnectionInputs } from "../../handover/model/connection";
import type { ClusterSeen, CredentialSource, NodeRoleSeen, PodSeen } from "../../handover/model/world";
import type { RunContext } from "../../handover/observe/runContext";
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
        cluster: clusterOf(world, run, subject.fieldManager),
        aws: awsOf(world, run),
        now: () => world.now,
        sleep: (milliseconds) => run.call(`sleep ${String(milliseconds)}`, () => world.advance(milliseconds)),
        progress: (line) => world.note(`  . ${line}`),
    };
}

function clusterOf(world: ModelWorld, run: Run, manager: string): ClusterAccess {
    const version = { major: 1, minor: 34 };
    const read = <T>(what: string, seen: () => T) => run.call(`read ${what}`, seen, false);
    return {
        identity: () => read("identity", () => ({ uid: "cluster", version })),
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
        issuer: () => read("issuer", () => ISSUER),
        requestToken: () =>
            read(
                "token",
                () => `h.${Buffer.from(JSON.stringify({ iss: `https://${ISSUER}` })).toString("base64url")}.s`,
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
    return {
        uid: "cluster",
        serviceAccount: {
            uid: "service-account",
            annotations: { ...world.annotations },
            roleArnOwners: world.owner === undefined ? [] : [world.owner],
        },
        daemonSet: {
            uid: "daemon-set",
            updateStrategy: world.strategy,
            maxUnavailable: world.maxUnavailable,
            templateLabels: {},
            images: {},
            nodeAgentArguments: [],
            observed: true,
            woken: world.woken,
            templateAnnotations: world.template === undefined ? {} : { "eks-cni/delivered": world.template },
        },
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
        missingPermissions: undefined,
    };
}

function credentialsOf({ roleArn }: ModelPod): CredentialSource {
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
        callerAccount: () => read("caller", () => ACCOUNT),
        look: ({ instanceIds, roleNames }) =>
            read("account", () => {
                const roleOf = (id: string) => world.nodes.find(({ name }) => instanceOf(name) === id)?.role;
                const roleOfInstance = Object.fromEntries(instanceIds.map((id) => [id, roleOf(id)]));
                const used = Object.values(roleOfInstance).filter((role) => role !== undefined);
                return {
                    roleOfInstance,
                    nodeRoles: [...new Set([...used, ...roleNames])].map((name) => nodeRoleSeen(world, name)),
                };
            }),
        attach: (role) => run.call(`attach to ${role}`, () => world.setAttached(role, true)).then(() => "attached"),
        detach: (role) => run.call(`detach from ${role}`, () => world.setAttached(role, false)).then(() => "detached"),
        clusterStatus: () => read("cluster status", () => "there" as const),
        otherDelivery: () =>
            read("other delivery", () => ({
                addOnRoleArn: undefined,
                addOn: false,
                podIdentityRoleArns: world.association ? ["arn:aws:iam::111122223333:role/associated"] : [],
                unread: [],
            })),
        prove: ({ roleArn }) =>
            read("proof", () =>
                world.isKnown(roleArn)
                    ? { verdict: "yes", evidence: [] }
                    : { verdict: "no", code: "permission-missing", why: "not yet", final: false },
            ),
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
        cniPolicies: world.isAttached(name) ? [{ arn: CNI_POLICY, kind: "cni", sufficient: true }] : [],
        instancesOfCluster: instances,
    };
}

const instanceOf = (node: string) => `i-${node}`;
