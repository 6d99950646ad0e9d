import { isRefusal } from "../model/refusal";
import { regionRefusals } from "../model/regionRefusals";
import type { UnreadRegion } from "../model/world";
import type { AccountQuery } from "./awsAccess";
import type { Clients } from "./awsClients";
import { messageOf } from "./awsErrors";
import { enabledRegions, instancesByProfile, type InstanceSeen } from "./instances";
import { isDeniedByServiceControlPolicy } from "./serviceControlPolicy";

/** The result of a search. */
export interface ProfileUsers {
    readonly instances: readonly InstanceSeen[];
    /** The regions that could not be read. Whether one of them may have an instance is decided in decide/unreadRegions.ts. */
    readonly unread: readonly UnreadRegion[];
}

/**
 * The instances that use these instance profiles, in the cluster's region or in all enabled regions.
 *
 * IAM is global, so a role may serve nodes of another cluster in any region. The cluster's own region must be read, and a failure that
 * may pass, or that has nothing to do with the region, is an error.
 */
export async function usersOfProfiles(
    clients: Clients,
    profileArns: readonly string[],
    { searchElsewhere, regions }: Pick<AccountQuery, "searchElsewhere" | "regions">,
): Promise<ProfileUsers> {
    if (profileArns.length === 0) {
        return { instances: [], unread: [] };
    }
    const home = await clients.region();
    const here = await instancesByProfile(clients, home, profileArns);
    if (!searchElsewhere) {
        return { instances: here, unread: [] };
    }
    const searched = [...new Set(regions ?? (await enabledRegions(clients)))].sort();
    const others = searched.filter((region) => region !== home);
    const answers = await Promise.allSettled(others.map((region) => readRegion(clients, region, profileArns)));
    const read = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    const failures = answers.flatMap((answer, i) =>
        answer.status === "rejected" ? [{ region: others[i] ?? "", reason: answer.reason as unknown }] : [],
    );
    const refused = read.flatMap(({ unread }) => unread);
    return {
        instances: [...here, ...read.flatMap(({ instances }) => instances)],
        unread: [...refused, ...unreachable(failures, refused, clients, regions !== undefined)],
    };
}

interface Failure {
    readonly region: string;
    readonly reason: unknown;
}

/** Failures that may pass, and failures that do not depend on the region: credentials that expired before the last region was read. */
const NOT_FINAL = ["aws-unreachable", "aws-throttled", "aws-credentials-expired", "aws-credentials-missing"];

async function readRegion(clients: Clients, region: string, profileArns: readonly string[]): Promise<ProfileUsers> {
    try {
        return { instances: await instancesByProfile(clients, region, profileArns), unread: [] };
    } catch (error) {
        if (isRefusal(error, ...NOT_FINAL)) {
            throw error;
        }
        return { instances: [], unread: [{ region, ...(await whyUnread(clients, region, error)) }] };
    }
}

const INSTANCES = "ec2:DescribeInstances";
const CLUSTERS = "eks:ListClusters";

/**
 * A policy that denies a region denies the calls of all its services, apart from those of global services:
 * https://docs.aws.amazon.com/controltower/latest/controlreference/primary-region-deny-policy.html. One that denies DescribeInstances
 * alone says nothing about the region. EKS is the second service, since instances with a node role are most likely those of another cluster.
 */
async function whyUnread(clients: Clients, region: string, error: unknown): Promise<Omit<UnreadRegion, "region">> {
    const answer = answerOf(error, clients);
    if (isRefusal(error, "aws-credentials-refused")) {
        return { cause: "credentials", answer };
    }
    if (!isDeniedByServiceControlPolicy(answer, INSTANCES)) {
        return { cause: "other", answer };
    }
    const second = await listClusters(clients, region);
    return isDeniedByServiceControlPolicy(second, CLUSTERS)
        ? { cause: "serviceControlPolicy", answer }
        : { cause: "other", answer: `${answer}; ${second}` };
}

/** EKS's answer, in words. */
async function listClusters(clients: Clients, region: string): Promise<string> {
    const { ListClustersCommand } = await import("./awsSdk");
    try {
        await (await clients.eks(region)).send(new ListClustersCommand({ maxResults: 1 }));
        return `${CLUSTERS} is allowed there`;
    } catch (error) {
        if (isRefusal(error, ...NOT_FINAL)) {
            throw error;
        }
        return answerOf(error, clients);
    }
}

function answerOf(error: unknown, { secrets }: Pick<Clients, "secrets">): string {
    return isRefusal(error) ? error.seen : messageOf(error, secrets);
}

/**
 * The regions without an answer, if others refuse for a reason that lasts: the run stops for all of them. Throws if no other does, since
 * an answer may come at the next attempt.
 */
function unreachable(
    failures: readonly Failure[],
    refused: readonly UnreadRegion[],
    clients: Pick<Clients, "secrets">,
    chosen: boolean,
): UnreadRegion[] {
    const general = failures.find(({ reason }) => !isRefusal(reason, "aws-unreachable"));
    if (general !== undefined) {
        throw general.reason;
    }
    const unread = failures.map(({ region, reason }) => ({
        region,
        cause: "other" as const,
        answer: answerOf(reason, clients),
    }));
    if (unread.length > 0 && refused.every(({ cause }) => cause === "serviceControlPolicy")) {
        throw regionRefusals.unreachable(unread, chosen);
    }
    return unread;
}
