import { Shape } from "../shape";

/**
 * The steps of the EKS user guide's page that remain without live checks.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 */
export function remainingWithoutLiveChecks({ serviceAccountPatch, daemonSetPatch }: Shape): string[] {
    return [
        ...(!serviceAccountPatch
            ? [
                  "[annotate] No service account has the role yet. Give its ARN to the managed add-on, or annotate the service account.",
              ]
            : []),
        ...(!daemonSetPatch ? ["[restart] Existing pods get the role only when they restart."] : []),
        "[verify] It was not verified that every pod has the role.",
        "[detach] Node roles that held the CNI policy still hold it.",
    ];
}
