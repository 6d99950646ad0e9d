import type { Filter, Instance } from "@aws-sdk/client-ec2";
import type { AliveState, InstanceState, LeavingState, NetworkSeen } from "../model/world";
import type { Clients } from "./awsClients";

/** The observed properties of an EC2 instance. */
export interface InstanceSeen {
    readonly id: string;
    readonly region: string;
    /** Undefined if it has none. */
    readonly profileArn: string | undefined;
    readonly tags: Readonly<Record<string, string>>;
    readonly network: NetworkSeen;
    /** Undefined if EC2 does not say it. */
    readonly state: InstanceState | undefined;
    /** Milliseconds since the epoch. 0 if EC2 does not say it. */
    readonly launchedAt: number;
}

/** The maximum number of values in a filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const VALUES_PER_FILTER = 200;

/** EC2 returns up to 1,000 per page, but a page of that size would take more memory than everything else together. */
const PAGE = 200;

/** All states except shutting-down and terminated: a stopped instance starts again with the same role. */
const ALIVE: readonly AliveState[] = ["pending", "running", "stopping", "stopped"];

/**
 * Instances of the connection's region. EC2 shows terminated ones for about an hour:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
 *
 * They are found by a filter: with InstanceIds, a single terminated instance would fail the whole call, and nodes come and go.
 */
export async function instancesById(clients: Clients, ids: readonly string[]): Promise<InstanceSeen[]> {
    return find(clients, await clients.region(), "instance-id", ids, []);
}

/** The state of an instance that may run again. Undefined if it does not come back, or if EC2 does not say it. */
export function aliveState({ state }: Pick<InstanceSeen, "state">): AliveState | undefined {
    return ALIVE.find((alive) => alive === state);
}

/** The state of an instance that does not come back. Undefined if it may run again. */
export function leavingState({ state }: Pick<InstanceSeen, "state">): LeavingState | undefined {
    return state === "shutting-down" || state === "terminated" ? state : undefined;
}

/** Instances of a region that run, or may run again, with one of these instance profiles. */
export async function instancesByProfile(
    clients: Clients,
    region: string,
    profileArns: readonly string[],
): Promise<InstanceSeen[]> {
    const alive = { Name: "instance-state-name", Values: [...ALIVE] };
    return find(clients, region, "iam-instance-profile.arn", profileArns, [alive]);
}

/** The regions in which the account can have instances. Without AllRegions, EC2 lists the enabled ones. */
export async function enabledRegions(clients: Clients): Promise<string[]> {
    const { DescribeRegionsCommand } = await import("./awsSdk");
    const { Regions = [] } = await (await clients.ec2()).send(new DescribeRegionsCommand({}));
    return Regions.flatMap(({ RegionName }) => RegionName ?? []).sort();
}

async function find(
    clients: Clients,
    region: string,
    filter: string,
    values: readonly string[],
    more: Filter[],
): Promise<InstanceSeen[]> {
    const { paginateDescribeInstances } = await import("./awsSdk");
    const found: InstanceSeen[] = [];
    for (const Values of chunks([...new Set(values)].sort(), VALUES_PER_FILTER)) {
        const Filters = [{ Name: filter, Values }, ...more];
        const client = await clients.ec2(region);
        for await (const page of paginateDescribeInstances({ client, pageSize: PAGE }, { Filters })) {
            const instances = (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances);
            found.push(...instances.map((instance) => seen(instance, region)));
        }
    }
    return found;
}

function seen(instance: Instance, region: string): InstanceSeen {
    const { InstanceId = "", IamInstanceProfile, Tags = [], SubnetId = "", SecurityGroups = [], State } = instance;
    return {
        id: InstanceId,
        region,
        profileArn: IamInstanceProfile?.Arn,
        tags: Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])),
        network: {
            subnetId: SubnetId,
            securityGroupIds: SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []).sort(),
        },
        state: State?.Name,
        // "The time that the instance was last launched": a start sets it again.
        launchedAt: instance.LaunchTime?.getTime() ?? 0,
    };
}

function chunks<T>(values: readonly T[], size: number): T[][] {
    return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
