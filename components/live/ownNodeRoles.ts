import * as pulumi from "@pulumi/pulumi";
import { parseRoleArn } from "../../documents/arn";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";

/** A node role that the component's own program manages, and so may delete in the same operation as the component. */
export interface OwnNodeRole {
    readonly name: string;
    /** Whether its delete detaches policies first. Undefined if that cannot be seen, as in the plugin. */
    readonly forceDetachPolicies: boolean | undefined;
}

const ROLE_TYPE = "aws:iam/role:Role";

/**
 * Finds the node roles that come from an `aws.iam.Role` of the same program, by the resources behind each raw member of the list: the
 * checks of the arguments merge them. A role counts if its ID is the name. The plugin gets the URNs alone, so there the type decides.
 *
 * Names from a StackReference, an invoke or a node group are not such roles. `aws.iam.Role.get` looks like one.
 */
export function ownNodeRoles(list: CniServiceAccountRoleArgs["detachFromNodeRoles"]): pulumi.Output<OwnNodeRole[]> {
    const members = Array.isArray(list) ? list : list === undefined ? [] : [pulumi.output(list)];
    const found = members.map((member: unknown) => (pulumi.Output.isInstance(member) ? ownAmong(member) : []));
    return pulumi.all(found).apply((own) => own.flat());
}

/** Whether the role of `existingRoleArn` comes from an `aws.iam.Role` of the same program. Undefined if it does not. */
export function isOfProgram(
    existingRoleArn: CniServiceAccountRoleArgs["existingRoleArn"],
): pulumi.Output<true | undefined> {
    return pulumi.Output.isInstance(existingRoleArn)
        ? ownAmong(existingRoleArn.apply((arn) => parseRoleArn(arn)?.name)).apply(([own]) => own && true)
        : pulumi.output(undefined);
}

function ownAmong(member: pulumi.Output<unknown>): pulumi.Output<OwnNodeRole[]> {
    const own = member.apply(async (known) => {
        const names = [known].flat().filter((name) => typeof name === "string");
        const roles = pulumi.all((await resourcesBehind(member)).map(roleSeen));
        return roles.apply((seen) =>
            names.flatMap((name) => {
                const role = seen.find(({ type, id }) => type === ROLE_TYPE && (id === undefined || id === name));
                return role === undefined ? [] : [{ name, forceDetachPolicies: role.forceDetachPolicies }];
            }),
        );
    });
    return own as unknown as pulumi.Output<OwnNodeRole[]>;
}

/** The types of the SDK do not declare it: https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/output.ts (allResources) */
async function resourcesBehind(member: pulumi.Output<unknown>): Promise<pulumi.Resource[]> {
    const { allResources } = member as unknown as { allResources: () => Promise<Iterable<pulumi.Resource>> };
    return [...(await allResources())];
}

/** In the plugin, a resource is a dependency with nothing but its URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
function roleSeen(resource: pulumi.Resource) {
    const { urn, id, forceDetachPolicies } = resource as Partial<{
        urn: pulumi.Output<string>;
        id: pulumi.Output<string>;
        forceDetachPolicies: pulumi.Output<boolean>;
    }>;
    return pulumi.all([urn, id, forceDetachPolicies]).apply(([name, known, force]) => ({
        type: String(name).split("::")[2]?.split("$").at(-1),
        id: known,
        forceDetachPolicies: force,
    }));
}
