import { Shape } from "../shape";

/**
 * The steps of the EKS user guide's page that remain without live checks.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function remainingWithoutLiveChecks(
    { serviceAccountPatch, daemonSetPatch }: Shape,
    { namespace, daemonSetName }: { readonly namespace: string; readonly daemonSetName: string },
): string[] {
    return [
        ...(!serviceAccountPatch
            ? [
                  "[annotate] No service account has the role yet. Give its ARN to the managed add-on, or annotate the service account.",
              ]
            : []),
        ...(!daemonSetPatch
            ? [
                  `[restart] Existing pods get the role only when they restart: kubectl rollout restart daemonset/${daemonSetName} -n ${namespace}`,
              ]
            : []),
        `[verify] The pods were not checked. Check that AWS_ROLE_ARN of each pod is the role: kubectl describe pods -n ${namespace} -l k8s-app=aws-node`,
        "[detach] Node roles that held the CNI policy still hold it. Once every pod has the role, run for each node role: " +
            "aws iam detach-role-policy --role-name NODE_ROLE --policy-arn POLICY_ARN",
    ];
}
