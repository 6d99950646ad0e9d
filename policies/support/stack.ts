import type { PolicyResource, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { at, isRecord, readable, UNKNOWN } from "./values";

/** A resource of the stack that can be read without exceptions. */
export interface StackResource {
    readonly urn: string;
    readonly type: string;
    readonly props: Readonly<Record<string, unknown>>;
    /** The URNs of its dependencies, from `dependsOn` and from properties. */
    readonly dependencies: readonly string[];
    readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
    readonly parent: string | undefined;
    /** The properties that the engine keeps as they are in its state, whatever the program gives. */
    readonly ignoreChanges: readonly string[];
}

export function resourcesOf({ resources }: StackValidationArgs): StackResource[] {
    return resources.map(stackResource);
}

/** Older engines omit empty properties. */
function stackResource({
    urn,
    type,
    props,
    parent,
    dependencies,
    propertyDependencies,
    opts,
}: Partial<PolicyResource>): StackResource {
    return {
        urn: urn ?? "",
        type: type ?? "",
        props: propsOf(props),
        dependencies: (dependencies ?? []).map((on) => on.urn),
        propertyDependencies: Object.fromEntries(
            Object.entries(propertyDependencies ?? {}).map(([property, on]) => [property, on.map((r) => r.urn)]),
        ),
        parent: parent?.urn,
        ignoreChanges: opts?.ignoreChanges ?? [],
    };
}

/** The properties of a resource that a rule checks. */
export function propsOf(props: ResourceValidationArgs["props"] | undefined): Record<string, unknown> {
    const known = readable(props);
    return isRecord(known) ? known : {};
}

export function ofType(stack: readonly StackResource[], ...types: string[]): StackResource[] {
    return stack.filter(({ type }) => types.includes(type));
}

/**
 * The value that the program gives for a property, or for a nested property. A value that the provider computes, such as the
 * `managedPolicyArns` of a role that sets none, is unknown in a preview, too. It differs in that it depends on no other resource.
 */
export function programValue(
    { props, propertyDependencies }: StackResource,
    property: string,
    ...path: string[]
): unknown {
    const value = at(props, property, ...path);
    const isComputed = value === UNKNOWN && (propertyDependencies[property] ?? []).length === 0;
    return isComputed ? undefined : value;
}

export const COMPONENT = "eks-cni:index:CniServiceAccountRole";

/**
 * Whether the component created the resource. A URN contains the types of all parents, outermost first.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
 */
export function isOfComponent(urn: string): boolean {
    return (urn.split("::")[2] ?? "").split("$").slice(0, -1).includes(COMPONENT);
}

/** The URNs of all resources before a resource: the dependencies of it and its parents, transitively, with their children. */
export function comesBefore(resource: StackResource, stack: readonly StackResource[]): ReadonlySet<string> {
    const byUrn = new Map(stack.map((other) => [other.urn, other]));
    const childrenOf = (urn: string) => stack.filter(({ parent }) => parent === urn).map((child) => child.urn);
    const before = new Set<string>();
    const visit = (urns: readonly string[]) => {
        for (const urn of urns.filter((candidate) => !before.has(candidate))) {
            before.add(urn);
            visit([
                ...(byUrn.get(urn)?.dependencies ?? []),
                ...Object.values(byUrn.get(urn)?.propertyDependencies ?? {}).flat(),
                // A dependency on a component is a dependency on its children.
                ...childrenOf(urn),
            ]);
        }
    };
    let self: StackResource | undefined = resource;
    for (const passed = new Set<StackResource>(); self !== undefined && !passed.has(self);) {
        passed.add(self);
        visit([...self.dependencies, ...Object.values(self.propertyDependencies).flat()]);
        self = byUrn.get(self.parent ?? "");
    }
    // The SDK replaces a component by its children: https://www.pulumi.com/docs/iac/concepts/resources/options/dependson/
    const completeParents = stack.filter(({ urn }) => {
        const children = childrenOf(urn);
        return children.length > 0 && children.every((child) => before.has(child));
    });
    return new Set([...before, ...completeParents.map(({ urn }) => urn)]);
}
