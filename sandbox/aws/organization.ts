import type { ServiceControlPolicies } from "./authorise";
import type { CallOrigin } from "./callOrigin";
import { operatorArn, type Caller, type Principal } from "./sts/sessions";

/**
 * The organization of the account, as far as it limits the account's principals: its service control policies, and the regions that are
 * off by default and that the account has enabled.
 */
export class Organization {
    /** Enforced at once. Empty: the account is in no organization. */
    serviceControlPolicies: ServiceControlPolicies = [];
    optedInRegions: readonly string[] = [];

    reset(): void {
        this.serviceControlPolicies = [];
        this.optedInRegions = [];
    }
}

/** FullAWSAccess, which is attached at each level of an organization until it is replaced. */
export const fullAwsAccess = statements({ Effect: "Allow", Action: "*", Resource: "*" });

/**
 * Control Tower's control "Deny access to AWS based on the requested AWS Region"
 * (https://docs.aws.amazon.com/controltower/latest/controlreference/primary-region-deny-policy.html). Of its NotAction, these are the
 * actions of services that this stand-in has.
 *
 * @param exempted The principals that it does not deny, besides Control Tower's own role: ExemptedPrincipalARNs of
 *   https://docs.aws.amazon.com/controltower/latest/controlreference/ou-region-deny.html
 */
export function regionDeny(regions: readonly string[], exempted: readonly string[] = []): string {
    return statements({
        Sid: "GRREGIONDENY",
        Effect: "Deny",
        NotAction: ["ec2:DescribeRegions", "ec2:DescribeTransitGateways", "ec2:DescribeVpnGateways", "iam:*", "sts:*"],
        Resource: "*",
        Condition: {
            StringNotEquals: { "aws:RequestedRegion": regions },
            ArnNotLike: { "aws:PrincipalARN": ["arn:*:iam::*:role/AWSControlTowerExecution", ...exempted] },
        },
    });
}

/** The other way: nothing but these actions is allowed, here those of some regions. */
export function regionAllow(regions: readonly string[]): string {
    return statements({
        Effect: "Allow",
        Action: "*",
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestedRegion": regions } },
    });
}

function statements(...Statement: object[]): string {
    return JSON.stringify({ Version: "2012-10-17", Statement });
}

/** Only service control policies limit the operator. */
const everything = { attachedPolicyArns: [], inlinePolicies: { everything: fullAwsAccess } };

/** The part of a principal that decides what it may do. */
export type LimitedPrincipal = Pick<Principal, "arn" | "principalArn" | "policies" | "tags">;

/** The principal of a call. Undefined for an operator whom nothing limits. */
export function limitedPrincipal(
    caller: Caller,
    { serviceControlPolicies }: Organization,
    accountId: string,
): LimitedPrincipal | undefined {
    if (caller.kind !== "operator") {
        return caller;
    }
    const arn = operatorArn(accountId);
    return serviceControlPolicies.length === 0 ? undefined : { arn, principalArn: arn, policies: everything };
}

/**
 * Condition keys of every call: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html. IAM is in
 * us-east-1, whatever region the caller has.
 */
export function globalKeys(
    { principalArn, tags = {} }: Pick<Principal, "principalArn" | "tags">,
    region: string,
    origin: CallOrigin = {},
): Record<string, string> {
    const ofSession = Object.entries(tags).map(([tag, value]) => [`aws:PrincipalTag/${tag}`, value] as const);
    return {
        ...origin,
        ...Object.fromEntries(ofSession),
        "aws:RequestedRegion": region,
        "aws:PrincipalArn": principalArn,
    };
}
