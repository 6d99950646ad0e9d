import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { ServiceAccountName, TOKEN_AUDIENCE } from "../../documents/trustPolicy";
import { KEPT_BY_A_PATCH, patchControl } from "../delivery/fieldManager";
import { sdks } from "../providerSdks";

/** Kubernetes' limit for the name of an object; the digest and the prefix take their part. */
const READABLE_LENGTH = 200;

/** The name of the policy and of its binding: cluster-wide, so it tells one component from another. */
export function injectionGuardName(fieldManager: string): string {
    const digest = createHash("sha256").update(fieldManager).digest("hex").slice(0, 8);
    const readable = fieldManager
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(0, READABLE_LENGTH);
    return `${readable}-${digest}`;
}

/** What the guard is told. */
export interface InjectionGuardArgs {
    readonly guardName: pulumi.Output<string>;
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly roleArn: pulumi.Output<string>;
}

/** Containers without the variable; `env` may be missing. */
const EVERY_CONTAINER = (variable: string) =>
    ["containers", "initContainers"]
        .map((list) => `object.spec.?${list}.orValue([]).all(c, c.?env.orValue([]).exists(e, e.name == '${variable}'))`)
        .join(" && ");

const HAS_TOKEN =
    "object.spec.?volumes.orValue([]).exists(v, v.?projected.?sources.orValue([]).exists(s, " +
    `s.?serviceAccountToken.?audience.orValue('') == '${TOKEN_AUDIENCE}'))`;

/**
 * Refuses pods of the service account that the pod identity webhook has missed: without the policy on the node role such a pod
 * would have no way to its permissions, and nobody would be told. The DaemonSet's controller tries again until it is right.
 *
 * It fails closed. It is evaluated within the API server, so there is no service that could be away, and what it could not
 * evaluate would be a pod of which nobody knows whether it has its identity.
 *
 * Both stay on destroy, and the credential guard takes them off once the node roles have their policies back.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function guardInjection(
    name: string,
    { guardName, serviceAccount, roleArn }: InjectionGuardArgs,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Input<pulumi.Resource[]> },
): pulumi.CustomResource[] {
    const { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } = sdks.admission();
    const metadata = { name: guardName, annotations: patchControl(name, true) };
    const kept = {
        ...opts,
        retainOnDelete: true,
        // A renamed component goes on with the guard that is there.
        ignoreChanges: ["metadata.name", ...KEPT_BY_A_PATCH],
    };
    const message = pulumi.all([serviceAccount, roleArn, guardName]).apply((parts) => refusal(...parts));
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

/** What whoever reads the DaemonSet's events is to know. */
function refusal({ namespace, name }: ServiceAccountName, roleArn: string, guardName: string): string {
    return (
        `eks-cni: this pod of ${namespace}/${name} has no identity of its own, and its node role no longer holds the CNI policy. ` +
        "The DaemonSet tries again. If the service account has lost its annotation: " +
        `kubectl annotate serviceaccount ${name} -n ${namespace} --overwrite ${ROLE_ARN_ANNOTATION}=${roleArn}. ` +
        `To let pods in without it: kubectl delete validatingadmissionpolicybinding ${guardName}`
    );
}
