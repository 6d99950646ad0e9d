import { ROLE_ARN_ANNOTATION } from "../documents/serviceAccountAnnotations";
import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { isAccount } from "./support/deliveries";
import { isOfComponent, propsOf } from "./support/stack";
import { at, isRecord } from "./support/values";

export const cniServiceAccountIsPatched: ResourceValidationPolicy = {
    name: "cni-service-account-is-patched-by-the-component",
    displayName: "Only EKS and the component change the CNI's service account",
    description:
        "EKS owns the service account kube-system/aws-node. A ServiceAccount resource takes it over, and destroy deletes it, so " +
        "new CNI pods have no service account. A role that another patch sets is not checked against its trust policy.",
    enforcementLevel: "mandatory",
    url: "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/",
    remediationSteps: "Use CniServiceAccountRole, which patches the service account and keeps it on destroy.",
    configSchema: accountSchema,
    validateResource: (args, reportViolation) => {
        const account = accountOf(args.getConfig());
        const props = withNamespace(propsOf(args.props), args);
        if (isOfComponent(args.urn) || !isAccount(props, account)) {
            return;
        }
        const name = `${account.namespace}/${account.name}`;
        if (args.type === "kubernetes:core/v1:ServiceAccount") {
            reportViolation(
                `This ServiceAccount takes over ${name}, and destroy would delete it. Use CniServiceAccountRole.`,
            );
        } else if (args.type === "kubernetes:core/v1:ServiceAccountPatch" && annotatesRole(props)) {
            reportViolation(
                `This patch annotates ${name} with a role outside the component. Use CniServiceAccountRole.`,
            );
        }
    },
};

/** A resource without a namespace gets the namespace of its Kubernetes provider. */
function withNamespace(props: Record<string, unknown>, { provider }: ResourceValidationArgs): Record<string, unknown> {
    const namespace = propsOf(provider?.props)["namespace"] ?? "default";
    const metadata = at(props, "metadata");
    return isRecord(metadata)
        ? { ...props, metadata: { ...metadata, namespace: metadata["namespace"] ?? namespace } }
        : props;
}

/** Only the key counts, because the value may be unknown. */
function annotatesRole(props: Readonly<Record<string, unknown>>): boolean {
    const annotations = at(props, "metadata", "annotations");
    return isRecord(annotations) && ROLE_ARN_ANNOTATION in annotations;
}
