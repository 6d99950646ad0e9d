import type { StackValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { annotations, hasRole, vpcCniAddons } from "./support/deliveries";
import { resourcesOf } from "./support/stack";

export const oneWriterOfCniRole: StackValidationPolicy = {
    name: "one-writer-of-the-cni-role",
    displayName: "One writer only sets the role of the CNI's service account",
    description:
        "Where the vpc-cni add-on has a role, nothing else in the stack annotates the service account: the add-on writes its own " +
        "role there at every update, and the two undo each other.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html",
    remediationSteps: "Set delivery external on CniServiceAccountRole, or take the role from the add-on.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        if (!vpcCniAddons(stack).some(hasRole)) {
            return;
        }
        const account = accountOf(args.getConfig());
        for (const { urn } of annotations(stack, account)) {
            reportViolation(
                `The vpc-cni add-on has a role, and this annotates ${account.namespace}/${account.name} with one too. Leave it ` +
                    "to one of them.",
                urn,
            );
        }
    },
};
