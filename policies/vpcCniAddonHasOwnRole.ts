import type { StackValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { hasRole, podIdentityAssociations, vpcCniAddons } from "./support/deliveries";
import { resourcesOf, type StackResource } from "./support/stack";
import { UNKNOWN } from "./support/values";

export const vpcCniAddonHasOwnRole: StackValidationPolicy = {
    name: "vpc-cni-addon-has-own-role",
    displayName: "The vpc-cni add-on has a role of its own",
    description:
        "The vpc-cni add-on has a role, through serviceAccountRoleArn or an EKS Pod Identity association. Without one, the plugin uses " +
        "the node role.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html",
    remediationSteps:
        'Set serviceAccountRoleArn to the `ready` output of a CniServiceAccountRole with delivery: "external".',
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const associations = podIdentityAssociations(stack, accountOf(args.getConfig()));
        for (const addon of vpcCniAddons(stack).filter((candidate) => !hasRole(candidate))) {
            if (!associations.some((association) => isOfCluster(association, addon))) {
                reportViolation(
                    "The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses " +
                        "the node role. Set serviceAccountRoleArn.",
                    addon.urn,
                );
            }
        }
    },
};

/** A name that is not known yet may be the same. */
function isOfCluster(association: StackResource, addon: StackResource): boolean {
    const [a, b] = [association.props["clusterName"], addon.props["clusterName"]];
    return a === b || a === UNKNOWN || b === UNKNOWN;
}
