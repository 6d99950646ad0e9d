import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import { carriesAnyOf } from "../../handover/model/carriedRole";
import type { ConnectionInputs } from "../../handover/model/connection";
import { LEAVING_MANAGER } from "../../handover/model/fieldManagers";
import type { OtherDelivery } from "../../handover/model/otherDelivery";
import type { ProofFailure } from "../../handover/model/proof";
import { refusals } from "../../handover/model/refusals";
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
import { ACCOUNT, CNI_POLICY, ISSUER, missingGrants, refusedBy, settingGap } from "./cniRole";
import { CUSTOMER_POLICY, LENT_POLICY } from "./lentPolicies";
import type { ModelAddOn } from "./managedAddOn";
import type { Run } from "./run";
import { ModelNode, ModelPod, ModelWorld, POD_IDENTITY, ROLE_ARN } from "./world";

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
        sleep: (milliseconds) => run.pass(`sleep ${String(milliseconds)}`, milliseconds),
        progress: (line) => {
            world.note(`  . ${line}`);
            if (line.startsWith("the rollout failed: ")) {
                world.onFailedRollout?.();
            }
            if (line.startsWith("waiting until ")) {
                world.writer?.withdraw();
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
    const hasGuard = () => isGuardOf(world, subject);
    return {
        identity: () => read("identity", () => ({ uid: uid(), version: version() })),
        clustersInKubeconfig: () => ["prod"],
        look: () =>
            read("cluster", () => {
                world.look(subject.roleArn, manager);
                return clusterSeen(world, subject);
            }),
        change: (withTimeout) => {
            const { version: before } = world;
            return run.pass("wait", withTimeout, { until: () => world.version !== before, writes: false });
        },
        issuer: () => read("issuer", issuer),
        resourceControllersOn: () => read("resource controllers", () => []),
        requestPodToken: () => read("pod token", () => "token"),
        requestToken: () =>
            read(
                "token",
                () => `h.${Buffer.from(JSON.stringify({ iss: `https://${issuer()}` })).toString("base64url")}.s`,
            ),
        annotate: (annotations, force) =>
            run.call(`annotate ${annotations[ROLE_ARN] ?? "nothing"}`, () => {
                if (world.conditions.noServiceAccount) {
                    throw refusals.serviceAccountMissing(subject);
                }
                const { entries, annotations: present } = world.accountOf(accountName);
                const isOwn = entries.some((one) => one.manager === manager && one.names.has(CONTROL));
                const control: Record<string, string> = isOwn ? { [CONTROL]: present[CONTROL] ?? "" } : {};
                const more = { account: accountName, force, isOwnWrite: true };
                const conflicts = world.apply(manager, { ...control, ...annotations }, more);
                if (conflicts.length > 0) {
                    throw refusals.annotationOwned(subject, conflicts);
                }
            }),
        restart: ({ name, uid, resourceVersion }) =>
            run.call(`restart ${name}`, () => {
                if (resourceVersion === undefined || resourceVersion === world.versionOf(uid)) {
                    world.stop(uid, true, false, manager);
                }
            }),
        forceRestart: ({ name, uid }) => run.call(`force restart ${name}`, () => world.stop(uid, true, true, manager)),
        releaseTemplate: () =>
            run.call("release the template", () => {
                if (world.patched === undefined || world.patched.manager === manager) {
                    world.releaseTemplate();
                }
            }),
        releaseServiceAccount: (leaving, { name } = serviceAccount) =>
            run.call(`release the service account ${name}`, () => {
                const isOwnWrite = world.accountOf(name).owns(manager) && world.ownsGuard(manager);
                if (Object.keys(leaving).length > 0) {
                    world.apply(LEAVING_MANAGER, leaving, { account: name, force: true, isOwnWrite });
                }
                const { [ROLE_ARN]: before } = world.accountOf(name).annotations;
                world.apply(manager, {}, { account: name, isOwnWrite });
                const isThere = world.conditions.noServiceAccount !== true;
                const isGone =
                    isThere && before !== undefined && world.accountOf(name).annotations[ROLE_ARN] === undefined;
                const isOfAnother = subject.delivery !== undefined && subject.delivery !== "podIdentity";
                if (isGone && isOfAnother && !world.isHandingBack(manager)) {
                    world.problem("the component's release removes the annotation that another writer is to own");
                }
            }),
        removeRole: () =>
            run.call("remove the role annotation", () => world.patch(manager, { [ROLE_ARN]: null }, accountName)),
        releaseLeft: () =>
            run.call("release what is left", () => {
                world.apply(LEAVING_MANAGER, {}, { account: accountName, isOwnWrite: true });
            }),
        wakeDaemonSet: () => run.call("wake the DaemonSet", () => world.wake()),
        removeWakeMark: () => run.call("remove the wake mark", () => (world.woken = false)).then(() => undefined),
        admitRoles: (roleArns) =>
            run.call("change the injection guard", () => {
                if (hasGuard()) {
                    world.guardedAccount = accountName;
                    world.guard = roleArns;
                }
            }),
        createInjectionGuard: (roleArns) =>
            run.call("create the injection guard", () => {
                world.guardName = subject.injectionGuardName;
                world.guardedAccount = accountName;
                world.guard = roleArns;
            }),
        skipContainers: (containers) =>
            run.call(containers.length > 0 ? "skip the containers" : "no longer skip the containers", () => {
                world.skipByLiveChecks(containers.length > 0, manager);
            }),
        testAdmission: (roleArn) =>
            read("admission", () => {
                const isAssociated = subject.delivery === "podIdentity" && roleArn !== undefined;
                if (world.admits(isAssociated ? POD_IDENTITY : roleArn, accountName)) {
                    return { verdict: "admitted" as const };
                }
                return world.guardName === subject.injectionGuardName
                    ? { verdict: "refused" as const }
                    : { verdict: "unknown" as const, why: "refused", anotherGuard: world.guardName };
            }),
        removeInjectionGuard: () =>
            run.call("remove the injection guard", () => {
                if (hasGuard()) {
                    world.guard = undefined;
                }
            }),
        close: () => undefined,
    };
}

function clusterSeen(world: ModelWorld, subject: Subject): ClusterSeen {
    const { conditions } = world;
    // Both service accounts exist, and the DaemonSet uses one of them. A DaemonSet of another name does not exist.
    const { uid, annotations, owners, appliers, since } = world.accountOf(subject.serviceAccount.name);
    const serviceAccount = {
        uid: conditions.serviceAccountUid ?? uid,
        annotations: { ...annotations },
        roleArnOwners: owners,
        ...(appliers.length === 0 ? {} : { roleArnAppliers: appliers }),
        ...(since === undefined ? {} : { roleArnSince: since }),
    };
    const hasDaemonSet = subject.daemonSetName === world.daemonSetName && !conditions.noDaemonSet;
    const { defaultPodsWithoutRole } = conditions;
    const others = otherCarriers(world, subject, hasDaemonSet);
    const former = annotatedFormerAccounts(world, subject);
    const hasGuard = isGuardOf(world, subject);
    const isGuarded = subject.serviceAccount.name === world.guardedAccount;
    return {
        uid: conditions.clusterUid ?? "cluster",
        seenAt: world.now,
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
            present: hasGuard,
            inForce: hasGuard,
            ...(conditions.othersGuard === undefined ? {} : { othersManagers: conditions.othersGuard }),
            // With the expressions for another service account, it admits no known role.
            ...(hasGuard ? { roleArns: isGuarded ? (world.guard ?? []) : [] } : {}),
        },
        agentsReadyOn: world.nodes.map(({ name }) => name),
        refusedPods: Array.from({ length: Math.min(world.refused, 3) }, () => "refused"),
        ...(world.refusedSince === undefined ? {} : { refusedSince: world.refusedSince }),
        ...(hasDaemonSet ? otherNodesSeen(world) : {}),
    };
}

