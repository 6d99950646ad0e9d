import type { Filter, Instance } from "@aws-sdk/client-ec2";
import type { Clients } from "./awsClients";

/** What is looked at of an EC2 instance. */
export interface InstanceSeen {
    readonly id: string;
    readonly region: string;
    /** Undefined: it has none. */
    readonly profileArn: string | undefined;
    readonly tags: Readonly<Record<string, string>>;
}

/** A filter takes so many values: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const VALUES_PER_FILTER = 200;

/** Of a thousand at once, which EC2 would give, the answer and what is read of it take more memory than all else together. */
const PAGE = 200;

/** All but those that are ending or have ended: what is stopped starts again with the same role. */
const ALIVE = ["pending", "running", "stopping", "stopped"];

/**
 * Instances of the connection's region. By filter: asked for by InstanceIds, one that is gone fails the whole call, and nodes
 * come and go.
 */
export async function instancesById(clients: Clients, ids: readonly string[]): Promise<InstanceSeen[]> {
    return find(clients, await clients.region(), "instance-id", ids, []);
}

/** Instances of a region that run, or may run again, with one of these instance profiles. */
export async function instancesByProfile(
    clients: Clients,
    region: string,
    profileArns: readonly string[],
): Promise<InstanceSeen[]> {
    const alive = { Name: "instance-state-name", Values: ALIVE };
    return find(clients, region, "iam-instance-profile.arn", profileArns, [alive]);
}

/** The regions in which the account can have instances (without AllRegions, those that are enabled for it). */
export async function enabledRegions(clients: Clients): Promise<string[]> {
    const { DescribeRegionsCommand } = await import("@aws-sdk/client-ec2");
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
    const { paginateDescribeInstances } = await import("@aws-sdk/client-ec2");
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

function seen({ InstanceId = "", IamInstanceProfile, Tags = [] }: Instance, region: string): InstanceSeen {
    return {
        id: InstanceId,
        region,
        profileArn: IamInstanceProfile?.Arn,
        tags: Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])),
    };
}

function chunks<T>(values: readonly T[], size: number): T[][] {
    return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
