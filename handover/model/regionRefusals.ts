import { Refusal } from "./refusal";
import type { UnreadRegion } from "./world";

/** A region in which IAM saw a node role used last, where a service control policy denies the calls that list instances. */
export interface RoleUse {
    readonly region: string;
    readonly roleName: string;
}

/** The refusals because of instances in other regions that may use a node role. */
export const regionRefusals = {
    unread: (unread: readonly UnreadRegion[], used: readonly RoleUse[]) => {
        const is = (wanted: UnreadRegion["cause"]) => unread.some(({ cause }) => cause === wanted);
        return new Refusal(
            "aws-region-refused",
            [
                ...(unread.length > 0 ? [`${NOT_LISTED}: ${inGroups(unread)}.`] : []),
                ...(used.length > 0
                    ? [
                          "A service control policy denies ec2:DescribeInstances where IAM saw a node role used last: " +
                              `${used.map(({ region, roleName }) => `${roleName} in ${region}`).join(", ")}.`,
                      ]
                    : []),
            ].join(" "),
            MAY_USE,
            [
                ...(is("other") ? [ALLOW] : []),
                ...(is("credentials") ? [REGIONAL_CREDENTIALS] : []),
                ...(used.length > 0 ? [ANOTHER_ROLE] : []),
                NARROW,
                ...(unread.length > 0 ? [DISABLE] : []),
            ].join(" "),
        );
    },
    /** `chosen`: the program has chosen the regions. */
    unreachable: (unread: readonly UnreadRegion[], chosen: boolean) =>
        new Refusal(
            "aws-unreachable",
            `${NOT_LISTED}: ${inGroups(unread)}.`,
            MAY_USE,
            [
                `Check the network to EC2 in these regions${chosen ? " and their names in `regions`" : ""}, and run the same command again.`,
                ...(chosen ? [] : [NARROW]),
                DISABLE,
            ].join(" "),
        ),
};

const NOT_LISTED = "The instances in these regions could not be listed";

const MAY_USE =
    "An instance there may use a node role of this cluster, and would lose its permissions when the policy is detached from that role.";

const ALLOW =
    "Allow ec2:DescribeInstances there for the identity that the live checks use, and run the same command again. If a service control policy " +
    "denies it, the policy's owner has to exempt this identity.";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html */
const REGIONAL_CREDENTIALS =
    "Where AWS does not accept the credentials: a session of the global STS endpoint is valid only in regions that are on by default. Get the " +
    "credentials from a regional endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional), and run the same command again.";

const ANOTHER_ROLE =
    "Look for instances there as an identity that the policy exempts, and give them another role. IAM may still show the former use for some hours.";

const NARROW =
    "Once no instance there uses the node roles, you can also set `regions` to the regions in which instances may use them: the update then looks " +
    "at these and at the cluster's own, and at no others.";

/** Regions that are on by default cannot be disabled: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html */
const DISABLE =
    "An opt-in region that the account does not use can be disabled instead: aws account disable-region --region-name REGION.";

/** Regions with the same answer share it: a policy of the organization may deny them all. */
function inGroups(unread: readonly UnreadRegion[]): string {
    const answers = [...new Set(unread.map(({ answer }) => answer))];
    return answers
        .map((answer) => {
            const regions = unread.filter((one) => one.answer === answer).map(({ region }) => region);
            return `${regions.join(", ")} (${answer.replace(/\.$/, "")})`;
        })
        .join("; ");
}
