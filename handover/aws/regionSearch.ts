import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { messageOf } from "./awsErrors";
import { enabledRegions, instancesByProfile, type InstanceSeen } from "./instances";

/**
 * The instances that use these instance profiles, in the cluster's region or in all enabled regions.
 *
 * IAM is global, so a role may serve nodes of another cluster in any region. A region that cannot be read is an error, since it
 * may have an instance that uses the role.
 */
export async function usersOfProfiles(
    clients: Clients,
    profileArns: readonly string[],
    everywhere: boolean,
): Promise<InstanceSeen[]> {
    if (profileArns.length === 0) {
        return [];
    }
    const home = await clients.region();
    const here = await instancesByProfile(clients, home, profileArns);
    if (!everywhere) {
        return here;
    }
    const others = (await enabledRegions(clients)).filter((region) => region !== home);
    const answers = await Promise.allSettled(others.map((region) => instancesByProfile(clients, region, profileArns)));
    const failures = answers.flatMap((answer, i) =>
        answer.status === "rejected" ? { region: others[i] ?? "", reason: answer.reason as unknown } : [],
    );
    if (failures.length > 0) {
        throw searchFailure(failures, clients.secrets);
    }
    return [...here, ...answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []))];
}

interface Failure {
    readonly region: string;
    readonly reason: unknown;
}

/** Regions that are on by default cannot be disabled: https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html */
const DISABLE =
    "An opt-in region that the account does not use can be disabled instead: aws account disable-region --region-name REGION.";

function searchFailure(failures: readonly Failure[], secrets: readonly string[]): unknown {
    const general = failures.find(({ reason }) => hasCode(reason, NOT_REGION_SPECIFIC));
    if (general !== undefined) {
        return general.reason;
    }
    const named = failures.map(({ region, reason }) => `${region} (${messageOf(reason, secrets)})`).join("; ");
    return failures.every(({ reason }) => hasCode(reason, ["aws-unreachable"]))
        ? new Refusal(
              "aws-unreachable",
              `The instances in these regions could not be listed: ${named}`,
              "An instance there may use a node role of this cluster, and would lose its permissions when the policy is detached from that role.",
              `Check the network to EC2 in these regions, and run the same command again. ${DISABLE}`,
          )
        : new Refusal(
              "aws-region-refused",
              `The instances in these regions could not be listed: ${named}`,
              "An instance there may use a node role of this cluster, and would lose its permissions when the policy is detached from that role.",
              `Allow ec2:DescribeInstances there (a service control policy may deny it), and run the same command again. ${DISABLE}`,
          );
}

/** Failures that do not depend on the region: throttling, and credentials that expired before the last region was read. */
const NOT_REGION_SPECIFIC = ["aws-throttled", "aws-credentials-expired", "aws-credentials-missing"];

function hasCode(reason: unknown, codes: readonly string[]): boolean {
    return reason instanceof Refusal && codes.includes(reason.code);
}
