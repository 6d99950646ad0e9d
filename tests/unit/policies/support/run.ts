import type {
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationPolicy,
} from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";

/** Internal to `@pulumi/policy`, which strips its declaration. The server of a policy pack wraps all properties in it. */
const { unknownCheckingProxy } = proxy as unknown as { unknownCheckingProxy: (props: unknown) => unknown };

/** A resource of a test. `dependsOn` has the names of its dependencies, and `from` those of each property. */
export interface ResourceSpec {
    name: string;
    type: string;
    props?: unknown;
    /** What the program gives, if the provider computes more. */
    inputs?: unknown;
    parents?: string;
    dependsOn?: string[];
    from?: Record<string, string[]>;
    parent?: string;
    namespace?: string;
    ignoreChanges?: string[];
}

/** The engine sends it in place of text that is not known yet. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const UNKNOWN_OBJECT = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff";

export function urn({ name, type, parents }: ResourceSpec): string {
    return `urn:pulumi:dev::shop::${parents === undefined ? "" : `${parents}$`}${type}::${name}`;
}

/** The properties as `@pulumi/policy` passes them to a rule: reading an unknown value throws. */
function proxied(props: unknown): Record<string, unknown> {
    return unknownCheckingProxy(props) as Record<string, unknown>;
}

/** Runs a rule on a stack. Returns each violation as `resource: message`. */
export async function violations(
    policy: ResourceValidationPolicy | StackValidationPolicy,
    stack: readonly ResourceSpec[],
    config: object = {},
): Promise<string[]> {
    const found: string[] = [];
    const nameOf = (of: string | undefined) => of?.split("::").at(-1) ?? "";
    if ("validateStack" in policy) {
        // A rule may look at single resources first, as the engine does.
        const { validateResource = [] } = policy as Partial<ResourceValidationPolicy>;
        const validations = [validateResource].flat();
        for (const [spec, validate] of stack.flatMap((one) => validations.map((each) => [one, each] as const))) {
            await validate(resourceArgs(spec, config), (message: string) => {
                found.push(`${spec.name}: ${message}`);
            });
        }
        const resources = stackOf(stack);
        const args = { resources, getConfig: () => config, stackTags: new Map<string, string>(), notApplicable };
        await policy.validateStack(args as never, (message: string, at?: string | null) => {
            found.push(`${nameOf(at ?? undefined)}: ${message}`);
        });
    } else {
        for (const spec of stack) {
            const validations = [policy.validateResource ?? []].flat();
            for (const validate of validations) {
                await validate(resourceArgs(spec, config), (message: string) => {
                    found.push(`${spec.name}: ${message}`);
                });
            }
        }
    }
    return found;
}

export function resourceArgs(spec: ResourceSpec, config: object = {}): ResourceValidationArgs {
    const provider = providerOf(spec);
    const { name, type, props, inputs = props } = spec;
    const args = { name, type, urn: urn(spec), props: proxied(inputs), opts: {}, provider, getConfig: () => config };
    return { ...args, notApplicable } as unknown as ResourceValidationArgs;
}

function providerOf({ namespace }: ResourceSpec) {
    return namespace === undefined ? undefined : { props: proxied({ namespace }) };
}

function stackOf(stack: readonly ResourceSpec[]): PolicyResource[] {
    const entries = stack.map((spec) => ({
        spec,
        resource: {
            name: spec.name,
            type: spec.type,
            urn: urn(spec),
            props: proxied(spec.props),
            provider: providerOf(spec),
            opts: { ignoreChanges: spec.ignoreChanges ?? [] },
        },
    }));
    const resourcesNamed = (names: string[] = []) =>
        names.flatMap((name) => entries.find(({ spec }) => spec.name === name)?.resource ?? []);
    return entries.map(({ spec, resource }) =>
        Object.assign(resource, {
            dependencies: resourcesNamed(spec.dependsOn),
            propertyDependencies: Object.fromEntries(
                Object.entries(spec.from ?? {}).map(([property, names]) => [property, resourcesNamed(names)]),
            ),
            parent: resourcesNamed(spec.parent === undefined ? [] : [spec.parent])[0],
        }),
    ) as unknown as PolicyResource[];
}

function notApplicable(): never {
    throw new Error("not applicable");
}
