import { parseRoleArn } from "../../documents/arn";
import { managedCniPolicyArn } from "../../documents/cniPermissions";
import type { PassRole } from "../model/addOn";
import { isRefusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import { undefinedIfMissing } from "./policyReader";

/** The service that a role is passed to: the managed add-on's, or an association's. */
export type PassedToService = "eks.amazonaws.com" | "pods.eks.amazonaws.com";

/**
 * Whether the caller may pass a role to EKS, which updates the managed add-on or an association with it. Asks IAM's simulator, so that nothing is changed.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 */
export async function mayPassRole(clients: Clients, roleArn: string, service: PassedToService): Promise<PassRole> {
    const { GetRoleCommand } = await import("./awsSdk");
    const iam = await clients.iam();
    try {
        const { name: RoleName = "" } = parseRoleArn(roleArn) ?? {};
        const role = await undefinedIfMissing(() => iam.send(new GetRoleCommand({ RoleName })));
        return role === undefined ? "gone" : await simulated(clients, roleArn, service);
    } catch (error) {
        if (isRefusal(error, "aws-access-denied") || /^(NoSuchEntity|InvalidInput)$/.test(errorCodeOf(error))) {
            return "unknown";
        }
        throw error;
    }
}

async function simulated(clients: Clients, roleArn: string, service: PassedToService): Promise<PassRole> {
    const cniPolicyArn = managedCniPolicyArn(parseRoleArn(roleArn)?.partition ?? "aws");
    const caller = await callerPrincipal(clients);
    if (caller === undefined) {
        return "unknown";
    }
    const { paginateSimulatePrincipalPolicy } = await import("./awsSdk");
    const asked = {
        PolicySourceArn: caller,
        ActionNames: ["iam:PassRole"],
        ResourceArns: [roleArn],
        ContextEntries: [
            { ContextKeyName: "iam:PassedToService", ContextKeyType: "string" as const, ContextKeyValues: [service] },
            // Another statement of docs/rights asks for it. Without it, the simulator leaves open whether the policies deny the call.
            { ContextKeyName: "iam:PolicyARN", ContextKeyType: "string" as const, ContextKeyValues: [cniPolicyArn] },
        ],
    };
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy(
        { client: await clients.iam() },
        asked,
    )) {
        for (const { EvalDecision, MissingContextValues = [] } of EvaluationResults) {
            // A condition on a value that the simulation lacks may hold in the real call.
            return EvalDecision === "allowed" ? "allowed" : MissingContextValues.length > 0 ? "unknown" : "denied";
        }
    }
    return "unknown";
}

/** The IAM user or role of the caller. The ARN of a session lacks the path of its role, which IAM has. */
async function callerPrincipal(clients: Clients): Promise<string | undefined> {
    const { GetCallerIdentityCommand, GetRoleCommand } = await import("./awsSdk");
    const { Arn = "" } = await (await clients.sts()).send(new GetCallerIdentityCommand({}));
    const session = /:assumed-role\/([^/]+)\//.exec(Arn)?.[1];
    if (session !== undefined) {
        const { Role } = await (await clients.iam()).send(new GetRoleCommand({ RoleName: session }));
        return Role?.Arn;
    }
    return Arn.includes(":user/") ? Arn : undefined;
}
