import type { Step } from "../model/steps";
import type { ClusterSeen } from "../model/world";

/** Releases the annotation of a former service account. Undefined if none has it any more. */
export function releaseFormerAccountStep({ formerServiceAccounts = [] }: ClusterSeen): Step | undefined {
    const [account] = formerServiceAccounts;
    return (
        account && {
            do: "releaseServiceAccount",
            account,
            leaving: {},
            why: `removing the annotation from the former service account ${account.namespace}/${account.name}`,
        }
    );
}
