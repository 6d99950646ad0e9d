import { lostGrants } from "../../documents/lostGrants";
import {
    covers,
    podIdentityStatements,
    serviceAccountOf,
    type TrustedSubject,
    trustedSubjects,
} from "../../documents/trustedSubjects";
import { carriedRoles } from "../model/carriedRole";
import type { CarrierSeen } from "../model/carrier";
import { isSameAccount, type ServiceAccountName } from "../model/subject";

/** The loss that an update in place means for pods. */
export interface Narrowing {
    /** Each loss, for a message. Empty if nothing is lost. */
    readonly changes: readonly string[];
    /** Whether pods of this cluster may lose something. Otherwise only issuers of other clusters leave the trust policy. */
    readonly concernsThisCluster: boolean;
    /** Whether every pod with the role loses permissions, and not only the pods whose tokens the role stops to trust. */
    readonly permissions: boolean;
    /** Whether it no longer trusts EKS Pod Identity as before. A pod with an association does not show its role. Missing: it does. */
    readonly podIdentity?: true;
    /** Whether the role goes on to trust the cluster's own issuer. */
    readonly ownIssuerStays: boolean;
    readonly before: readonly TrustedSubject[];
    readonly after: readonly TrustedSubject[];
}

/** The inputs of an IAM role that can take something away. A preview may not know them. */
export interface RoleInputs {
    readonly assumeRolePolicy?: unknown;
    readonly permissionsBoundary?: unknown;
}

/** Compares the trust policy and the permissions boundary of a role. A boundary that is removed takes nothing away. */
export function narrowingOfRole(before: RoleInputs, after: RoleInputs, ownIssuer: string | undefined): Narrowing {
    const trust = [before, after].map(({ assumeRolePolicy }) => parsed(assumeRolePolicy));
    // An unknown trust policy is compared with nothing: the update knows it.
    const [old = [], now = []] = trust.includes(undefined) ? [] : trust.map(trustedSubjects);
    const [associated = [], stays = []] = trust.includes(undefined) ? [] : trust.map(podIdentityStatements);
    const leaves = associated.some((statement) => !stays.includes(statement));
    const boundary = after.permissionsBoundary;
    const bounded = typeof boundary === "string" && boundary !== "" && boundary !== before.permissionsBoundary;
    const ownIssuerStays = ownIssuer === undefined || old.some(({ issuer }) => issuer === ownIssuer);
    const lost = old.filter((one) => !now.some((other) => isSame(one, other)));
    const ofStayingIssuer = ({ issuer }: TrustedSubject) => now.some((one) => one.issuer === issuer);
    return {
        // The ARN may be a secret, so it is not shown.
        changes: [
            ...(bounded ? ["it gets another permissions boundary"] : []),
            ...(leaves ? ["it no longer trusts pods.eks.amazonaws.com as before"] : []),
            ...lost.map(noLongerTrusts),
        ],
        ...(leaves || (bounded && associated.length > 0) ? { podIdentity: true as const } : {}),
        concernsThisCluster: bounded || (lost.length > 0 && (!ownIssuerStays || lost.some(ofStayingIssuer))),
        permissions: bounded,
        ownIssuerStays,
        before: old,
        after: now,
    };
}

function isSame(one: TrustedSubject, other: TrustedSubject): boolean {
    return one.issuer === other.issuer && one.subject === other.subject;
}

function noLongerTrusts({ issuer, subject }: TrustedSubject): string {
    return `it no longer trusts ${subject === "" ? "every subject" : subject} of ${issuer}`;
}

/** Compares the documents of a role's policy. */
export function narrowingOfPolicy(before: unknown, after: unknown): Narrowing {
    const [old, now] = [parsed(before), parsed(after)];
    const lost = old === undefined || now === undefined ? [] : lostGrants(old, now);
    return {
        changes: lost.length === 0 ? [] : [`it no longer grants ${lost.join(", ")}`],
        concernsThisCluster: lost.length > 0,
        permissions: lost.length > 0,
        ownIssuerStays: true,
        before: [],
        after: [],
    };
}

/** The issuers that share the role with another cluster, if the update concerns more than those that leave. */
export function sharedWith(
    { before, concernsThisCluster }: Narrowing,
    ownIssuer: string | undefined,
): readonly string[] {
    const issuers = [...new Set(before.map(({ issuer }) => issuer))];
    return concernsThisCluster && issuers.length > 1 ? issuers.filter((issuer) => issuer !== ownIssuer) : [];
}

/** The issuers of other clusters that the role stops to trust, with the service accounts that it trusted there. */
export function leavingSubjects({ before, after, ownIssuerStays }: Narrowing): readonly TrustedSubject[] {
    return ownIssuerStays ? before.filter(({ issuer }) => !after.some((one) => one.issuer === issuer)) : [];
}

/** The namespaces in which pods may carry the role. */
export function namespacesOf({ before, after }: Narrowing, fallback: string): readonly string[] {
    const named = [...before, ...after].flatMap(({ subject }) => serviceAccountOf(subject)?.namespace ?? []);
    return [...new Set([fallback, ...named.filter((namespace) => !/[*?]/.test(namespace))])];
}

/** The service accounts whose pods lose something, if the trust policy names them. */
export function accountsOf({ before }: Narrowing, own: ServiceAccountName | undefined): readonly ServiceAccountName[] {
    const named = before.flatMap(({ subject }) => serviceAccountOf(subject) ?? []);
    const exact = [...named, ...(own === undefined ? [] : [own])].filter(
        ({ namespace, name }) => !/[*?]/.test(namespace + name),
    );
    return exact.filter((one, at) => exact.findIndex((other) => isSameAccount(one, other)) === at);
}

/**
 * The pods that the update would cut off.
 *
 * @param roleArn Undefined for a policy: its pods are those with any role.
 * @param issuer The issuer of the cluster's tokens, if it can be read.
 */
export function cutOff(
    { permissions, ownIssuerStays, after, before }: Narrowing,
    pods: readonly CarrierSeen[],
    { roleArn, issuer }: { readonly roleArn: string | undefined; readonly issuer: string | undefined },
): readonly CarrierSeen[] {
    const trusts = (trusted: readonly TrustedSubject[], subject?: string) =>
        trusted.some(
            (one) => (issuer === undefined || one.issuer === issuer) && (subject === undefined || covers(one, subject)),
        );
    // If the issuer cannot be read, the cluster's own is the one that the role goes on to trust, or the one that leaves.
    const loses = ({ namespace, serviceAccount }: CarrierSeen) =>
        trusts(before) &&
        (!trusts(after, `system:serviceaccount:${namespace}:${serviceAccount}`) ||
            (issuer === undefined && !ownIssuerStays));
    return pods.filter((pod) => {
        const roles = carriedRoles(pod);
        const carries = roleArn === undefined ? roles.length > 0 : roles.includes(roleArn);
        return carries && (permissions || loses(pod));
    });
}

/** Undefined if it is not known yet, or is no JSON, which IAM would refuse. */
function parsed(document: unknown): unknown {
    try {
        return typeof document === "string" ? (JSON.parse(document) as unknown) : undefined;
    } catch {
        return undefined;
    }
}
