import type { PolicyRead } from "../../documents/nodeBoot";
import { isRefusal } from "../model/refusal";
import type { AccountSeen, NodeRoleSeen, UnjoinedInstance } from "../model/world";
import type { AccountQuery } from "./awsAccess";
import type { Clients } from "./awsClients";
import { clustersInCommon, membership, otherClusters } from "./clusterMembership";
import { profilesOfRole, roleOfProfile } from "./instanceProfiles";
import { aliveState, instancesById, type InstanceSeen, leavingState } from "./instances";
import { lastUsedRegions } from "./lastUsedRegions";
import { instanceFacts, newInstances, withNewInstances } from "./newInstances";
import {
    judgedInline,
    judgedManaged,
    type PolicyReader,
    policyReader,
    readPolicies,
    undefinedIfMissing,
} from "./policyReader";
import { type ProfileUsers, usersOfProfiles } from "./regionSearch";
import { rolePolicies } from "./rolePolicies";

type RoleSeen = Omit<NodeRoleSeen, "instancesOfCluster" | "unjoined" | "instancesElsewhere" | "clustersElsewhere">;

/** Reads the node roles repeatedly during a run. Facts that cannot change during a run are read once. */
export function nodeRoleLook(clients: Clients): (query: AccountQuery) => Promise<AccountSeen> {
    const policies = policyReader(clients);
    const roleOf = roleOfProfile(clients);
    const lastUsedIn = lastUsedRegions();
    const lookAtAll = async (query: AccountQuery): Promise<AccountSeen> => {
        const nodes = await instancesById(clients, query.instanceIds);
        const roleOfInstance = await rolesOf(query.instanceIds, nodes, roleOf);
        const names = new Set([...query.roleNames, ...Object.values(roleOfInstance).flatMap((name) => name ?? [])]);
        const roles = await Promise.all(
            [...names].sort().map((name) => readRole(clients, policies, lastUsedIn, name, query)),
        );
        const existing = roles.filter(({ exists }) => exists).map(({ name }) => name);
        const { users: found, unread } = await usersOfRoles(clients, existing, query);
        const undecided = await undecidedInstances(
            clients,
            query,
            new Set(existing),
            [...found.values()].flat(),
            roleOf,
        );
        const region = await clients.region();
        const instanceIds = [...query.instanceIds, ...(query.otherInstanceIds ?? [])];
        const cluster = { region, instanceIds, name: query.clusterName };
        const users: Users = {
            isInCluster: membership(cluster, nodes),
            clustersOf: otherClusters(cluster, nodes),
            joined: new Set(instanceIds),
        };
        return {
            ...instanceFacts(roleOfInstance, nodes),
            clustersInTags: clustersInCommon(nodes),
            nodeRoles: roles.map((role) => withUsers(role, found.get(role.name) ?? [], users)),
            ...(undecided.length > 0 && { undecidedInstances: undecided }),
            ...(unread.length > 0 && { unreadRegions: unread }),
            ...(query.searchElsewhere &&
                query.regions !== undefined && { searchedRegions: [...new Set([region, ...query.regions])].sort() }),
        };
    };
    return async (query) => {
        const { earlier, instanceIds } = query;
        if (earlier === undefined) {
            return lookAtAll(query);
        }
        const ids = newInstances(instanceIds, earlier);
        const joined = ids.length === 0 ? [] : await instancesById(clients, ids);
        const facts = instanceFacts(await rolesOf(ids, joined, roleOf), joined);
        return withNewInstances(earlier, instanceIds, facts) ?? lookAtAll(query);
    };
}

async function rolesOf(
    ids: readonly string[],
    instances: readonly InstanceSeen[],
    roleOf: (profileArn: string) => Promise<string | undefined>,
): Promise<Record<string, string | undefined>> {
    const profileOf = new Map(instances.map(({ id, profileArn }) => [id, profileArn]));
    const entries = ids.map(async (id): Promise<[string, string | undefined]> => {
        const profile = profileOf.get(id);
        return [id, profile === undefined ? undefined : await roleOf(profile)];
    });
    return Object.fromEntries(await Promise.all(entries));
}

