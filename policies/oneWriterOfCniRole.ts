import type { StackValidationPolicy } from "@pulumi/policy";
import { accountOf, accountSchema } from "./support/account";
import { annotations, hasRole, vpcCniAddons } from "./support/deliveries";
import { resourcesOf } from "./support/stack";

export const oneWriterOfCniRole: StackValidationPolicy = {
    name: "one-writer-of-the-cni-role",
    displayName: "Only one writer sets the role of the CNI's service account",
    description:
        "If the vpc-cni add-on has a role, no other resource of the stack annotates the service account. The add-on writes its own " +
        "role at every update, so the two writers overwrite each other.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html",
    remediationSteps:
        'Set delivery: "eksAddon" on CniServiceAccountRole, and serviceAccountRoleArn of the add-on to its output `ready`. Or remove the role from the add-on.',
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        if (!vpcCniAddons(stack).some(hasRole)) {
            return;
        }
        const account = accountOf(args.getConfig());
        for (const { urn } of annotations(stack, account)) {
            reportViolation(
                `The vpc-cni add-on has a role, and this resource also annotates ${account.namespace}/${account.name} with one. ` +
                    'Set delivery: "eksAddon" on CniServiceAccountRole, or remove the role from the add-on.',
                urn,
            );
        }
    },
};
