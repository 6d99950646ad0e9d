import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Account } from "./account";
import { isOfComponent, ofType, type Seen } from "./stack";
import { at, isMissing, listOf, UNKNOWN } from "./values";

export const ADDON = "aws:eks/addon:Addon";
const SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount";
const PATCH = "kubernetes:core/v1:ServiceAccountPatch";

export function vpcCniAddons(stack: readonly Seen[]): Seen[] {
    return ofType(stack, ADDON).filter(({ props }) => props["addonName"] === "vpc-cni");
}

/** Whether the add-on is given a role, by the service account or by Pod Identity; one that is not known yet is one. */
export function hasRole({ props }: Seen): boolean {
    return (
        !isMissing(props["serviceAccountRoleArn"]) ||
        listOf(props["podIdentityAssociations"]).some((given) => given === UNKNOWN || !isMissing(at(given, "roleArn")))
    );
}

export function podIdentityAssociations(stack: readonly Seen[], { namespace, name }: Account): Seen[] {
    return ofType(stack, "aws:eks/podIdentityAssociation:PodIdentityAssociation").filter(
        ({ props }) => isOr(props["namespace"], namespace) && props["serviceAccount"] === name,
    );
}

/**
 * The resources that annotate the service account with a role: Patches, and the account made anew. In the preview of a new
 * cluster, whose Kubernetes provider is not configured yet, the engine has no property of them; the component's are known by
 * what they are.
 */
export function annotations(stack: readonly Seen[], account: Account): Seen[] {
    return ofType(stack, PATCH, SERVICE_ACCOUNT).filter(
        ({ urn, props }) =>
            (isAccount(props, account) && !isMissing(annotatedRole(props))) ||
            (isOfComponent(urn) && Object.keys(props).length === 0),
    );
}

/** A name that is not known yet may be any; where the namespace is not, the name tells. */
export function isAccount(props: Readonly<Record<string, unknown>>, { namespace, name }: Account): boolean {
    return at(props, "metadata", "name") === name && isOr(at(props, "metadata", "namespace"), namespace);
}

/** The role of the annotation, or UNKNOWN where that, or all annotations, are not known yet. */
export function annotatedRole(props: Readonly<Record<string, unknown>>): unknown {
    return at(props, "metadata", "annotations", ROLE_ARN_ANNOTATION);
}

function isOr(value: unknown, expected: string): boolean {
    return value === expected || value === UNKNOWN;
}
