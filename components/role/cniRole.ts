import * as pulumi from "@pulumi/pulumi";
import { OidcProvider, parseClusterArn, parseOidcProviderArn, parsePolicyArn, parseRoleArn } from "../../documents/arn";
import { ipv6CniPolicy, managedCniPolicyArn } from "../../documents/cniPermissions";
import { podIdentityTrustPolicy } from "../../documents/podIdentity";
import { ServiceAccountName, trustPolicy } from "../../documents/trustPolicy";
import { after, resourcesAfter, ValidArgs } from "../arguments/validArgs";
import { Gate } from "../arguments/validateArguments";
import { roleAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { sdks } from "../providerSdks";
import { policyTrigger, roleTrigger } from "./replacementTriggers";

/** The CNI role with its permissions: created by the component, or an existing role. */
export interface CniRole {
    arn: pulumi.Output<string>;
    name: pulumi.Output<string>;
    /** Distinguishes a role from an earlier one of the same name. Undefined for an existing role. */
    uniqueId?: pulumi.Output<string>;
    policyArns: pulumi.Output<string[]>;
    /** The resources that must exist before anything uses the role. */
    attachments: pulumi.CustomResource[];
}

/** The inputs that decide which resources a role consists of, and their properties. */
export interface CniRoleInputs {
    name: string;
    args: ValidArgs;
    gate: Gate;
    /** Whether the role gets the component's own IPv6 policy instead of the AWS managed policy. */
    ipv6Policy: boolean;
    additionalPolicies: pulumi.Input<string>[];
    oidcProviderArn: pulumi.Output<string>;
    /** The cluster whose pods get the role by EKS Pod Identity. Undefined: the role trusts OIDC providers. */
    clusterArn?: pulumi.Output<string> | undefined;
    serviceAccount: pulumi.Output<ServiceAccountName>;
    /** With live checks, which move the pods if another role replaces this one: what stops a change in place. */
    live?: pulumi.ResourceHookBinding;
    parent: pulumi.Resource;
}

/** A role of another owner, which the component does not change. */
export function existingRole(arn: pulumi.Output<string>): CniRole {
    const name = arn.apply((known) => parseRoleArn(known)?.name ?? "");
    return { arn, name, policyArns: pulumi.output<string[]>([]), attachments: [] };
}

/** Creates the role, and attaches the CNI policy of the IP family and the additional policies. */
export function createRole(inputs: CniRoleInputs): CniRole {
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
        // With a fixed name, the AWS provider deletes before it creates: pods would lose their role before they get another.
        {
            parent,
            deleteBeforeReplace: false,
            hooks: { ...explainFailures(roleAdvice, parent), ...inputs.live },
            // With a fixed name, a second role cannot exist alongside the first, so a replacement could never be created. The
            // hook then refuses the change.
            ...(inputs.live && args.roleName === undefined
                ? { replacementTrigger: roleTrigger({ ...args, ...inputs }) }
                : {}),
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

function trustDocument({ args, oidcProviderArn, clusterArn, serviceAccount }: CniRoleInputs): pulumi.Output<string> {
    if (clusterArn !== undefined) {
        return pulumi
            .all([clusterArn, serviceAccount])
            .apply(([arn, account]) =>
                JSON.stringify(podIdentityTrustPolicy({ clusterArn: clusterOf(arn).arn, serviceAccount: account })),
            );
    }
    return pulumi
        .all([oidcProviderArn, args.additionalOidcProviderArns ?? [], serviceAccount])
        .apply(([first, others, account]) =>
            // The Output may resolve to no list at all.
            JSON.stringify(
                trustPolicy([first, ...((others as string[] | undefined) ?? [])].map(oidcProvider), account),
            ),
        );
}

function cniPolicyArn(inputs: CniRoleInputs, role: pulumi.CustomResource): pulumi.Output<string> {
    const { name, args, gate, ipv6Policy, oidcProviderArn, clusterArn, parent } = inputs;
    const partition =
        clusterArn?.apply((arn) => clusterOf(arn).partition) ??
        oidcProviderArn.apply((arn) => oidcProvider(arn).partition);
    if (!ipv6Policy) {
        return partition.apply(managedCniPolicyArn);
    }
    const policy = new (sdks.iam().Policy)(
        // Auto-named, so that two clusters in one account never share it: one's destroy would delete the other's policy.
        `${name}-ipv6-policy`,
        {
            path: args.rolePath,
            description: "Permissions of the Amazon VPC CNI plugin on a cluster of the IPv6 family",
            policy: partition.apply((known) => JSON.stringify(ipv6CniPolicy(known))),
            tags: args.tags,
        },
        // After the role: if IAM rejects the role (a new path under a fixed name), no policy has been replaced yet.
        {
            parent,
            deleteBeforeReplace: false,
            dependsOn: resourcesAfter(gate, [role]),
            hooks: inputs.live ?? {},
            ...(inputs.live ? { replacementTrigger: policyTrigger(args.roleName) } : {}),
        },
    );
    return after(gate, policy.arn);
}

/**
 * The attachment of a plain ARN is named after the ARN. If it were named by index, removing one policy would rename those after
 * it: each would be attached again, which changes nothing, and then detached under its old name. (pulumi-aws,
 * provider/resource_overrides.go: "a create followed by a delete actually deletes the same attachment we just created".)
 * The ARN of an Output is not known when the attachment gets its name, so Outputs are numbered among themselves.
 */
function additionalPolicies({ args, additionalPolicies: given }: CniRoleInputs) {
    const arns = args.additionalPolicyArns ?? pulumi.output<string[]>([]);
    let outputs = 0;
    return given.map((member, i) => ({
        suffix: `additional-policy-${typeof member === "string" ? policyLabel(member) : String(outputs++)}`,
        // Indexed from the list, so that an unknown member does not make the others unknown.
        arn: arns[i] as pulumi.Output<string>,
    }));
}

/** Unique for each policy: it includes the owner and the path. */
function policyLabel(arn: string): string {
    const { owner, path, name } = parsePolicyArn(arn) ?? { owner: "", path: "", name: arn };
    return `${owner}${path}${name}`;
}

function clusterOf(arn: string): { readonly arn: string; readonly partition: string } {
    const cluster = parseClusterArn(arn);
    if (cluster === undefined) {
        throw new Error(
            `The lookup of the EKS cluster returned ${JSON.stringify(arn)}, which is not the ARN of one. ` +
                "In a unit test, let the mocks return one.",
        );
    }
    return { arn, partition: cluster.partition };
}

function oidcProvider(arn: string): OidcProvider {
    const provider = parseOidcProviderArn(arn);
    if (provider === undefined) {
        throw new Error(
            `The lookup of the IAM OIDC provider returned ${JSON.stringify(arn)}, which is not the ARN of one. ` +
                "In a unit test, let the mocks return one, or pass oidcProviderArn.",
        );
    }
    return provider;
}
