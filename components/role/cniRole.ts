import * as pulumi from "@pulumi/pulumi";
import { OidcProvider, parseOidcProviderArn, parsePolicyArn, parseRoleArn } from "../../documents/arn";
import { ipv6CniPolicy, managedCniPolicyArn } from "../../documents/cniPermissions";
import { ServiceAccountName, trustPolicy } from "../../documents/trustPolicy";
import { after, resourcesAfter, ValidArgs } from "../arguments/validArgs";
import { Gate } from "../arguments/validateArguments";
import { roleAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { sdks } from "../providerSdks";
import { trustChange } from "./trustChange";

/** The CNI role with its permissions, made by the component or there before. */
export interface CniRole {
    arn: pulumi.Output<string>;
    name: pulumi.Output<string>;
    /** Tells a role from an earlier one of the same name. Not known of a role that was there before. */
    uniqueId?: pulumi.Output<string>;
    policyArns: pulumi.Output<string[]>;
    /** What must be there before anything uses the role. */
    attachments: pulumi.CustomResource[];
}

/** What decides which resources a role consists of, and what they are made from. */
export interface CniRoleInputs {
    name: string;
    args: ValidArgs;
    gate: Gate;
    /** Whether the permissions are the component's own IPv6 policy; otherwise they are AWS's managed policy. */
    ipv6Policy: boolean;
    additionalPolicies: pulumi.Input<string>[];
    oidcProviderArn: pulumi.Output<string>;
    serviceAccount: pulumi.Output<ServiceAccountName>;
    /** Whether pods that carry the role are handed over to another one where that takes its place. */
    live: boolean;
    parent: pulumi.Resource;
}

/** A role that somebody else made: it is used as it is. */
export function existingRole(arn: pulumi.Output<string>): CniRole {
    const name = arn.apply((known) => parseRoleArn(known)?.name ?? "");
    return { arn, name, policyArns: pulumi.output<string[]>([]), attachments: [] };
}

/** Makes the role, and attaches the permissions of the IP family and the additional policies. */
export function makeRole(inputs: CniRoleInputs): CniRole {
    const { name, args, gate, parent } = inputs;
    const role = new (sdks.iam().Role)(
        `${name}-role`,
        {
            name: args.roleName,
            path: args.rolePath,
            description: args.roleDescription,
            permissionsBoundary: args.permissionsBoundary,
            maxSessionDuration: args.maxSessionDuration,
            tags: args.tags,
            assumeRolePolicy: trustDocument(inputs),
        },
        // The AWS provider deletes first when the name is fixed: pods would lose their role before they have another.
        {
            parent,
            deleteBeforeReplace: false,
            hooks: explainFailures(roleAdvice, parent),
            // Under a fixed name there is no room for another role beside it, not even for the one that mends a mistake.
            ...(inputs.live && args.roleName === undefined ? { replacementTrigger: trustChange(inputs) } : {}),
        },
    );
    const roleName = after(gate, role.name);
    const policies = [{ suffix: "cni-policy", arn: cniPolicyArn(inputs, role) }, ...additionalPolicies(inputs)];
    return {
        arn: after(gate, role.arn),
        name: roleName,
        uniqueId: after(gate, role.uniqueId),
        policyArns: pulumi.all(policies.map(({ arn }) => arn)),
        attachments: policies.map(
            ({ suffix, arn }) =>
                new (sdks.iam().RolePolicyAttachment)(
                    `${name}-${suffix}`,
                    { role: roleName, policyArn: arn },
                    { parent, deleteBeforeReplace: false },
                ),
        ),
    };
}

function trustDocument({ args, oidcProviderArn, serviceAccount }: CniRoleInputs): pulumi.Output<string> {
    return pulumi
        .all([oidcProviderArn, args.additionalOidcProviderArns ?? [], serviceAccount])
        .apply(([first, others, account]) =>
            // An output may hold no list at all.
            JSON.stringify(
                trustPolicy([first, ...((others as string[] | undefined) ?? [])].map(oidcProvider), account),
            ),
        );
}

function cniPolicyArn(
    { name, args, gate, ipv6Policy, oidcProviderArn, parent }: CniRoleInputs,
    role: pulumi.CustomResource,
): pulumi.Output<string> {
    const partition = oidcProviderArn.apply((arn) => oidcProvider(arn).partition);
    if (!ipv6Policy) {
        return partition.apply(managedCniPolicyArn);
    }
    const policy = new (sdks.iam().Policy)(
        // Auto-named, so two clusters in one account never share it: what one needs, another's `destroy` would delete.
        `${name}-ipv6-policy`,
        {
            path: args.rolePath,
            description: "Permissions of the Amazon VPC CNI plugin on a cluster of the IPv6 family",
            policy: partition.apply((known) => JSON.stringify(ipv6CniPolicy(known))),
            tags: args.tags,
        },
        // After the role: where that one is refused, its path having changed under a fixed name, nothing has been replaced yet.
        { parent, deleteBeforeReplace: false, dependsOn: resourcesAfter(gate, [role]) },
    );
    return after(gate, policy.arn);
}

/**
 * A policy given as plain text is named by itself. Named by index, the policies behind one that goes would move to other
 * names: each would be attached again, which changes nothing, and then detached under its old name. (pulumi-aws,
 * provider/resource_overrides.go: "a create followed by a delete actually deletes the same attachment we just created".)
 * An output is not known yet when it is to be named, so outputs are counted, among themselves.
 */
function additionalPolicies({ args, additionalPolicies: given }: CniRoleInputs) {
    const arns = args.additionalPolicyArns ?? pulumi.output<string[]>([]);
    let outputs = 0;
    return given.map((member, i) => ({
        suffix: `additional-policy-${typeof member === "string" ? policyLabel(member) : String(outputs++)}`,
        // Lifted from the list, so that one unknown member leaves the others known.
        arn: arns[i] as pulumi.Output<string>,
    }));
}

/** Tells two policies apart, whoever owns them and whatever their paths. */
function policyLabel(arn: string): string {
    const { owner, path, name } = parsePolicyArn(arn) ?? { owner: "", path: "", name: arn };
    return `${owner}${path}${name}`;
}

function oidcProvider(arn: string): OidcProvider {
    const provider = parseOidcProviderArn(arn);
    if (provider === undefined) {
        throw new Error(
            `The lookup of the IAM OIDC provider returned ${JSON.stringify(arn)}, which is not the ARN of one.`,
        );
    }
    return provider;
}
