import { Shape } from "../shape";

/**
 * What of the EKS user guide's page is left to do where nothing looks at the cluster.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function remainingWithoutLiveChecks({ serviceAccountPatch, daemonSetPatch }: Shape): string[] {
    return [
        ...(!serviceAccountPatch
            ? [
                  "[annotate] The role reaches no service account: give its ARN to the managed add-on, or annotate the account.",
              ]
            : []),
        ...(!daemonSetPatch
            ? ["[restart] The pods that were there before do not have the role until they restart."]
            : []),
        "[verify] Whether every pod has the role was not looked at.",
        "[detach] The node roles still hold the CNI policy, if they held it before.",
    ];
}
