import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import { type CarrierSeen, nextCarrier } from "../../handover/model/carrier";
import type { ConnectionInputs } from "../../handover/model/connection";
import type { OtherDelivery } from "../../handover/model/otherDelivery";
import type { ProofFailure } from "../../handover/model/proof";
import type { Subject } from "../../handover/model/subject";
import type {
    ClusterSeen,
    CredentialSource,
    DaemonSetSeen,
    NodeRoleSeen,
    OtherCarrier,
    PodSeen,
} from "../../handover/model/world";
import type { RunContext } from "../../handover/observe/runContext";
import type { CallName } from "./conditions";
import { ACCOUNT, CNI_POLICY, ISSUER, missingGrants, refusedBy } from "./cniRole";
import { CUSTOMER_POLICY, LENT_POLICY } from "./lentPolicies";
import type { Run } from "./run";
import { FOREIGN_OWNER, FOREIGN_ROLE, ModelPod, ModelWorld, POD_IDENTITY, ROLE_ARN } from "./world";

export { CNI_POLICY } from "./cniRole";
export const CONTROL = "pulumi.com/patchFieldManager";

/** The run context of the live checks, with the model as cluster and account. */
export function runContextOf(
    world: ModelWorld,
    run: Run,
    { subject, regions }: ConnectionInputs,
    roleNames: readonly string[],
): RunContext {
    return {
        subject,
        roleNames,
        ...(regions === undefined ? {} : { regions }),
        cluster: failing("cluster", clusterOf(world, run, subject), world, run),
        aws: failing("aws", awsOf(world, run, subject), world, run),
        now: () => world.now,
        sleep: (milliseconds) => run.call(`sleep ${String(milliseconds)}`, () => world.advance(milliseconds)),
        progress: (line) => {
            world.note(`  . ${line}`);
            if (line.startsWith("the rollout failed: ")) {
                world.onFailedRollout?.();
            }
        },
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

function clusterOf(world: ModelWorld, run: Run, subject: Subject): ClusterAccess {
    const { fieldManager: manager, serviceAccount } = subject;
    const { name: accountName } = serviceAccount;
    const version = () => world.conditions.version ?? { major: 1, minor: 34 };
    const issuer = () => world.conditions.tokenIssuer ?? ISSUER;
    const uid = () => world.conditions.clusterUid ?? "cluster";
    const read = <T>(what: string, seen: () => T) => run.call(`read ${what}`, seen, false);
    return {
        identity: () => read("identity", () => ({ uid: uid(), version: version() })),
        clustersInKubeconfig: () => ["prod"],
        look: () =>
            read("cluster", () => {
                world.look(subject.roleArn);
                return clusterSeen(world, subject);
            }),
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
                const { [CONTROL]: control } = world.accountOf(accountName).annotations;
                const kept = { ...(control === undefined ? {} : { [CONTROL]: control }), ...annotations };
                world.annotate(kept, manager, accountName, true);
            }),
        restart: ({ name, uid }) => run.call(`restart ${name}`, () => world.stop(uid, true)),
        forceRestart: ({ name, uid }) => run.call(`force restart ${name}`, () => world.stop(uid, true, true)),
        releaseTemplate: () =>
            run.call("release the template", () => {
                world.template = undefined;
                world.patched = undefined;
            }),
        releaseServiceAccount: (leaving, { name } = serviceAccount) =>
            run.call(`release the service account ${name}`, () => {
                const foreign = world.accountOf(name).annotations[ROLE_ARN] === FOREIGN_ROLE;
                world.annotate(
                    { ...(foreign ? { [ROLE_ARN]: FOREIGN_ROLE } : {}), ...leaving },
                    foreign ? FOREIGN_OWNER : "eks-cni-hand-back",
                    name,
                    true,
                );
            }),
        wakeDaemonSet: () => run.call("wake the DaemonSet", () => world.wake()),
        removeWakeMark: () => run.call("remove the wake mark", () => (world.woken = false)).then(() => undefined),
        admitRoles: (roleArns) =>
            run.call("change the injection guard", () => {
                world.guardedAccount = world.guard === undefined ? world.guardedAccount : accountName;
                world.guard = world.guard && roleArns;
            }),
        testAdmission: (roleArn) =>
            read("admission", () => ({
                verdict: world.admits(roleArn, accountName) ? ("admitted" as const) : ("refused" as const),
            })),
        removeInjectionGuard: () =>
            run.call("remove the injection guard", () => {
                world.guard = undefined;
            }),
        close: () => undefined,
    };
}

