import type { AddOnSeen } from "../model/addOn";
import type { Subject } from "../model/subject";
import type { AccountSeen } from "../model/world";
import { issuerOf } from "./look";
import { findClusterName } from "./otherDeliveryLook";
import type { RunContext } from "./runContext";

/** Whether a run of this subject depends on the managed add-on. */
export function dependsOnAddOn({ delivery, addOnDelivered }: Subject): boolean {
    return (delivery !== undefined && delivery !== "podIdentity") || addOnDelivered === true;
}

/**
 * A run context whose looks at the account also show the managed add-on, if the run depends on it. A reused look shows the add-on of the look
 * before it.
 */
export function seeingAddOn(context: RunContext, depends = dependsOnAddOn(context.subject)): RunContext {
    const { aws } = context;
    return depends
        ? {
              ...context,
              aws: {
                  ...aws,
                  look: async (query) => {
                      const account = await aws.look(query);
                      return account.reused ? account : { ...account, addOn: await lookAtAddOn(context, account) };
                  },
              },
          }
        : context;
}

/** Looks at the managed add-on, under the name by which EKS knows this cluster. */
export async function lookAtAddOn(context: RunContext, account: AccountSeen): Promise<AddOnSeen> {
    const found = await findClusterName(context, account, () => issuerOf(context));
    return "unknown" in found ? { is: "unnamed", why: found.unknown } : context.aws.addOn(found.name);
}
