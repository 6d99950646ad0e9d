import { ownAssociation } from "../decide/handBackAssociation";
import type { HandOverRecord } from "../model/record";
import type { ConnectionInputs } from "../model/connection";
import type { Timeouts } from "../model/subject";
import { type OperationContext, withRunContext } from "../observe/runContext";
import { leavePodIdentity } from "../run/leavePodIdentity";

export interface FreeingInputs extends ConnectionInputs {
    readonly record: HandOverRecord;
    readonly timeouts: Timeouts;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes?: number;
}

/**
 * Before the engine creates the association: EKS creates no second one for a service account. A destroy that was killed has taken the component's
 * association out of the state, and may have left it in EKS, with pods that have its credentials. The engine does not call the credential guard, since
 * its inputs are those of the state. So this takes up the hand-back: the pods go over the node roles, and the association is deleted.
 *
 * An association of another party stays, and EKS refuses the new one.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html (ResourceInUseException)
 */
export async function freeServiceAccount(inputs: FreeingInputs, operation: OperationContext): Promise<void> {
    const { record } = inputs;
    await withRunContext(inputs, record.namedNodeRoles, operation, async (context) => {
        const { clusterName, serviceAccount } = context.subject;
        const associations =
            clusterName === undefined ? undefined : await context.aws.associations(clusterName, serviceAccount);
        if (ownAssociation(record, associations) !== undefined) {
            context.progress(
                "the Pod Identity association is no longer in the state: an earlier run has begun to delete it",
            );
            await leavePodIdentity(context, { ...inputs, before: context.subject });
        }
    });
}
