import type { HandOverRecord } from "../../../../handover/model/record";
import { freshMemory, Memory, Step } from "../../../../handover/model/steps";
import type { Subject } from "../../../../handover/model/subject";
import type {
    AccountSeen,
    ClusterSeen,
    CredentialSource,
    DaemonSetSeen,
    NodeRoleSeen,
    NodeSeen,
    OtherCarrier,
    OtherNodeSeen,
    PodOnNodeRole,
    PodSeen,
    ServiceAccountSeen,
    UnjoinedInstance,
    World,
} from "../../../../handover/model/world";

/** Long after the epoch, so that the time 0 ("never") is far from LONG_AGO. */
export const NOW = 1_700_000_000_000;
export const seconds = (count: number) => NOW + count * 1000;
export const LONG_AGO = NOW - 3_600_000;

export const ACCOUNT = "111122223333";
export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
export const OTHER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/network`;
export const BROAD_POLICY = "arn:aws:iam::aws:policy/AmazonEC2FullAccess";
/** The last sentences of `[other-policy]`. */
export const OTHER_POLICY_FIX = `The component does not detach it. If the nodes do not need it: aws iam detach-role-policy --role-name nodes --policy-arn ${BROAD_POLICY}`;
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/cni`;
export const FORMER_ROLE = `arn:aws:iam::${ACCOUNT}:role/eksctl`;
export const ROLE_ARN = "eks.amazonaws.com/role-arn";
export const REGIONAL = "eks.amazonaws.com/sts-regional-endpoints";
export const ROLLOUT = "eks-cni/delivered";
export const MANAGER = "eks-cni/network/production/cni";
export const ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/A";

export const subject: Subject = {
    component: "cni",
    fieldManager: MANAGER,
    serviceAccount: { namespace: "kube-system", name: "aws-node" },
    daemonSetName: "aws-node",
    injectionGuardName: "guard",
    ipFamily: "ipv4",
    roleArn: ROLE,
    issuers: [ISSUER],
    annotations: { [ROLE_ARN]: ROLE },
};

export const record: HandOverRecord = {
    clusterUid: "cluster",
    serviceAccountUid: "account",
    fieldManager: MANAGER,
    injectionGuardName: "guard",
    originalAnnotations: {},
    approvedRoleArns: [ROLE],
    namedNodeRoles: ["nodes"],
    nodeRolePolicies: { nodes: [CNI_POLICY] },
};

export const carrying = (roleArn: string): CredentialSource => ({
    kind: "webIdentity",
    roleArn,
    regionalSts: undefined,
});
export const onNodeRole: CredentialSource = { kind: "nodeRole" };
export const incomplete = (...roleArns: string[]): CredentialSource => ({
    kind: "incomplete",
    roleArns,
    what: "a container",
});

/** A pod that has been Ready for a long time. */
export function pod(node: string, credentials: CredentialSource, more: Partial<PodSeen> = {}): PodSeen {
    return {
        name: `pod-${node}`,
        uid: `uid-${node}`,
        node,
        credentials,
        createdAt: LONG_AGO,
        ready: true,
        readySince: LONG_AGO,
        unreadySince: undefined,
        terminating: false,
        current: true,
        missingPermissions: undefined,
        restarts: 0,
        ...more,
    };
}

export const starting = { ready: false, readySince: undefined };
export const terminating = { terminating: true };

export function node(name: string, more: Partial<NodeSeen> = {}): NodeSeen {
    return { name, ready: true, instanceId: `i-${name}`, ...more };
}

export function nodeRole(more: Partial<NodeRoleSeen> = {}): NodeRoleSeen {
    return {
        name: "nodes",
        exists: true,
        inlineCniPolicies: [],
        instancesElsewhere: [],
        cniPolicies: [{ arn: CNI_POLICY, kind: "cni", sufficient: true }],
        instancesOfCluster: ["i-n1", "i-n2", "i-n3"],
        ...more,
    };
}

/** An instance of the cluster that is no node, and was launched a minute ago. */
export const instance = (
    id: string,
    state: UnjoinedInstance["state"] = "running",
    launchedAt = seconds(-60),
): UnjoinedInstance => ({ id, state, launchedAt });

