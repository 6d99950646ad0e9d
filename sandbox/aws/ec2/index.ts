import { isWildcardOnlyAction } from "@cloud-copilot/iam-simulate";

import { reasonOf, policyVerdict } from "../authorise";
import { AwsError } from "../errors";
import type { IamState } from "../iam/state";
import type { Moto } from "../moto";
import { globalKeys, type LimitedPrincipal, limitedPrincipal, type Organization } from "../organization";
import type { AwsRequest, AwsResponse } from "../protocol";
import type { Sessions } from "../sts/sessions";
import { withoutProfileFilter } from "./instances";
import { type LaunchTimes } from "./launchTimes";
import { enabledRegions } from "./regions";
import { ec2Context, ec2Resources } from "./resources";

export interface Ec2Context {
    readonly accountId: string;
    readonly region: string;
    readonly moto: Moto;
    readonly sessions: Sessions;
    readonly enforced: () => IamState;
    readonly launchTimes: LaunchTimes;
    readonly organization: Organization;
}

/** Actions that have no parameter DryRun: API_AssignPrivateIpAddresses.html and the others of the EC2 API Reference. */
const withoutDryRun = new Set([
    "AssignPrivateIpAddresses",
    "AssignIpv6Addresses",
    "UnassignPrivateIpAddresses",
    "UnassignIpv6Addresses",
]);

export async function answerEc2(request: AwsRequest, context: Ec2Context): Promise<AwsResponse> {
    await checkEc2Call(request, context);
    if (request.parameters.get("DryRun") === "true") {
        throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
    }
    const forwarded = await context.moto.forward(await withoutProfileFilter(request, context.moto.endpoint));
    const answer = context.launchTimes.update(request, forwarded);
    if (answer.status >= 500) {
        throw invalidAction(request.action);
    }
    return request.action === "DescribeRegions" && answer.status === 200
        ? enabledRegions(request, answer, context.organization.optedInRegions)
        : answer;
}

/** Throws the refusal of a call, before anything is changed. */
export async function checkEc2Call(request: AwsRequest, context: Omit<Ec2Context, "moto">): Promise<void> {
    const state = context.enforced();
    const caller = context.sessions.authenticate("ec2", request.credential, state, request.region);
    const needsNoResource = await isWildcardOnly(request.action);
    if (request.parameters.has("DryRun") && withoutDryRun.has(request.action)) {
        throw new AwsError("UnknownParameter", "The parameter DryRun is not recognized", 400);
    }
    const principal = limitedPrincipal(caller, context.organization, context.accountId);
    if (principal) {
        authorise(request, principal, state, context, needsNoResource);
    }
}

/**
 * Whether policies can name no resource for the action but "*". AWS's list of actions also tells which actions exist.
 */
async function isWildcardOnly(action: string): Promise<boolean> {
    try {
        return await isWildcardOnlyAction("ec2", action);
    } catch {
        throw invalidAction(action);
    }
}

function authorise(
    request: AwsRequest,
    principal: LimitedPrincipal,
    state: IamState,
    context: Pick<Ec2Context, "accountId" | "region" | "organization">,
    needsNoResource: boolean,
): void {
    const { arn: principalArn, policies } = principal;
    const action = `ec2:${request.action}`;
    const region = request.region ?? context.region;
    const keys = {
        ...ec2Context(request.parameters, region),
        ...globalKeys(principal, region, request.origin),
    };
    const resources = needsNoResource ? ["*"] : ec2Resources(request.parameters, region, context.accountId);
    for (const resource of resources) {
        const act = { principalArn, accountId: context.accountId, action, resource, context: keys };
        const verdict = policyVerdict(state, policies, act, context.organization.serviceControlPolicies);
        if (verdict !== "allowed") {
            const on = resource === "*" ? "" : ` on resource: ${resource}`;
            throw new AwsError(
                "UnauthorizedOperation",
                `You are not authorized to perform this operation. User: ${principalArn} is not authorized to ` +
                    `perform: ${action}${on} ${reasonOf(verdict, action)}`,
                403,
            );
        }
    }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidAction) */
function invalidAction(action: string): AwsError {
    return new AwsError("InvalidAction", `The action ${action} is not valid for this web service.`, 400);
}
