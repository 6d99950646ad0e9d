/** Compares the state after a run with the state before it, and lists every unexpected difference. Pure. */
import type { IamState, RoleState } from "local-eks/iam";
import type { ObjectSnapshot, Snapshot } from "./snapshot";

/** What the node roles of the sandbox hold: sandbox/aws/iam, managed on IPv4, and of the user guide's page on IPv6. */
const NODE_POLICY = {
    ipv4: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    ipv6: "arn:aws:iam::111122223333:policy/AmazonEKS_CNI_IPv6_Policy",
} as const;
const ROLE_ARN = "eks.amazonaws.com/role-arn";
/** Keeps the webhook from containers: aws/amazon-eks-pod-identity-webhook pkg/annotations.go */
const SKIP_CONTAINERS = "eks.amazonaws.com/skip-containers";

export interface HandedOver {
    readonly roleArn: string;
    /** How the pods get it. */
    readonly by: "annotation" | "association";
    /** On IPv6 the component creates the policy of its role. */
    readonly ipFamily: "ipv4" | "ipv6";
    /** Policies that the program attaches besides the CNI policy. */
    readonly additionalPolicyArns?: readonly string[];
    /** The node roles from which the CNI policy was detached. */
    readonly detachFromNodeRoles: readonly string[];
}

/** After a complete hand-back, nothing differs from the state before the hand-over, and the list is empty. */
export function differencesAfterHandBack(before: Snapshot, now: Snapshot): string[] {
    return [
        ...iamDifferences(before.iam, now.iam),
        ...recordDifferences(
            "annotation of the service account",
            annotationsOf(before, "serviceAccount"),
            annotationsOf(now, "serviceAccount"),
        ),
        ...recordDifferences(
            "annotation of the DaemonSet",
            annotationsOf(before, "daemonSet"),
            annotationsOf(now, "daemonSet"),
        ),
        ...recordDifferences("annotation of the pod template", before.templateAnnotations, now.templateAnnotations),
        ...managerDifferences("service account", before.serviceAccount, now.serviceAccount),
        ...managerDifferences("DaemonSet", before.daemonSet, now.daemonSet),
        ...admissionDifferences(before, now),
        ...listDifferences("Pod Identity association", before.associations, now.associations),
        ...now.pods.flatMap(({ name, roleArn }) =>
            roleArn === undefined ? [] : [`pod ${name} still carries ${roleArn}`],
        ),
        ...now.pods.flatMap(({ name, containerCredentials }) =>
            containerCredentials && now.associations.length === 0
                ? [`pod ${name} still has container credentials`]
                : [],
        ),
        ...podDifferences(now),
    ];
}

/** After a complete hand-over the pods carry the role, which may be a new one, and the node roles have lost only the CNI policy. */
export function differencesAfterHandOver(before: Snapshot, now: Snapshot, wanted: HandedOver): string[] {
    const cniRole = Object.values(now.iam.roles).find(({ arn }) => arn === wanted.roleArn);
    const isNew = !Object.values(before.iam.roles).some(({ arn }) => arn === wanted.roleArn);
    const created = wanted.ipFamily === "ipv6" && isNew ? createdPolicies(before.iam, now.iam) : [];
    const [own = "one that the component creates"] = wanted.ipFamily === "ipv6" ? created : [NODE_POLICY.ipv4];
    const expected = [own, ...(wanted.additionalPolicyArns ?? [])];
    return [
        ...iamDifferences(
            afterDetachment(before.iam, wanted),
            without(now.iam, isNew ? cniRole : undefined, created.slice(0, 1)),
        ),
        ...(cniRole === undefined
            ? [`the role ${wanted.roleArn} does not exist`]
            : listDifferences(`policy of the role ${cniRole.name}`, expected, cniRole.attachedPolicyArns)),
        ...(wanted.by === "annotation" ? annotationDifferences(now, wanted) : associationDifferences(now, wanted)),
        ...(SKIP_CONTAINERS in now.templateAnnotations && !(SKIP_CONTAINERS in before.templateAnnotations)
            ? ["the pod template still excludes containers from the webhook"]
            : []),
        ...(wanted.detachFromNodeRoles.length > 0 &&
        now.admissionPolicyBindings.length === before.admissionPolicyBindings.length
            ? ["there is no injection guard"]
            : []),
        ...podDifferences(now),
    ];
}

function annotationDifferences(now: Snapshot, wanted: HandedOver): string[] {
    return [
        ...(now.serviceAccount.annotations[ROLE_ARN] === wanted.roleArn
            ? []
            : [`the service account names ${String(now.serviceAccount.annotations[ROLE_ARN])}`]),
        ...now.pods
            .filter(({ roleArn }) => roleArn !== wanted.roleArn)
            .map(({ name, roleArn }) => `pod ${name} carries ${roleArn ?? "no role"}`),
    ];
}

