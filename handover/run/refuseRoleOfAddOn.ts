import { type HandBackTarget, retiredRoles } from "../decide/handBackTarget";
import { roleOfAddOn } from "../model/addOn";
import { refusals } from "../model/refusals";
import type { AccountSeen } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { lookAtAddOn } from "../observe/seeingAddOn";

/**
 * Refuses the deletion of a role that another program has given the managed add-on, although the component has never told the add-on anything: EKS
 * would annotate the service account with the deleted role at its next update.
 *
 * An add-on that cannot be read stops nothing, since such a component does not depend on it.
 */
export async function refuseRoleOfAddOn(
    context: RunContext,
    target: HandBackTarget,
    account: AccountSeen,
): Promise<void> {
    const { ownRoleArns = [] } = target.record;
    const deleted = retiredRoles(target).filter((arn) => ownRoleArns.includes(arn));
    if (deleted.length === 0) {
        return;
    }
    const carried = roleOfAddOn(await lookAtAddOn(context, account).catch(() => undefined));
    if (carried !== undefined && deleted.includes(carried)) {
        throw refusals.addOnStillHasRole(target.subject, carried);
    }
}
