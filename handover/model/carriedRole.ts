import { STS_REGIONAL_ENDPOINTS_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { PodSeen } from "./world";

/** What a pod must carry to count as handed over. */
export interface Wanted {
    readonly roleArn: string;
    readonly annotations: Readonly<Record<string, string>>;
}

/** Whether a pod carries the role, and the STS endpoint that was asked for. */
export function carriesRole({ identity }: PodSeen, { roleArn, annotations }: Wanted): boolean {
    return (
        identity.source === "role" &&
        identity.roleArn === roleArn &&
        (annotations[STS_REGIONAL_ENDPOINTS_ANNOTATION] !== "true" || identity.regionalSts === "regional")
    );
}

/** Whether any of its containers carries one of these roles. */
export function carriesAnyOf({ identity }: PodSeen, roleArns: readonly string[]): boolean {
    switch (identity.source) {
        case "role":
            return roleArns.includes(identity.roleArn);
        case "incomplete":
            return identity.roleArns.some((arn) => roleArns.includes(arn));
        default:
            return false;
    }
}

/** What a pod carries, as a message says it. */
export function describeIdentity({ name, identity }: PodSeen): string {
    switch (identity.source) {
        case "role":
            return `${name} carries ${identity.roleArn}`;
        case "nodeRole":
            return `${name} carries no role of its own`;
        case "other":
            return `${name} carries ${identity.what}`;
        case "incomplete":
            return `${name} carries its role in part: ${identity.what}`;
    }
}