/** The association alone names the role: with web identity, too, the SDK would use that. */
function associationDifferences(now: Snapshot, wanted: HandedOver): string[] {
    const named = now.serviceAccount.annotations[ROLE_ARN];
    return [
        ...listDifferences("Pod Identity association", [wanted.roleArn], now.associations),
        ...(named === undefined ? [] : [`the service account names ${named}`]),
        ...now.pods.flatMap(({ name, roleArn, containerCredentials }) => [
            ...(containerCredentials ? [] : [`pod ${name} has no container credentials`]),
            ...(roleArn === undefined ? [] : [`pod ${name} carries ${roleArn}`]),
        ]),
    ];
}

function createdPolicies(before: IamState, now: IamState): string[] {
    return ownPolicies(now).filter((arn) => !(arn in before.policies));
}

function afterDetachment(iam: IamState, { detachFromNodeRoles, ipFamily }: HandedOver): IamState {
    const roles = Object.entries(iam.roles).map(([name, role]) => [
        name,
        detachFromNodeRoles.includes(name)
            ? { ...role, attachedPolicyArns: role.attachedPolicyArns.filter((arn) => arn !== NODE_POLICY[ipFamily]) }
            : role,
    ]);
    return { ...iam, roles: Object.fromEntries(roles) as IamState["roles"] };
}

function without(iam: IamState, role: RoleState | undefined, policyArns: readonly string[]): IamState {
    const roles = Object.entries(iam.roles).filter(([name]) => name !== role?.name);
    const policies = Object.entries(iam.policies).filter(([arn]) => !policyArns.includes(arn));
    return { ...iam, roles: Object.fromEntries(roles), policies: Object.fromEntries(policies) };
}

function iamDifferences(before: IamState, now: IamState): string[] {
    return [
        ...listDifferences("role", Object.keys(before.roles), Object.keys(now.roles)),
        ...listDifferences("OIDC provider", Object.keys(before.oidcProviders), Object.keys(now.oidcProviders)),
        ...listDifferences("policy", ownPolicies(before), ownPolicies(now)),
        ...Object.values(before.roles).flatMap((role) => roleDifferences(role, now.roles[role.name])),
    ];
}

/** AWS managed policies are left out: the state lists them only while they are attached. */
function ownPolicies({ policies }: IamState): string[] {
    return Object.keys(policies).filter((arn) => !arn.startsWith("arn:aws:iam::aws:"));
}

function roleDifferences(before: RoleState, now: RoleState | undefined): string[] {
    if (now === undefined) {
        return []; // Already reported as a lost role.
    }
    return [
        ...listDifferences(`policy of the role ${before.name}`, before.attachedPolicyArns, now.attachedPolicyArns),
        ...recordDifferences(`inline policy of the role ${before.name}`, before.inlinePolicies, now.inlinePolicies),
        ...(before.trustPolicy === now.trustPolicy ? [] : [`the trust policy of the role ${before.name} changed`]),
        ...(before.id === now.id ? [] : [`the role ${before.name} was recreated`]),
    ];
}

function admissionDifferences(before: Snapshot, now: Snapshot): string[] {
    return [
        ...listDifferences("admission policy", before.admissionPolicies, now.admissionPolicies),
        ...listDifferences(
            "binding of an admission policy",
            before.admissionPolicyBindings,
            now.admissionPolicyBindings,
        ),
    ];
}

function annotationsOf(snapshot: Snapshot, of: "serviceAccount" | "daemonSet"): Readonly<Record<string, string>> {
    return snapshot[of].annotations;
}

/** A field manager may lose its fields, but no new field manager of the component may own any. */
function managerDifferences(what: string, before: ObjectSnapshot, now: ObjectSnapshot): string[] {
    return now.managers
        .filter((manager) => manager.startsWith("eks-cni/") && !before.managers.includes(manager))
        .map((manager) => `the field manager ${manager} still owns fields of the ${what}`);
}

function podDifferences({ pods }: Snapshot): string[] {
    return pods.filter(({ ready }) => !ready).map(({ name, node }) => `pod ${name} on ${node} is not Ready`);
}

function listDifferences(what: string, before: readonly string[], now: readonly string[]): string[] {
    return [
        ...now.filter((one) => !before.includes(one)).map((one) => `${what} left over: ${one}`),
        ...before.filter((one) => !now.includes(one)).map((one) => `${what} lost: ${one}`),
    ];
}

function recordDifferences(
    what: string,
    before: Readonly<Record<string, string>>,
    now: Readonly<Record<string, string>>,
): string[] {
    const changed = Object.keys(before).filter((name) => name in now && now[name] !== before[name]);
    return [
        ...listDifferences(what, Object.keys(before), Object.keys(now)),
        ...changed.map((name) => `${what} changed: ${name} from ${before[name] ?? ""} to ${now[name] ?? ""}`),
    ];
}
