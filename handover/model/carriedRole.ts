import { STS_REGIONAL_ENDPOINTS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Delivery } from "./subject";
import type { ClusterSeen, CredentialSource, OtherCarrier, PodSeen } from "./world";

/** The role and annotations that a pod must carry to count as handed over. */
export interface RequiredRole {
    readonly roleArn: string;
    readonly annotations: Readonly<Record<string, string>>;
    /** With `podIdentity`, only the credentials of an association count, and otherwise only a token of the service account. */
    readonly delivery?: Delivery;
}

/** Whether a pod carries the role, and uses the regional STS endpoint if the annotations request it. */
export function carriesRole({ credentials }: PodSeen, { roleArn, annotations, delivery }: RequiredRole): boolean {
    if (delivery === "podIdentity") {
        return credentials.kind === "containerCredentials" && credentials.roleArn === roleArn;
    }
    return (
        credentials.kind === "webIdentity" &&
        credentials.roleArn === roleArn &&
        (annotations[STS_REGIONAL_ENDPOINTS_ANNOTATION] !== "true" || credentials.regionalSts === "regional")
    );
}

/** Whether any container of the pod carries one of these roles. */
export function carriesAnyOf(pod: Pick<PodSeen, "credentials">, roleArns: readonly string[]): boolean {
    return carriedRoles(pod).some((arn) => roleArns.includes(arn));
}

/** The roles that containers of the pod carry. */
export function carriedRoles({ credentials }: Pick<PodSeen, "credentials">): readonly string[] {
    switch (credentials.kind) {
        case "webIdentity":
            return [credentials.roleArn];
        case "incomplete":
            return credentials.roleArns;
        case "containerCredentials":
            return credentials.roleArn === undefined ? [] : [credentials.roleArn];
        default:
            return [];
    }
}

/** The pods outside the DaemonSet that carry one of these roles, or may carry it by an association: a pod does not show that role. */
export function othersThatCarry({ otherCarriers = [] }: ClusterSeen, roleArns: readonly string[]): OtherCarrier[] {
    const mayCarry = ({ associated, roleArns: known }: OtherCarrier) =>
        (associated !== undefined && known.length === 0 && roleArns.length > 0) ||
        known.some((arn) => roleArns.includes(arn));
    return otherCarriers.filter(mayCarry);
}

/** Describes a pod's credentials for a message. */
export function describeCredentials({ name, credentials }: PodSeen): string {
    switch (credentials.kind) {
        case "webIdentity":
            return `${name} carries ${credentials.roleArn}`;
        case "nodeRole":
            return `${name} carries no role of its own`;
        case "containerCredentials":
            return `${name} ${describeContainerCredentials(credentials)}`;
        case "other":
            return `${name} carries ${credentials.what}`;
        case "incomplete":
            return `${name} carries its role only in part: ${credentials.what}`;
    }
}

function describeContainerCredentials({
    what,
    fault,
    roleArn,
}: Extract<CredentialSource, { kind: "containerCredentials" }>): string {
    if (roleArn !== undefined) {
        return `carries ${roleArn} by its association`;
    }
    return fault === undefined ? `carries ${what}` : `carries ${what}, and cannot use it: ${fault}`;
}
