import { parsePolicyArn, parseRoleArn } from "../../documents/arn";
import type { CniAction } from "../../documents/cniActions";
import { conditionalActions } from "../../documents/cniGrants";
import { managedCniPolicyArn } from "../../documents/cniPermissions";
import type { ProofRequest } from "../model/proof";
import { Refusal } from "../model/refusal";
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
 * All of its policies must be read, since any of them may deny an action. Only AmazonEKS_CNI_Policy counts unread on IPv4: AWS keeps it sufficient,
 * and the caller may not be allowed to read it. Policies of the organization and of endpoints are not read.
 */
export async function allowedByPolicies(
    clients: Clients,
    { roleArn, ipFamily }: Pick<ProofRequest, "roleArn" | "ipFamily">,
    actions: readonly CniAction[],
): Promise<AllowedByPolicies> {
    const { name = "" } = parseRoleArn(roleArn) ?? {};
    try {
        const boundary = await boundaryOf(clients, name);
        if (boundary !== undefined) {
            return { allowed: [], why: `${roleArn} has the permissions boundary ${boundary}.` };
        }
        const documents = await documentsOf(clients, name, ipFamily === "ipv4" ? ofManagedPolicy : undefined);
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
            return { allowed: [], why: `The policies of ${roleArn} could not be read: ${sentence(error.seen)}` };
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

/** It allows all that the plugin calls on IPv4. */
function ofManagedPolicy(arn: string): object | undefined {
    return arn === managedCniPolicyArn(parsePolicyArn(arn)?.partition ?? "")
        ? { Statement: { Effect: "Allow", Action: "ec2:*", Resource: "*" } }
        : undefined;
}

const sentence = (words: string) => words.replace(/\.?$/, ".");
