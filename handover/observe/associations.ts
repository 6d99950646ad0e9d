import { issuerOf } from "./look";
import { lookAtOtherDelivery } from "./otherDeliveryLook";
import type { RunContext } from "./runContext";

/**
 * A run context whose looks at the account also show the service account's Pod Identity associations. Another party may create
 * one after the preflight.
 */
export function seeingAssociations(context: RunContext): RunContext {
    const { aws } = context;
    return {
        ...context,
        aws: {
            ...aws,
            look: async (query) => {
                const account = await aws.look(query);
                if (account.reused) {
                    return account;
                }
                const seen = await lookAtOtherDelivery(context, account, () => issuerOf(context));
                const { podIdentityRoleArns, unread, clusterNameUnknown } = seen;
                const isUnread = clusterNameUnknown !== undefined || unread.length > 0;
                // None that could be read does not mean that there is none.
                return podIdentityRoleArns.length === 0 && isUnread ? account : { ...account, podIdentityRoleArns };
            },
        },
    };
}