function clusterSeen(world: ModelWorld, subject: Subject): ClusterSeen {
    const { conditions } = world;
    // Both service accounts exist, and the DaemonSet uses one of them. A DaemonSet of another name does not exist.
    const { uid, annotations, owner } = world.accountOf(subject.serviceAccount.name);
    const serviceAccount = {
        uid: conditions.serviceAccountUid ?? uid,
        annotations: { ...annotations },
        roleArnOwners: owner === undefined ? [] : [owner],
    };
    const hasDaemonSet = subject.daemonSetName === world.daemonSetName && !conditions.noDaemonSet;
    const { defaultPodsWithoutRole } = conditions;
    const others = otherCarriers(world, subject, hasDaemonSet);
    const former = annotatedFormerAccounts(world, subject);
    const isGuarded = subject.serviceAccount.name === world.guardedAccount;
    return {
        uid: conditions.clusterUid ?? "cluster",
        serviceAccount: conditions.noServiceAccount ? undefined : serviceAccount,
        daemonSet: hasDaemonSet ? daemonSetSeen(world) : undefined,
        ...(defaultPodsWithoutRole === undefined ? {} : { defaultPodsWithoutRole }),
        nodes: hasDaemonSet
            ? world.nodes.map(({ name, ready }) => ({ name, ready, instanceId: instanceOf(name) }))
            : [],
        pods: hasDaemonSet ? world.pods.map((pod) => podSeen(world, pod)) : [],
        ...(others.length === 0 ? {} : { otherCarriers: others }),
        ...(former.length === 0 ? {} : { formerServiceAccounts: former }),
        injectionGuard: {
            present: world.guard !== undefined,
            inForce: world.guard !== undefined,
            // With the expressions for another service account, it admits no known role.
            ...(world.guard === undefined ? {} : { roleArns: isGuarded ? world.guard : [] }),
        },
        refusedPods: Array.from({ length: Math.min(world.refused, 3) }, () => "refused"),
    };
}

function daemonSetSeen(world: ModelWorld): DaemonSetSeen {
    const { conditions } = world;
    const logs = world.writesLogs ? ["--enable-cloudwatch-logs=true"] : [];
    return {
        uid: "daemon-set",
        updateStrategy: world.strategy,
        maxUnavailable: world.maxUnavailable,
        serviceAccountName: conditions.serviceAccountName ?? world.serviceAccountName,
        templateLabels: conditions.templateLabels ?? {},
        images: conditions.images ?? {},
        nodeAgentArguments: conditions.nodeAgentArguments ?? logs,
        observed: true,
        woken: world.woken,
        templateAnnotations: world.template === undefined ? {} : { "eks-cni/delivered": world.template },
        patchFieldManager: world.patched?.manager,
    };
}

/** Pods that carry a role, of the service accounts that the look reads: those of other DaemonSets than the subject's. */
function otherCarriers(
    world: ModelWorld,
    { serviceAccount, formerServiceAccounts = [] }: Subject,
    hasDaemonSet: boolean,
): OtherCarrier[] {
    const accounts = [serviceAccount, ...formerServiceAccounts];
    const unnamed = hasDaemonSet ? [] : world.pods.map((pod) => ({ ...pod, daemonSet: world.daemonSetName }));
    return [...unnamed, ...world.others.pods].flatMap(({ name, roleArn, daemonSet, serviceAccount: of }) => {
        const account = accounts.find((one) => one.name === of);
        return account === undefined || roleArn === undefined || roleArn === POD_IDENTITY
            ? []
            : [{ name, serviceAccount: account, daemonSet, roleArns: [roleArn] }];
    });
}

/** The former service accounts on which the component still owns annotations. */
function annotatedFormerAccounts(world: ModelWorld, { formerServiceAccounts = [], fieldManager }: Subject) {
    return formerServiceAccounts.filter(({ name }) => {
        const { owner, annotations } = world.accountOf(name);
        return owner === fieldManager || annotations[CONTROL] === fieldManager;
    });
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
        unreadySince: ready ? undefined : (pod.unreadySince ?? pod.startedAt),
        terminating: pod.stoppingSince !== undefined,
        current: pod.revision === world.revision,
        credentials: credentialsOf(pod),
        missingPermissions: pod.roleArn === undefined ? undefined : world.conditions.missingPermissions,
        ...(pod.startProblem === undefined ? {} : { startProblem: pod.startProblem }),
    };
}

