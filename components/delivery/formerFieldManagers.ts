import * as pulumi from "@pulumi/pulumi";
import { fieldManager } from "./fieldManager";

const URN = /^urn:pulumi:(?<stack>[^:]+)::(?<project>[^:]+)::.*::(?<name>.+)$/;

/**
 * The field managers that a component may have started with, derived from its aliases. Aliases that are Outputs are skipped.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/aliases/
 */
export function formerFieldManagers(
    name: string,
    aliases: pulumi.ComponentResourceOptions["aliases"],
    project = pulumi.getProject(),
    stack = pulumi.getStack(),
): string[] {
    // JavaScript programs may pass an Output of a list, which the types do not allow.
    const given = Array.isArray(aliases) ? (aliases as readonly unknown[]) : [];
    const managers = given.flatMap((alias) => {
        const former = typeof alias === "string" ? URN.exec(alias)?.groups : alias;
        if (typeof former !== "object" || former === null || pulumi.Output.isInstance(former)) {
            return [];
        }
        const part = (key: string, otherwise: string) => {
            const value = (former as Readonly<Record<string, unknown>>)[key] ?? otherwise;
            return typeof value === "string" ? value : undefined;
        };
        const [formerName, formerProject, formerStack] = [
            part("name", name),
            part("project", project),
            part("stack", stack),
        ];
        return formerName === undefined || formerProject === undefined || formerStack === undefined
            ? []
            : [fieldManager(formerName, formerProject, formerStack)];
    });
    return [...new Set(managers)].filter((manager) => manager !== fieldManager(name, project, stack));
}