/** Reads a role and its policies, and judges which grant actions of the CNI. */
async function readRole(
    clients: Clients,
    policies: PolicyReader,
    lastUsedIn: ReturnType<typeof lastUsedRegions>,
    name: string,
    { ipFamily }: AccountQuery,
): Promise<RoleSeen> {
    const { GetRoleCommand } = await import("./awsSdk");
    const client = await clients.iam();
    const found = await undefinedIfMissing(async () => {
        const { Role } = await client.send(new GetRoleCommand({ RoleName: name }));
        const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
        return { usedIn: lastUsedIn(Role), boundary, ...(await rolePolicies(client, name)) };
    });
    if (found === undefined) {
        return { name, exists: false, cniPolicies: [], inlineCniPolicies: [] };
    }
    const [{ attached, inline }, boundary] = await Promise.all([
        readPolicies(policies, name, found),
        found.boundary === undefined ? undefined : readBoundary(policies, found.boundary),
    ]);
    return {
        name,
        exists: true,
        cniPolicies: attached.flatMap((policy) => judgedManaged(policy, ipFamily) ?? []),
        inlineCniPolicies: inline.flatMap((policy) => judgedInline(policy, ipFamily) ?? []),
        policies: [...attached, ...inline],
        ...(boundary === undefined ? {} : { boundary }),
        ...(found.usedIn.length > 0 && { lastUsedIn: found.usedIn }),
    };
}

/** The caller needs no right to read it: what is not read counts as not allowed. */
async function readBoundary(policies: PolicyReader, arn: string): Promise<PolicyRead> {
    try {
        return { name: arn, document: await policies.document(arn) };
    } catch (error) {
        if (isRefusal(error, "aws-access-denied")) {
            return { name: arn, document: undefined };
        }
        throw error;
    }
}

async function usersOfRoles(
    clients: Clients,
    roleNames: readonly string[],
    query: AccountQuery,
): Promise<{ users: Map<string, InstanceSeen[]>; unread: ProfileUsers["unread"] }> {
    const profiles = await Promise.all(roleNames.map((name) => profilesOfRole(clients, name)));
    const { instances, unread } = await usersOfProfiles(clients, profiles.flat(), query);
    const users = new Map(
        roleNames.map((name, i) => [
            name,
            instances.filter(({ profileArn }) => profileArn !== undefined && profiles[i]?.includes(profileArn)),
        ]),
    );
    return { users, unread };
}

/**
 * The instances in use that EC2 shows neither as users of these roles nor with another one. It may show a new instance in one answer, and not yet in
 * the other: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
async function undecidedInstances(
    clients: Clients,
    { searchElsewhere, instanceIdsInUse = [] }: AccountQuery,
    roleNames: ReadonlySet<string>,
    users: readonly InstanceSeen[],
    roleOf: (profileArn: string) => Promise<string | undefined>,
): Promise<string[]> {
    const known = new Set(users.map(({ id }) => id));
    const ids = searchElsewhere ? instanceIdsInUse.filter((id) => !known.has(id)) : [];
    const shown = ids.length === 0 ? [] : await instancesById(clients, ids);
    const staying = new Set(shown.filter((one) => leavingState(one) === undefined).map(({ id }) => id));
    const roles = await rolesOf([...staying], shown, roleOf);
    return ids.filter((id) =>
        staying.has(id) ? roleNames.has(roles[id] ?? "") : !shown.some((instance) => instance.id === id),
    );
}

/** How the instances that use a role relate to the cluster. */
interface Users {
    readonly isInCluster: (instance: InstanceSeen) => boolean;
    /** The ARNs of the other clusters that an instance may join. */
    readonly clustersOf: (instance: InstanceSeen) => string[];
    /** The IDs of those that are nodes. */
    readonly joined: ReadonlySet<string>;
}

function withUsers(
    role: RoleSeen,
    users: readonly InstanceSeen[],
    { isInCluster, clustersOf, joined }: Users,
): NodeRoleSeen {
    const ofCluster = users.filter(isInCluster);
    const unjoined = ofCluster.filter(({ id }) => !joined.has(id)).flatMap(unjoinedInstance);
    const elsewhere = users
        .filter((instance) => !isInCluster(instance))
        .map((instance) => ({ name: `${instance.region}/${instance.id}`, clusterArns: clustersOf(instance) }));
    const clustersElsewhere = Object.fromEntries(
        elsewhere
            .filter(({ clusterArns }) => clusterArns.length > 0)
            .map(({ name, clusterArns }) => [name, clusterArns]),
    );
    return {
        ...role,
        instancesOfCluster: ofCluster.map(({ id }) => id).sort(),
        ...(unjoined.length === 0 ? {} : { unjoined: unjoined.sort((a, b) => (a.id < b.id ? -1 : 1)) }),
        instancesElsewhere: elsewhere.map(({ name }) => name).sort(),
        ...(Object.keys(clustersElsewhere).length === 0 ? {} : { clustersElsewhere }),
    };
}

/** None for an instance that ends. */
function unjoinedInstance(instance: InstanceSeen): UnjoinedInstance[] {
    const { id, launchedAt } = instance;
    const state = aliveState(instance);
    return state === undefined ? [] : [{ id, state, launchedAt }];
}
