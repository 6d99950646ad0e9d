import { namePrefixFromName, prefixedUniqueId, UNIQUE_ID_LENGTH } from "../bridge/autoName";
import { Schema, string } from "../bridge/schema";
import { iamName } from "../bridge/validators";
import { asString, ValueMap } from "../bridge/values";

/**
 * Name, prefix and path of roles, policies and instance profiles (terraform-provider-aws internal/service/iam/role.go,
 * internal/service/iam/policy.go and internal/service/iam/instance_profile.go). The length of automatic names is that of
 * pulumi-aws provider/resource_overrides.go, AutoName.
 */
export function namingProperties({ maxLength, autoNameLength }: Record<"maxLength" | "autoNameLength", number>) {
    return {
        name: string({
            computed: true,
            forceNew: true,
            conflictsWith: ["namePrefix"],
            autoName: { maxLength: autoNameLength },
            validate: iamName(maxLength),
        }),
        namePrefix: string({
            computed: true,
            forceNew: true,
            conflictsWith: ["name"],
            validate: iamName(maxLength - UNIQUE_ID_LENGTH),
        }),
        path: string({ default: "/", forceNew: true }),
    } satisfies Schema;
}

/** The name with which a resource is created. */
export function chosenName(inputs: ValueMap): string {
    return asString(inputs["name"]) ?? prefixedUniqueId(asString(inputs["namePrefix"]) ?? "");
}

/** AWS does not store a prefix: it is kept from the former state, or derived from the name, as after an import. */
export function namingState(name: string, prior: ValueMap | undefined): ValueMap {
    return { name, namePrefix: asString(prior?.["namePrefix"]) ?? namePrefixFromName(name) };
}
