import type { AssociationsSeen } from "../model/association";
import { dependsOnAssociation } from "../model/subject";
import type { AccountSeen } from "../model/world";
import { issuerOf } from "./look";
import { findClusterName, lookAtOtherDelivery } from "./otherDeliveryLook";
import type { RunContext } from "./runContext";

/**
 * A run context whose looks at the account also show the service account's Pod Identity associations. Another party may create
 * one after the preflight. If pods may have the component's role by one, each association is read in full.
 */
export function seeingAssociations(context: RunContext): RunContext {
    const { aws, subject } = context;
    const see = dependsOnAssociation(subject) ? ofComponent : ofOthers;
    return {
        ...context,
        aws: {
            ...aws,
            look: async (query) => {
                const account = await aws.look(query);
                return account.reused ? account : { ...account, ...(await see(context, account)) };
            },
        },
    };
}

/** Only where the run depends on an association of the component. */
export function seeingOwnAssociation(context: RunContext): RunContext {
    return dependsOnAssociation(context.subject) ? seeingAssociations(context) : context;
}

async function ofComponent(
    context: RunContext,
    account: AccountSeen,
): Promise<{ readonly associations: AssociationsSeen }> {
    const found = await findClusterName(context, account, () => issuerOf(context));
    const associations: AssociationsSeen =
        "unknown" in found
            ? { is: "unnamed", why: found.unknown }
            : await context.aws.associations(found.name, context.subject.serviceAccount);
    return { associations };
}

async function ofOthers(context: RunContext, account: AccountSeen): Promise<Pick<AccountSeen, "podIdentityRoleArns">> {
    const seen = await lookAtOtherDelivery(context, account, () => issuerOf(context));
    const { podIdentityRoleArns, unread, clusterNameUnknown } = seen;
    const isUnread = clusterNameUnknown !== undefined || unread.length > 0;
    // None that could be read does not mean that there is none.
    return podIdentityRoleArns.length === 0 && isUnread ? {} : { podIdentityRoleArns };
}
