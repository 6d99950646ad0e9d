import { parseRoleArn } from "../../documents/arn";
import type { CniAction } from "../../documents/cniActions";
import { conditionalActions } from "../../documents/cniGrants";
import type { ProofRequest } from "../model/proof";
import { Refusal } from "../model/refusal";
import { withFullStop } from "../model/refusals/texts";
import type { Clients } from "./awsClients";
import { documentsOf } from "./grantedByPolicies";
import { undefinedIfMissing } from "./policyReader";

export interface AllowedByPolicies {
    /** Those of the actions that the role's policies allow without a condition. */
    readonly allowed: readonly string[];
    /** A sentence about the others. Empty if there are none. */
    readonly why: string;
}

/**
 * The actions that the policies of the role allow as they are now, whatever the call: without a condition, a Deny or a permissions boundary.
 *
 * All of its policies must be read, since any of them may deny an action. Policies of the organization and of endpoints are not read.
 */
export async function allowedByPolicies(
    clients: Clients,
    { roleArn }: Pick<ProofRequest, "roleArn">,
    actions: readonly CniAction[],
): Promise<AllowedByPolicies> {
    const { name = "" } = parseRoleArn(roleArn) ?? {};
    try {
        const boundary = await boundaryOf(clients, name);
        if (boundary !== undefined) {
            return { allowed: [], why: `${roleArn} has the permissions boundary ${boundary}.` };
        }
        const documents = await documentsOf(clients, name);
        if (documents === undefined) {
            return { allowed: [], why: `IAM does not show ${roleArn}.` };
        }
        const open = conditionalActions(documents, actions);
        return {
            allowed: actions.map(({ action }) => action).filter((action) => !open.includes(action)),
            why: open.length === 0 ? "" : `The policies of ${roleArn} do not allow ${open.join(", ")} in every case.`,
        };
    } catch (error) {
        if (error instanceof Refusal && error.code === "aws-access-denied") {
            return { allowed: [], why: `The policies of ${roleArn} could not be read: ${withFullStop(error.seen)}` };
        }
        throw error;
    }
}

async function boundaryOf(clients: Clients, RoleName: string): Promise<string | undefined> {
    const { GetRoleCommand } = await import("./awsSdk");
    const client = await clients.iam();
    const answer = await undefinedIfMissing(() => client.send(new GetRoleCommand({ RoleName })));
    return answer?.Role?.PermissionsBoundary?.PermissionsBoundaryArn;
}
