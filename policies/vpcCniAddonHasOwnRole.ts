import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { recordArguments } from "./support/componentArguments";
import { componentsOf, hasRole, mayBeSameCluster, podIdentityAssociations, vpcCniAddons } from "./support/deliveries";
import { resourcesOf } from "./support/stack";
import { type OrderFault, orderFault } from "./support/writerOrder";

export const vpcCniAddonHasOwnRole: ResourceValidationPolicy & StackValidationPolicy = {
    name: "vpc-cni-addon-has-own-role",
    displayName: "The vpc-cni add-on has a role of its own",
    description:
        "The vpc-cni add-on has a role, through serviceAccountRoleArn or an EKS Pod Identity association, or a CniServiceAccountRole annotates " +
        "the service account, associates it or waits for another writer. Without one, the plugin uses the node role. If a CniServiceAccountRole waits for the " +
        "add-on, the add-on waits for the proof of the role, and for nothing later.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html",
    remediationSteps:
        'Add a CniServiceAccountRole. With delivery: "eksAddon", set serviceAccountRoleArn to its output `ready`; with "external", to its output ' +
        "`provedRoleArn`.",
    configSchema: accountSchema,
    validateResource: recordArguments,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const associations = podIdentityAssociations(stack, accountOf(args.getConfig()));
        for (const addon of vpcCniAddons(stack).filter(hasRole)) {
            const waiting = componentsOf(stack, "external", addon.props["clusterName"]);
            const faults = waiting.flatMap(
                (component) => orderFault(addon, "serviceAccountRoleArn", component, stack) ?? [],
            );
            for (const fault of new Set(faults)) {
                reportViolation(ORDER_FAULTS[fault], addon.urn);
            }
        }
        for (const addon of vpcCniAddons(stack).filter((candidate) => !hasRole(candidate))) {
            const { clusterName } = addon.props;
            if (componentsOf(stack, "eksAddon", clusterName).length > 0) {
                reportViolation(
                    "The vpc-cni add-on states no role, so each of its updates takes away the role that the CniServiceAccountRole gives it. Set " +
                        "serviceAccountRoleArn to the output ready of the CniServiceAccountRole.",
                    addon.urn,
                );
            } else if (
                // An add-on that has no role leaves the annotation of another writer alone.
                componentsOf(stack, "serviceAccountPatch", clusterName).length === 0 &&
                componentsOf(stack, "external", clusterName).length === 0 &&
                componentsOf(stack, "podIdentity", clusterName).length === 0 &&
                !associations.some(({ props }) => mayBeSameCluster(props["clusterName"], clusterName))
            ) {
                reportViolation(
                    "The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses " +
                        "the node role. Set serviceAccountRoleArn.",
                    addon.urn,
                );
            }
        }
    },
};

/** An add-on with a role that gets it at the wrong time. */
const ORDER_FAULTS: Readonly<Record<OrderFault, string>> = {
    waits:
        "The vpc-cni add-on waits for the CniServiceAccountRole, which waits until the add-on delivers the role, so the update would " +
        "stop at timeouts.deliverySeconds. Set serviceAccountRoleArn to the output provedRoleArn, and remove the CniServiceAccountRole " +
        "from dependsOn.",
    beforeProof:
        "The vpc-cni add-on takes the role of the CniServiceAccountRole before the role is proved, so new pods could get a role that they " +
        "cannot use. Set serviceAccountRoleArn to the output provedRoleArn.",
};
