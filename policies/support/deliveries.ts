import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import type { Account } from "./account";
import { argumentsOf } from "./componentArguments";
import { COMPONENT, isOfComponent, ofType, type StackResource } from "./stack";
import { at, isMissing, listOf, UNKNOWN } from "./values";

export const ADDON = "aws:eks/addon:Addon";
export const SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount";
export const PATCH = "kubernetes:core/v1:ServiceAccountPatch";

export function vpcCniAddons(stack: readonly StackResource[]): StackResource[] {
    return ofType(stack, ADDON).filter(({ props }) => props["addonName"] === "vpc-cni");
}

/** Whether the add-on has a role, for the service account or by Pod Identity. A role that is not known yet counts. */
export function hasRole({ props }: StackResource): boolean {
    return (
        !isMissing(props["serviceAccountRoleArn"]) ||
        listOf(props["podIdentityAssociations"]).some((given) => given === UNKNOWN || !isMissing(at(given, "roleArn")))
    );
}

/**
 * The add-on without a role that the program ignores. After the component has taken the role from the add-on, the engine still shows the one in its
 * state, until a refresh: it takes ignored properties from there.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/ignorechanges/
 */
export function withoutIgnoredRole(addon: StackResource): StackResource {
    return addon.ignoreChanges.some((path) => ["serviceAccountRoleArn", "*"].includes(path))
        ? { ...addon, props: { ...addon.props, serviceAccountRoleArn: undefined } }
        : addon;
}

/** Whether the add-on has an association of its own for the service account. The namespace is that of the add-on. */
export function associates({ props }: StackResource, { name }: Account): boolean {
    return listOf(props["podIdentityAssociations"]).some((given) => at(given, "serviceAccount") === name);
}

/** The associations that give the service account a role. A component's own is one even if its account is not known yet. */
export function podIdentityAssociations(
    stack: readonly StackResource[],
    { namespace, name }: Account,
): StackResource[] {
    return ofType(stack, "aws:eks/podIdentityAssociation:PodIdentityAssociation").filter(
        ({ urn, props: { namespace: space, serviceAccount } }) =>
            isUnknownOr(space, namespace) &&
            (serviceAccount === name || (isOfComponent(urn) && serviceAccount === UNKNOWN)),
    );
}

/** Whether two names may be of one cluster. A name that is missing or not known yet may be the same. */
export function mayBeSameCluster(one: unknown, other: unknown): boolean {
    return [one, other].some((name) => isMissing(name) || name === UNKNOWN) || one === other;
}

/** How the components of a stack deliver their roles. */
export type ComponentDelivery = "serviceAccountPatch" | "eksAddon" | "podIdentity" | "external";

/**
 * The components that may be for this cluster, with this delivery. A cluster's name that is missing or not known yet may be the same.
 *
 * Only for a rule that has `recordArguments` as its `validateResource`.
 */
export function componentsOf(
    stack: readonly StackResource[],
    delivery: ComponentDelivery,
    clusterName?: unknown,
): StackResource[] {
    return ofType(stack, COMPONENT).filter((component) => {
        const { delivery: given = "serviceAccountPatch", clusterName: own } = argumentsOf(component);
        return (isMissing(given) ? "serviceAccountPatch" : given) === delivery && mayBeSameCluster(own, clusterName);
    });
}

/**
 * The resources that annotate the service account with a role: patches and ServiceAccount resources. In the preview of a new
 * cluster, whose Kubernetes provider is not configured yet, the engine knows none of their properties. The component's own
 * patch is then recognised by its URN.
 */
export function annotations(stack: readonly StackResource[], account: Account): StackResource[] {
    return ofType(stack, PATCH, SERVICE_ACCOUNT).filter(
        ({ urn, props }) =>
            (isAccount(props, account) && !isMissing(annotatedRole(props))) ||
            (isOfComponent(urn) && Object.keys(props).length === 0),
    );
}

/** The name must match. A name that is not known yet does not, while a namespace that is not known yet does. */
export function isAccount(props: Readonly<Record<string, unknown>>, { namespace, name }: Account): boolean {
    return at(props, "metadata", "name") === name && isUnknownOr(at(props, "metadata", "namespace"), namespace);
}

/** The role in the annotation, or UNKNOWN if it, or all annotations, are not known yet. */
export function annotatedRole(props: Readonly<Record<string, unknown>>): unknown {
    return at(props, "metadata", "annotations", ROLE_ARN_ANNOTATION);
}

function isUnknownOr(value: unknown, expected: string): boolean {
    return value === expected || value === UNKNOWN;
}
