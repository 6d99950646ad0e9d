import type { IAMClient } from "@aws-sdk/client-iam";

/** The policies of a role, sorted. */
export interface RolePolicies {
    /** The ARNs of the managed policies that are attached. */
    readonly arns: readonly string[];
    /** The names of the inline policies. */
    readonly inline: readonly string[];
}

export async function rolePolicies(client: IAMClient, RoleName: string): Promise<RolePolicies> {
    const { paginateListAttachedRolePolicies, paginateListRolePolicies } = await import("./awsSdk");
    const arns: string[] = [];
    for await (const { AttachedPolicies = [] } of paginateListAttachedRolePolicies({ client }, { RoleName })) {
        arns.push(...AttachedPolicies.flatMap(({ PolicyArn }) => PolicyArn ?? []));
    }
    const inline: string[] = [];
    for await (const { PolicyNames = [] } of paginateListRolePolicies({ client }, { RoleName })) {
        inline.push(...PolicyNames);
    }
    return { arns: arns.sort(), inline: inline.sort() };
}
