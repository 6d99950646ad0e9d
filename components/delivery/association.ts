import type { PodIdentityAssociation } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import { ValidArgs } from "../arguments/validArgs";
import { associationAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { sdks } from "../providerSdks";

/** The inputs of the association. */
export interface AssociationArgs {
    readonly clusterName: ValidArgs["clusterName"];
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly roleArn: pulumi.Output<string>;
}

/**
 * Creates the Pod Identity association, which gives the service account the role.
 *
 * A service account has at most one, so another role is an update in place, which also reaches pods that do not restart. It is only replaced if it is gone.
 *
 * With live checks it is retained on destroy. The credential guard deletes it once no pod has its credentials any more.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
 */
export function associate(
    name: string,
    { clusterName, serviceAccount, roleArn }: AssociationArgs,
    {
        hooks = {},
        ...opts
    }: {
        parent: pulumi.Resource;
        dependsOn: pulumi.Input<pulumi.CustomResource[]>;
        retainOnDelete?: boolean;
        replacementTrigger?: pulumi.Output<string | null>;
        hooks?: pulumi.ResourceHookBinding;
    },
): PodIdentityAssociation {
    return new (sdks.eks().PodIdentityAssociation)(
        `${name}-association`,
        {
            clusterName: clusterName as pulumi.Output<string>,
            namespace: serviceAccount.namespace,
            serviceAccount: serviceAccount.name,
            roleArn,
        },
        { ...opts, hooks: { ...hooks, ...explainFailures(associationAdvice, opts.parent) } },
    );
}
