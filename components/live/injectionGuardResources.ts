import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { injectionGuardSpec } from "../../documents/injectionGuard";
import { ServiceAccountName } from "../../documents/trustPolicy";
import { PATCH_IGNORE_CHANGES, patchControl } from "../delivery/fieldManager";
import { sdks } from "../providerSdks";

/** Below Kubernetes' limit of 253 characters for a name, with room for the digest. */
const READABLE_LENGTH = 200;

/** The name of the policy and of its binding. Both are cluster-wide, so the name is unique to the component. */
export function injectionGuardName(fieldManager: string): string {
    const digest = createHash("sha256").update(fieldManager).digest("hex").slice(0, 8);
    const readable = fieldManager
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(0, READABLE_LENGTH);
    return `${readable}-${digest}`;
}

/** The inputs of the injection guard. */
export interface InjectionGuardArgs {
    readonly guardName: pulumi.Output<string>;
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    /** Undefined with Pod Identity: its pods do not show their role, and no other pod is admitted. */
    readonly roleArn: pulumi.Output<string> | undefined;
}

/**
 * Creates an admission policy that refuses pods of the service account that the pod identity webhook missed. Once the CNI policy
 * is detached from the node role, these pods would have no path to their permissions, and no error would show it. The DaemonSet
 * controller retries until the webhook has mutated the pod. It also refuses pods with another role than this one: before the
 * service account gets another role, the credential guard admits both roles, and this resource's update then admits the new one
 * alone.
 *
 * Both objects are retained on destroy. The credential guard deletes them once the policies are attached to the node roles again.
 */
export function createInjectionGuardResources(
    name: string,
    { guardName, serviceAccount, roleArn }: InjectionGuardArgs,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Input<pulumi.Resource[]> },
): pulumi.CustomResource[] {
    const { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } = sdks.admission();
    const metadata = { name: guardName, annotations: patchControl(name, true) };
    const kept = {
        ...opts,
        retainOnDelete: true,
        // A renamed component keeps its existing guard.
        ignoreChanges: ["metadata.name", ...PATCH_IGNORE_CHANGES],
    };
    const spec = pulumi
        .all([serviceAccount, roleArn ? [roleArn] : []])
        .apply(([account, roleArns]) => injectionGuardSpec({ serviceAccount: account, roleArns }));
    const policy = new ValidatingAdmissionPolicy(`${name}-injection-guard`, { metadata, spec }, kept);
    const binding = new ValidatingAdmissionPolicyBinding(
        `${name}-injection-guard-binding`,
        { metadata, spec: { policyName: guardName, validationActions: ["Deny"] } },
        { ...kept, dependsOn: pulumi.output(opts.dependsOn).apply((before) => [...before, policy]) },
    );
    return [policy, binding];
}
