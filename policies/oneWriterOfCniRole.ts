import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { type Account, accountOf, accountSchema } from "./support/account";
import { argumentsOf, recordArguments } from "./support/componentArguments";
import {
    annotations,
    associates,
    hasRole,
    mayBeSameCluster,
    podIdentityAssociations,
    vpcCniAddons,
    withoutIgnoredRole,
} from "./support/deliveries";
import { isOfComponent, resourcesOf, type StackResource } from "./support/stack";
import { isMissing } from "./support/values";

export const oneWriterOfCniRole: ResourceValidationPolicy & StackValidationPolicy = {
    name: "one-writer-of-the-cni-role",
    displayName: "Only one writer sets the role of the CNI's service account",
    description:
        "If the vpc-cni add-on has a role, no other resource of the stack annotates the service account. The add-on writes its own " +
        "role at every update, so the two writers overwrite each other. If a Pod Identity association gives the service account its role, " +
        "nothing else of the stack does: EKS has one association for a service account, and an annotation has no effect beside it.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html",
    remediationSteps:
        'Set delivery: "eksAddon" on CniServiceAccountRole, and serviceAccountRoleArn of the add-on to its output `ready`. Or remove the role from the add-on. ' +
        'With delivery: "podIdentity", remove every other role and association of the service account.',
    configSchema: accountSchema,
    validateResource: recordArguments,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const account = accountOf(args.getConfig());
        const name = `${account.namespace}/${account.name}`;
        const annotating = annotations(stack, account);
        const associations = podIdentityAssociations(stack, account);
        const addons = vpcCniAddons(stack);
        // Only the live checks take the role from the add-on before the component annotates.
        const left = addons.map(withoutIgnoredRole);
        const takesRole = ({ urn, parent }: StackResource) => {
            const component = stack.find((one) => one.urn === parent);
            return isOfComponent(urn) && component !== undefined && argumentsOf(component)["liveChecks"] !== false;
        };
        for (const { urn } of annotating.filter((one) => (takesRole(one) ? left : addons).some(hasRole))) {
            reportViolation(
                `The vpc-cni add-on has a role, and this resource also annotates ${name} with one. ` +
                    'Set delivery: "eksAddon" on CniServiceAccountRole, or remove the role from the add-on.',
                urn,
            );
        }
        // Another rule reports an annotation outside the component.
        for (const { urn, parent } of annotating.filter((one) => isOfComponent(one.urn))) {
            const component = stack.find((one) => one.urn === parent);
            const clusterName = component && argumentsOf(component)["clusterName"];
            if (associations.some(({ props }) => mayBeSameCluster(props["clusterName"], clusterName))) {
                reportViolation(
                    `A Pod Identity association gives ${name} a role, so the role that this resource annotates has no effect. ` +
                        'Remove the association, or set delivery: "podIdentity" on CniServiceAccountRole and remove the other association.',
                    urn,
                );
            }
        }
        for (const own of associations.filter(({ urn }) => isOfComponent(urn))) {
            othersBeside(own, associations, stack, account).forEach(([message, urn]) => {
                reportViolation(message, urn);
            });
        }
    },
};

/** The other writers of the stack beside the association of a component: a message and a URN for each. */
function othersBeside(
    own: StackResource,
    associations: readonly StackResource[],
    stack: readonly StackResource[],
    account: Account,
): [message: string, urn: string][] {
    const name = `${account.namespace}/${account.name}`;
    const isSame = ({ props }: StackResource) => mayBeSameCluster(props["clusterName"], own.props["clusterName"]);
    const addons = vpcCniAddons(stack).filter(isSame).map(withoutIgnoredRole);
    return [
        ...addons
            .filter(({ props }) => !isMissing(props["serviceAccountRoleArn"]))
            .map(({ urn }): [string, string] => [
                `The vpc-cni add-on has a role, and the CniServiceAccountRole gives ${name} another one by a Pod Identity association. ` +
                    "Remove serviceAccountRoleArn from the add-on.",
                urn,
            ]),
        ...addons
            .filter((addon) => associates(addon, account))
            .map(({ urn }): [string, string] => [
                `The vpc-cni add-on and the CniServiceAccountRole both create a Pod Identity association of ${name}, and EKS has only one. ` +
                    "Remove it from podIdentityAssociations of the add-on.",
                urn,
            ]),
        ...associations
            .filter((one) => !isOfComponent(one.urn) && isSame(one))
            .map(({ urn }): [string, string] => [
                `This Pod Identity association is of ${name}, as that of the CniServiceAccountRole, and EKS has only one. Remove this one.`,
                urn,
            ]),
    ];
}