function otherNodesSeen({ conditions, otherInstances }: ModelWorld): Pick<ClusterSeen, "otherNodes"> {
    const otherNodes = [...otherInstances.seen, ...(conditions.otherNodes ?? [])];
    return otherNodes.length === 0 ? {} : { otherNodes };
}

/** Whether the injection guard exists, and is that of the subject's component. */
function isGuardOf({ guard, guardName }: ModelWorld, { injectionGuardName }: Subject): boolean {
    return guard !== undefined && guardName === injectionGuardName;
}

function daemonSetSeen(world: ModelWorld): DaemonSetSeen {
    const { conditions } = world;
    const logs = world.writesLogs ? ["--enable-cloudwatch-logs=true"] : [];
    return {
        updateStrategy: world.strategy,
        maxUnavailable: world.maxUnavailable,
        serviceAccountName: conditions.serviceAccountName ?? world.serviceAccountName,
        templateLabels: conditions.templateLabels ?? {},
        images: conditions.images ?? { "aws-node": "cni:v1.19.0" },
        nodeAgentArguments: conditions.nodeAgentArguments ?? logs,
        ...(conditions.settings === undefined ? {} : { settings: conditions.settings }),
        observed: true,
        woken: world.woken,
        templateAnnotations: world.template === undefined ? {} : { "eks-cni/delivered": world.template },
        patchFieldManager: world.patched?.manager,
        ...(world.skipsContainers ? { skipsContainers: true } : {}),
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
    return formerServiceAccounts.filter(({ name }) => world.accountOf(name).owns(fieldManager));
}

function podSeen(world: ModelWorld, pod: ModelPod): PodSeen {
    const ready = world.isReady(pod);
    return {
        name: pod.name,
        uid: pod.uid,
        resourceVersion: world.versionOf(pod.uid),
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
    associated,
}: Pick<ModelPod, "roleArn" | "otherCredentials" | "associated">): CredentialSource {
    if (associated) {
        return { kind: "containerCredentials", what: "container credentials" };
    }
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

function awsOf(world: ModelWorld, run: Run, { serviceAccount, fieldManager }: Subject): AwsAccess {
    const read = <T>(what: string, seen: () => T) => run.call(`read ${what}`, seen, false);
    return {
        callerAccount: () => read("caller", () => world.conditions.callerAccount ?? ACCOUNT),
        look: ({ instanceIds, otherInstanceIds = [], roleNames, searchElsewhere, regions }) =>
            read("account", () => {
                world.lookAtAccount(fieldManager);
                const { unknownNodes = [] } = world.conditions;
                const seen = world.nodes.filter(({ name }) => !unknownNodes.includes(name));
                const known = nodesInEc2(world);
                const roleOf = (id: string) => known.find(({ name }) => instanceOf(name) === id)?.role;
                const roleOfInstance = Object.fromEntries(instanceIds.map((id) => [id, roleOf(id)]));
                const leaving = [
                    ...[...world.terminated].map((name) => [instanceOf(name), "terminated"] as const),
                    ...seen.flatMap(({ name, leaving: state }) =>
                        state === undefined ? [] : [[instanceOf(name), state] as const],
                    ),
                ].filter(([id]) => instanceIds.includes(id));
                const used = Object.values(roleOfInstance).filter((role) => role !== undefined);
                const unreadRegions = (searchElsewhere ? (world.conditions.unreadRegions ?? []) : []).filter(
                    ({ region }) => regions?.includes(region) ?? true,
                );
                return {
                    roleOfInstance,
                    ...(leaving.length === 0 ? {} : { leavingInstances: Object.fromEntries(leaving) }),
                    networkOfInstance: Object.fromEntries(
                        known
                            .filter(({ name }) => instanceIds.includes(instanceOf(name)))
                            .map(({ name, subnet }) => [
                                instanceOf(name),
                                { subnetId: subnet, securityGroupIds: ["sg-nodes"] },
                            ]),
                    ),
                    nodeRoles: [...new Set([...used, ...roleNames])].map((name) =>
                        nodeRoleSeen(world, name, { otherInstanceIds, searchElsewhere }),
                    ),
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
        settingGap: (request) => read("setting gap", () => settingGap(request, world.cniRoles.get(request.roleArn))),
        clusterStatus: () => read("cluster status", () => world.conditions.clusterStatus ?? "there"),
        namedCluster: () =>
            read("named cluster", () => ({
                is: "there",
                issuer: ISSUER,
                ipFamily: world.ipFamily,
                platformVersion: "eks.9",
            })),
        otherDelivery: () => read("other delivery", () => otherDeliverySeen(world)),
        addOn: (name) => read("add-on", () => world.managedAddOn?.seen(name) ?? { is: "missing", clusterName: name }),
        updateAddOn: (update) =>
            run.call(`update the add-on to ${update.roleArn ?? "no role"}`, () => addOnOf(world).update(update)),
        addOnUpdate: (_, updateId) => read("update", () => addOnOf(world).updateSeen(updateId)),
        associations: (clusterName) =>
            read("associations", () => {
                const { current } = world.ownAssociation;
                return { is: "seen", clusterName, associations: current === undefined ? [] : [current] };
            }),
        changeAssociation: (_, id, roleArn) =>
            run.call(`give the association ${roleArn}`, () => {
                world.associateByLiveChecks(id, roleArn, fieldManager);
            }),
        deleteAssociation: (_, id) =>
            run.call("delete the association", () => {
                world.ownAssociation.delete(world.now, id, world.isRollingOut(fieldManager));
                world.changed();
            }),
        agentRights: (roleNames) =>
            read("agent rights", () => Object.fromEntries(roleNames.map((name) => [name, "allowed" as const]))),
        mayPassRole: () => read("pass role", () => "allowed"),
        undecidedActions: () => read("undecided actions", () => undefined),
        provePodSession: ({ roleArn, ipFamily }) =>
            read("pod session", () => {
                const given = world.ownAssociation.roleForNewPod(world.now);
                if (given !== roleArn) {
                    const why = `EKS Auth still gives ${String(given)}.`;
                    return { proof: { verdict: "undecided", why, evidence: [] }, final: false };
                }
                const code = proofFailure(world, roleArn, ipFamily, serviceAccount.name, true);
                return code === undefined
                    ? { proof: { verdict: "yes", evidence: [] }, final: true }
                    : { proof: { verdict: "no", code, why: "not yet", final: false }, final: false };
            }),
        prove: async ({ roleArn, ipFamily, podIdentity }) => {
            const code = await read("proof", () =>
                proofFailure(world, roleArn, ipFamily, serviceAccount.name, podIdentity !== undefined),
            );
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
        return { addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [call] };
    }
    const { managedAddOn } = world;
    const managed = managedAddOn?.exists ? managedAddOn.roleArn : undefined;
    const addOnRoleArn = managed ?? world.addOn?.roleArn ?? world.conditions.addOnRoleArn;
    return {
        addOnRoleArn,
        podIdentityRoleArns: [
            ...[world.ownAssociation.current?.roleArn ?? []].flat(),
            ...(world.association ? ["arn:aws:iam::111122223333:role/associated"] : []),
            ...(world.conditions.podIdentityRoleArns ?? []),
        ],
        unread: world.conditions.unread ?? [],
    };
}

function addOnOf({ managedAddOn }: ModelWorld): ModelAddOn {
    if (managedAddOn === undefined) {
        throw new Error("the cluster has no managed add-on");
    }
    return managedAddOn;
}

function proofFailure(
    world: ModelWorld,
    roleArn: string,
    ipFamily: Subject["ipFamily"],
    account: string,
    byPodIdentity: boolean,
): ProofFailure | undefined {
    const role = world.cniRoles.get(roleArn);
    const broken = world.broken.get(roleArn);
    return role === undefined || !world.isKnown(roleArn)
        ? "permission-missing"
        : (role.of?.delivery === "podIdentity") !== byPodIdentity
          ? "trust-refused"
          : (broken ?? refusedBy(role, ipFamily, account));
}

/** The add-on may get its role between the last look and the detachment. */
const LATE_MILLISECONDS = 5000;

function change(world: ModelWorld, role: string, policyArn: string, attached: boolean): void {
    if (policyArn === CNI_POLICY) {
        if (!attached && world.hidesPods) {
            world.problem(`a policy is detached from ${role} while no pod of the plugin can be seen`);
        }
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

function nodeRoleSeen(
    world: ModelWorld,
    name: string,
    {
        otherInstanceIds,
        searchElsewhere,
    }: { readonly otherInstanceIds: readonly string[]; readonly searchElsewhere: boolean },
): NodeRoleSeen {
    const { instancesOfCluster, ...others } = world.otherInstances.ofRole(name, otherInstanceIds);
    const shared = elsewhere(world, name, searchElsewhere);
    const instances = nodesInEc2(world)
        .filter(({ role }) => role === name)
        .map((node) => instanceOf(node.name));
    return {
        name,
        exists: true,
        inlineCniPolicies: [],
        ...others,
        ...shared,
        instancesElsewhere: [...others.instancesElsewhere, ...shared.instancesElsewhere],
        cniPolicies: [
            ...(world.isAttached(name) ? [CNI_POLICY] : []),
            ...(world.lent.isHeldBy(name) ? [LENT_POLICY] : []),
            ...(world.conditions.otherPolicies?.[name] ?? []),
        ].map((arn) => ({ arn, kind: "cni", sufficient: arn !== LENT_POLICY && arn !== CUSTOMER_POLICY })),
        instancesOfCluster: [...instances, ...instancesOfCluster],
        ...world.conditions.nodeRoles?.[name],
    };
}

/** The instances of the account's other clusters with this role. Only a look that searches elsewhere sees other regions. */
function elsewhere({ account, region, clusterName }: ModelWorld, role: string, searchElsewhere: boolean) {
    const found = account.clusters
        .filter((other) => other.clusterName !== clusterName && (searchElsewhere || other.region === region))
        .flatMap((other) =>
            [
                ...other.nodes.filter((node) => node.role === role).map(({ name }) => `i-${other.clusterName}-${name}`),
                ...other.otherInstances.ofRole(role, []).instancesOfCluster,
            ].map((id) => [`${other.region}/${id}`, [clusterArnOf(other)]] as const),
        );
    return {
        instancesElsewhere: found.map(([instance]) => instance),
        ...(found.length === 0 ? {} : { clustersElsewhere: Object.fromEntries(found) }),
    };
}

/** The ARN of the cluster, as EKS has it. */
export function clusterArnOf({ region, clusterName }: Pick<ModelWorld, "region" | "clusterName">): string {
    return `arn:aws:eks:${region}:${ACCOUNT}:cluster/${clusterName}`;
}

/** The nodes whose instances EC2 shows, with their profiles. */
function nodesInEc2({ nodes, conditions: { unknownNodes = [] } }: ModelWorld): ModelNode[] {
    return nodes.filter(({ name, leaving }) => leaving === undefined && !unknownNodes.includes(name));
}

const instanceOf = (node: string) => `i-${node}`;

/** Whether a pod carries the role, or the service account gives it to the next one. */
export function isUsed(world: ModelWorld, roleArn: string, account: string): boolean {
    const others = world.others.pods.map((pod) => ({ ...pod, otherCredentials: undefined, associated: false }));
    return (
        world.accountOf(account).annotations[ROLE_ARN] === roleArn ||
        [...world.pods, ...others].some((pod) => carriesAnyOf({ credentials: credentialsOf(pod) }, [roleArn]))
    );
}
