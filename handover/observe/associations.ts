import type { RunContext } from "./runContext";

/**
 * A run context whose looks at the account also show the service account's Pod Identity associations. Another party may create
 * one after the preflight.
 */
export function seeingAssociations(context: RunContext): RunContext {
    const { aws, subject } = context;
    const { clusterName, serviceAccount } = subject;
    return clusterName === undefined
        ? context
        : {
              ...context,
              aws: {
                  ...aws,
                  look: async (query) => {
                      const [account, { podIdentityRoleArns, unread }] = await Promise.all([
                          aws.look(query),
                          aws.otherDelivery(clusterName, serviceAccount),
                      ]);
                      // None that could be read does not mean that there is none.
                      return podIdentityRoleArns.length === 0 && unread.length > 0
                          ? account
                          : { ...account, podIdentityRoleArns };
                  },
              },
          };
}
