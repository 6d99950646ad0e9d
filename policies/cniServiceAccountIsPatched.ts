import { ROLE_ARN_ANNOTATION } from "../documents/serviceAccountAnnotations";
import type { PolicyResource, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { recordArguments } from "./support/componentArguments";
import { componentsOf, isAccount, PATCH, SERVICE_ACCOUNT } from "./support/deliveries";
import { isOfComponent, propsOf, resourcesOf } from "./support/stack";
import { at, isRecord } from "./support/values";
import { type OrderFault, orderFault } from "./support/writerOrder";

export const cniServiceAccountIsPatched: ResourceValidationPolicy & StackValidationPolicy = {
    name: "cni-service-account-is-patched-by-the-component",
    displayName: "Only EKS, the component and the writer that it waits for change the CNI's service account",
    description:
        "EKS owns the service account kube-system/aws-node. A ServiceAccount resource takes it over, and destroy deletes it, so " +
        "new CNI pods have no service account. A role that another patch sets is not checked against its trust policy, unless a " +
        'CniServiceAccountRole with delivery: "external" waits for that patch, which then has to wait for the proof of the role, and for nothing later.',
    enforcementLevel: "mandatory",
    url: "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/",
    remediationSteps:
        "Use CniServiceAccountRole, which patches the service account and keeps it on destroy. If another patch of the program is to set the role, " +
        'set delivery: "external", and let that patch take the output `provedRoleArn`.',
    configSchema: accountSchema,
    validateResource: (args, reportViolation) => {
        recordArguments(args);
        const account = accountOf(args.getConfig());
        if (args.type === SERVICE_ACCOUNT && !isOfComponent(args.urn) && isAccount(withNamespace(args), account)) {
            reportViolation(
                `This ServiceAccount takes over ${account.namespace}/${account.name}, and destroy would delete it. Use CniServiceAccountRole.`,
            );
        }
    },
    // Only the whole stack shows whether a component waits for the patch.
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const account = accountOf(args.getConfig());
        const waiting = componentsOf(stack, "external");
        for (const resource of args.resources.filter(({ type, urn }) => type === PATCH && !isOfComponent(urn))) {
            const props = withNamespace(resource);
            const patch = stack.find(({ urn }) => urn === resource.urn);
            if (patch === undefined || !isAccount(props, account) || !annotatesRole(props)) {
                continue;
            }
            if (waiting.length === 0) {
                reportViolation(
                    `This patch annotates ${account.namespace}/${account.name} with a role outside the component. Use CniServiceAccountRole.`,
                    patch.urn,
                );
            }
            for (const fault of new Set(waiting.flatMap((one) => orderFault(patch, "metadata", one, stack) ?? []))) {
                reportViolation(ORDER_FAULTS[fault], patch.urn);
            }
        }
    },
};

/** A patch that the component waits for, and that gets the role at the wrong time. */
const ORDER_FAULTS: Readonly<Record<OrderFault, string>> = {
    waits:
        "This patch waits for the CniServiceAccountRole, which waits until the patch delivers the role, so the update would stop at " +
        "timeouts.deliverySeconds. Take the role from the output provedRoleArn, and remove the CniServiceAccountRole from dependsOn.",
    beforeProof:
        "This patch takes the role of the CniServiceAccountRole before the role is proved, so new pods could get a role that they cannot use. " +
        "Take the role from the output provedRoleArn.",
};

/** A resource without a namespace gets the namespace of its Kubernetes provider. */
function withNamespace({
    props: given,
    provider,
}: Pick<PolicyResource, "props" | "provider">): Record<string, unknown> {
    const props = propsOf(given);
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
