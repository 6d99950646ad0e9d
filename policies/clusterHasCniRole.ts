import type { StackValidationPolicy } from "@pulumi/policy";
import { type Account, accountOf, accountSchema } from "./support/account";
import { annotations, hasRole, podIdentityAssociations, vpcCniAddons } from "./support/deliveries";
import { CLUSTER } from "./support/family";
import { cniRolesOf } from "./support/roles";
import { COMPONENT, ofType, resourcesOf, type StackResource } from "./support/stack";
import { at } from "./support/values";

export const clusterHasCniRole: StackValidationPolicy = {
    name: "cluster-has-cni-role",
    displayName: "A stack with an EKS cluster also has a role for the CNI",
    description:
        "A stack that creates an EKS cluster also has a role for the CNI. Without one, the CNI uses the node role. The rule " +
        "skips clusters in EKS Auto Mode, and clusters with neither the self-managed add-ons nor the vpc-cni add-on.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html",
    remediationSteps: "Add a CniServiceAccountRole for the cluster, or disable the rule if another stack has the role.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const clusters = ofType(stack, CLUSTER).filter((cluster) => runsAwsNode(cluster, stack));
        for (const { urn } of hasCniRole(stack, accountOf(args.getConfig())) ? [] : clusters) {
            reportViolation(
                "The stack creates this cluster but no role for the CNI, so the CNI uses the node role. Add a CniServiceAccountRole.",
                urn,
            );
        }
    },
};

function runsAwsNode({ props }: StackResource, stack: readonly StackResource[]): boolean {
    const withAddons = props["bootstrapSelfManagedAddons"] !== false || vpcCniAddons(stack).length > 0;
    return withAddons && at(props, "computeConfig", "enabled") !== true;
}

function hasCniRole(stack: readonly StackResource[], account: Account): boolean {
    const evidence = [
        ...ofType(stack, COMPONENT),
        ...cniRolesOf(stack, account),
        ...vpcCniAddons(stack).filter(hasRole),
        ...podIdentityAssociations(stack, account),
        ...annotations(stack, account),
    ];
    return evidence.length > 0;
}
