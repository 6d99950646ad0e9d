import type {
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationPolicy,
} from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";

/** It is internal to `@pulumi/policy`, whose server wraps all properties in it; its declaration is stripped. */
const { unknownCheckingProxy } = proxy as unknown as { unknownCheckingProxy: (props: unknown) => unknown };

/** A resource as a test writes it; `on` are the names of what it depends on, all or by property. */
export interface Given {
    name: string;
    type: string;
    props?: unknown;
    parents?: string;
    dependsOn?: string[];
    from?: Record<string, string[]>;
    parent?: string;
    namespace?: string;
}

/** What the engine sends for text that is not known yet. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const UNKNOWN_OBJECT = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff";

export function urn({ name, type, parents }: Given): string {
    return `urn:pulumi:dev::shop::${parents === undefined ? "" : `${parents}$`}${type}::${name}`;
}

/** The properties as `@pulumi/policy` hands them out: reading what is not known throws. */
function proxied(props: unknown): Record<string, unknown> {
    return unknownCheckingProxy(props) as Record<string, unknown>;
}

/** Runs a rule on a stack, and gives each violation as `resource: message`. */
export async function violations(
    policy: ResourceValidationPolicy | StackValidationPolicy,
    stack: readonly Given[],
    config: object = {},
): Promise<string[]> {
    const found: string[] = [];
    const nameOf = (of: string | undefined) => of?.split("::").at(-1) ?? "";
    if ("validateStack" in policy) {
        const resources = stackOf(stack);
        const args = { resources, getConfig: () => config, stackTags: new Map<string, string>(), notApplicable };
        await policy.validateStack(args as never, (message: string, at?: string | null) => {
            found.push(`${nameOf(at ?? undefined)}: ${message}`);
        });
    } else {
        for (const given of stack) {
            const validations = [policy.validateResource ?? []].flat();
            for (const validate of validations) {
                await validate(resourceArgs(given, config), (message: string) => {
                    found.push(`${given.name}: ${message}`);
                });
            }
        }
    }
    return found;
}

export function resourceArgs(given: Given, config: object = {}): ResourceValidationArgs {
    const provider = given.namespace === undefined ? undefined : { props: proxied({ namespace: given.namespace }) };
    const { name, type, props } = given;
    const args = { name, type, urn: urn(given), props: proxied(props), opts: {}, provider, getConfig: () => config };
    return { ...args, notApplicable } as unknown as ResourceValidationArgs;
}

function stackOf(stack: readonly Given[]): PolicyResource[] {
    const made = stack.map((given) => ({
        given,
        resource: { name: given.name, type: given.type, urn: urn(given), props: proxied(given.props) },
    }));
    const named = (names: string[] = []) =>
        names.flatMap((name) => made.find(({ given }) => given.name === name)?.resource ?? []);
    return made.map(({ given, resource }) =>
        Object.assign(resource, {
            dependencies: named(given.dependsOn),
            propertyDependencies: Object.fromEntries(
                Object.entries(given.from ?? {}).map(([property, names]) => [property, named(names)]),
            ),
            parent: named(given.parent === undefined ? [] : [given.parent])[0],
        }),
    ) as unknown as PolicyResource[];
}

function notApplicable(): never {
    throw new Error("not applicable");
}
