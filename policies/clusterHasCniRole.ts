import type { StackValidationPolicy } from "@pulumi/policy";
import { type Account, accountOf, accountSchema } from "./support/account";
import { annotations, hasRole, podIdentityAssociations, vpcCniAddons } from "./support/deliveries";
import { CLUSTER } from "./support/family";
import { cniRolesOf } from "./support/roles";
import { COMPONENT, ofType, resourcesOf, type Seen } from "./support/stack";
import { at } from "./support/values";

export const clusterHasCniRole: StackValidationPolicy = {
    name: "cluster-has-cni-role",
    displayName: "A stack that makes a cluster makes the CNI's role too",
    description:
        "A stack with an EKS cluster has a role for the CNI somewhere. Without one the CNI depends on the node role. Clusters in " +
        "EKS Auto Mode, and those made without the self-managed add-ons, have no aws-node of this kind.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html",
    remediationSteps: "Add a CniServiceAccountRole for the cluster, or disable the rule where another stack has it.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const clusters = ofType(stack, CLUSTER).filter((cluster) => runsAwsNode(cluster, stack));
        for (const { urn } of hasCniRole(stack, accountOf(args.getConfig())) ? [] : clusters) {
            reportViolation(
                "The stack makes this cluster and no role for the CNI, which then uses the node role. Add a CniServiceAccountRole.",
                urn,
            );
        }
    },
};

function runsAwsNode({ props }: Seen, stack: readonly Seen[]): boolean {
    const withAddons = props["bootstrapSelfManagedAddons"] !== false || vpcCniAddons(stack).length > 0;
    return withAddons && at(props, "computeConfig", "enabled") !== true;
}

function hasCniRole(stack: readonly Seen[], account: Account): boolean {
    const signs = [
        ...ofType(stack, COMPONENT),
        ...cniRolesOf(stack, account.full),
        ...vpcCniAddons(stack).filter(hasRole),
        ...podIdentityAssociations(stack, account),
        ...annotations(stack, account),
    ];
    return signs.length > 0;
}