/** A node that the DaemonSet does not select, with pods of another one. */
export const otherNode = (...podsOnNodeRole: PodOnNodeRole[]): OtherNodeSeen => ({
    name: "other",
    instanceId: "i-n4",
    ...(podsOnNodeRole.length === 0 ? {} : { podsOnNodeRole }),
});
export const podOnNodeRole = (
    name: string,
    sharesServiceAccount = false,
    daemonSet = { namespace: "kube-system", name: "aws-node-arm" },
): PodOnNodeRole => ({ name, daemonSet, sharesServiceAccount });

export const inlinePolicy = (name: string, sufficient = false) => ({ name, sufficient });

/** A pod of the service account that another DaemonSet owns. */
export const otherCarrier = (name: string, ...roleArns: string[]): OtherCarrier => ({
    name,
    daemonSet: "cni-arm",
    serviceAccount: subject.serviceAccount,
    roleArns,
});
/** The same with the credentials of an association, whose role it does not show. */
export const otherAssociated = (name: string, createdAt: number, ...roleArns: string[]): OtherCarrier => ({
    ...otherCarrier(name, ...roleArns),
    associated: { createdAt, containers: ["aws-node", "aws-vpc-cni-init"] },
});
export const formerAccount = { namespace: "kube-system", name: "former" };

export const withoutPolicies = { cniPolicies: [] };

export const daemonSet: DaemonSetSeen = {
    updateStrategy: "RollingUpdate",
    maxUnavailable: 1,
    observed: true,
    templateLabels: {},
    templateAnnotations: {},
    images: { "aws-node": "cni:v1.19.0" },
    nodeAgentArguments: [],
    woken: false,
};

export const serviceAccount: ServiceAccountSeen = {
    uid: "account",
    annotations: { [ROLE_ARN]: ROLE },
    roleArnOwners: [MANAGER],
};

export const unannotatedAccount: ServiceAccountSeen = { ...serviceAccount, annotations: {}, roleArnOwners: [] };

interface Change {
    readonly cluster?: Partial<ClusterSeen>;
    readonly account?: Partial<AccountSeen>;
    readonly at?: number;
}

/** Three nodes with one node role, whose pods have the same credentials. The service account is annotated. */
export function world(credentials: CredentialSource, { cluster = {}, account = {}, at = NOW }: Change = {}): World {
    const nodes = cluster.nodes ?? ["n1", "n2", "n3"].map((name) => node(name));
    return {
        at,
        cluster: {
            uid: "cluster",
            serviceAccount,
            daemonSet,
            nodes,
            refusedPods: [],
            pods: nodes.map(({ name }) => pod(name, credentials)),
            injectionGuard: { present: false, inForce: false },
            ...cluster,
        },
        account: {
            roleOfInstance: Object.fromEntries(nodes.map(({ name }) => [`i-${name}`, "nodes"])),
            nodeRoles: [nodeRole()],
            ...account,
        },
    };
}

/** One pod on each of the three nodes, of which `others` replace those on their nodes. */
export const pods = (credentials: CredentialSource, ...others: PodSeen[]): PodSeen[] => [
    ...["n1", "n2", "n3"]
        .filter((name) => !others.some((other) => other.node === name))
        .map((name) => pod(name, credentials)),
    ...others,
];

export const fresh = freshMemory(LONG_AGO);
export const memoryWith = (more: Partial<Memory>): Memory => ({ ...fresh, ...more });

/** A step in a form that tests compare: a refusal by its code, pods by their names, a wait by its reason. */
export function comparableStep(step: Step): object {
    if (step.do === "wait") {
        return { do: step.do, why: step.why };
    }
    if (step.do === "refuse") {
        return { refuse: step.refusal.code, seen: step.refusal.seen };
    }
    if (step.do === "restart") {
        return { ...step, pods: step.pods.map(({ name }) => name) };
    }
    return step.do === "forceRestart" ? { ...step, pod: step.pod.name } : step;
}

export const attach = (...roleNames: string[]) => roleNames.map((roleName) => ({ roleName, policyArn: CNI_POLICY }));