function credentialsOf({
    roleArn,
    otherCredentials,
}: Pick<ModelPod, "roleArn" | "otherCredentials">): CredentialSource {
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

function awsOf(world: ModelWorld, run: Run, { serviceAccount }: Subject): AwsAccess {
    const read = <T>(what: string, seen: () => T) => run.call(`read ${what}`, seen, false);
    return {
        callerAccount: () => read("caller", () => world.conditions.callerAccount ?? ACCOUNT),
        look: ({ instanceIds, roleNames, searchElsewhere, regions }) =>
            read("account", () => {
                world.lookAtAccount();
                const { unknownNodes = [] } = world.conditions;
                const known = world.nodes.filter(({ name }) => !unknownNodes.includes(name));
                const roleOf = (id: string) => known.find(({ name }) => instanceOf(name) === id)?.role;
                const roleOfInstance = Object.fromEntries(instanceIds.map((id) => [id, roleOf(id)]));
                const used = Object.values(roleOfInstance).filter((role) => role !== undefined);
                const unreadRegions = (searchElsewhere ? (world.conditions.unreadRegions ?? []) : []).filter(
                    ({ region }) => regions?.includes(region) ?? true,
                );
                return {
                    roleOfInstance,
                    networkOfInstance: Object.fromEntries(
                        known
                            .filter(({ name }) => instanceIds.includes(instanceOf(name)))
                            .map(({ name, subnet }) => [
                                instanceOf(name),
                                { subnetId: subnet, securityGroupIds: ["sg-nodes"] },
                            ]),
                    ),
                    nodeRoles: [...new Set([...used, ...roleNames])].map((name) => nodeRoleSeen(world, name)),
                    ...(unreadRegions.length > 0 && { unreadRegions }),
                };
            }),
        attach: (role, policyArn) =>
            run.call(`attach to ${role}`, () => {
                if (world.gonePolicies.has(policyArn)) {
                    return "policyGone";
                }
                change(world, role, policyArn, true);
                return "attached";
            }),
        detach: (role, policyArn) =>
            run.call(`detach from ${role}`, () => change(world, role, policyArn, false)).then(() => "detached"),
        missingGrants: (policyArns, ipFamily) => read("policies", () => missingGrants(policyArns, ipFamily)),
        clusterStatus: () => read("cluster status", () => world.conditions.clusterStatus ?? "there"),
        namedCluster: () => read("named cluster", () => ({ is: "there", issuer: ISSUER, ipFamily: world.ipFamily })),
        otherDelivery: () => read("other delivery", () => otherDeliverySeen(world)),
        prove: async ({ roleArn, ipFamily }) => {
            const code = await read("proof", () => proofFailure(world, roleArn, ipFamily, serviceAccount.name));
            return (
                world.conditions.proof?.() ??
                (code === undefined
                    ? { verdict: "yes", evidence: [] }
                    : { verdict: "no", code, why: "not yet", final: false })
            );
        },
    };
}

function otherDeliverySeen(world: ModelWorld): OtherDelivery {
    if (world.unread) {
        const call = { action: "eks:DescribeAddon", cause: "denied", why: "not allowed" } as const;
        return { addOnRoleArn: undefined, addOn: false, podIdentityRoleArns: [], unread: [call] };
    }
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
}

function proofFailure(
    world: ModelWorld,
    roleArn: string,
    ipFamily: Subject["ipFamily"],
    account: string,
): ProofFailure | undefined {
    const role = world.cniRoles.get(roleArn);
    const broken = world.broken.get(roleArn);
    return role === undefined || !world.isKnown(roleArn)
        ? "permission-missing"
        : (broken ?? refusedBy(role, ipFamily, account));
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
    if (policyArn === LENT_POLICY) {
        if (attached && !world.lent.mayBeGivenBack(role)) {
            world.problem(`${role} gets a policy again that no update has recorded`);
        }
        world.lent[attached ? "lend" : "takeBack"](role);
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
            ...(world.lent.isHeldBy(name) ? [LENT_POLICY] : []),
            ...(world.conditions.otherPolicies?.[name] ?? []),
        ].map((arn) => ({ arn, kind: "cni", sufficient: arn !== LENT_POLICY && arn !== CUSTOMER_POLICY })),
        instancesOfCluster: instances,
        ...world.conditions.nodeRoles?.[name],
    };
}

const instanceOf = (node: string) => `i-${node}`;

/** The pods as the hook of the role's update sees them, and the next one of the service account that the role trusts. */
export function carriersOf(world: ModelWorld, account: string): CarrierSeen[] {
    const { [ROLE_ARN]: annotated } = world.accountOf(account).annotations;
    const others = world.others.pods.map((pod) => ({ ...pod, otherCredentials: undefined }));
    const pods = [...world.pods, ...others].map((pod) => ({
        name: pod.name,
        namespace: "kube-system",
        serviceAccount: pod.serviceAccount,
        credentials: credentialsOf(pod),
    }));
    return annotated === undefined
        ? pods
        : [...pods, nextCarrier({ namespace: "kube-system", name: account }, annotated)];
}
