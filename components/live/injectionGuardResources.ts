import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { ServiceAccountName, TOKEN_AUDIENCE } from "../../documents/trustPolicy";
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
    readonly roleArn: pulumi.Output<string>;
}

/** Whether every container has the environment variable. `env` may be missing. */
const EVERY_CONTAINER = (variable: string) =>
    ["containers", "initContainers"]
        .map((list) => `object.spec.?${list}.orValue([]).all(c, c.?env.orValue([]).exists(e, e.name == '${variable}'))`)
        .join(" && ");

const HAS_TOKEN =
    "object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([]).exists(s, " +
    `s.?serviceAccountToken.?audience.orValue('') == '${TOKEN_AUDIENCE}'))`;

/**
 * Creates an admission policy that refuses pods of the service account that the pod identity webhook missed. Once the CNI policy
 * is detached from the node role, these pods would have no path to their permissions, and no error would show it. The DaemonSet
 * controller retries until the webhook has mutated the pod.
 *
 * The policy fails closed. The API server evaluates it itself, so no other service can be unavailable. If the evaluation failed
 * open, a pod without its identity could pass.
 *
 * Both objects are retained on destroy. The credential guard deletes them once the policies are attached to the node roles again.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
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
    const message = pulumi.all([serviceAccount, roleArn, guardName]).apply((parts) => refusalMessage(...parts));
    const policy = new ValidatingAdmissionPolicy(
        `${name}-injection-guard`,
        {
            metadata,
            spec: {
                failurePolicy: "Fail",
                matchConstraints: {
                    namespaceSelector: {
                        matchLabels: { "kubernetes.io/metadata.name": serviceAccount.namespace },
                    },
                    resourceRules: [
                        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
                    ],
                },
                matchConditions: [
                    {
                        name: "service-account",
                        expression: pulumi.interpolate`object.spec.?serviceAccountName.orValue('') == '${serviceAccount.name}'`,
                    },
                ],
                validations: [
                    { expression: EVERY_CONTAINER("AWS_WEB_IDENTITY_TOKEN_FILE"), message },
                    { expression: EVERY_CONTAINER("AWS_ROLE_ARN"), message },
                    { expression: HAS_TOKEN, message },
                ],
            },
        },
        kept,
    );
    const binding = new ValidatingAdmissionPolicyBinding(
        `${name}-injection-guard-binding`,
        { metadata, spec: { policyName: guardName, validationActions: ["Deny"] } },
        { ...kept, dependsOn: pulumi.output(opts.dependsOn).apply((before) => [...before, policy]) },
    );
    return [policy, binding];
}

/** The message in the DaemonSet's events. */
function refusalMessage({ namespace, name }: ServiceAccountName, roleArn: string, guardName: string): string {
    return (
        `eks-cni: this pod of the service account ${namespace}/${name} was refused. The pod identity webhook did not give it the CNI role, ` +
        "and its node role may no longer hold the CNI policy. The DaemonSet controller retries until the webhook works. " +
        "If the service account has lost its annotation, run pulumi up --refresh, or: " +
        `kubectl annotate serviceaccount ${name} -n ${namespace} --overwrite ${ROLE_ARN_ANNOTATION}=${roleArn}. ` +
        "To admit pods without the role, first attach the CNI policy to the node role again, then run: " +
        `kubectl delete validatingadmissionpolicybinding ${guardName}`
    );
}
