import type { AccountSeen, NodeRoleSeen, UnjoinedInstance } from "../model/world";
import type { AccountQuery } from "./awsAccess";
import type { Clients } from "./awsClients";
import { clusterArnsOf, clustersInCommon, membership } from "./clusterMembership";
import { profilesOfRole, roleOfProfile } from "./instanceProfiles";
import { aliveState, instancesById, type InstanceSeen } from "./instances";
import { instanceFacts, newInstances, withNewInstances } from "./newInstances";
import { type PolicyReader, policyReader, undefinedIfMissing } from "./policyReader";
import { usersOfProfiles } from "./regionSearch";
import { rolePolicies } from "./rolePolicies";

type RoleSeen = Pick<NodeRoleSeen, "name" | "exists" | "uniqueId" | "cniPolicies" | "inlineCniPolicies">;

/** Reads the node roles repeatedly during a run. Facts that cannot change during a run are read once. */
export function nodeRoleLook(clients: Clients): (query: AccountQuery) => Promise<AccountSeen> {
    const policies = policyReader(clients);
    const roleOf = roleOfProfile(clients);
    const lookAtAll = async (query: AccountQuery): Promise<AccountSeen> => {
        const nodes = await instancesById(clients, query.instanceIds);
        const roleOfInstance = await rolesOf(query.instanceIds, nodes, roleOf);
        const names = new Set([...query.roleNames, ...Object.values(roleOfInstance).flatMap((name) => name ?? [])]);
        const roles = await Promise.all([...names].sort().map((name) => readRole(clients, policies, name, query)));
        const existing = roles.filter(({ exists }) => exists).map(({ name }) => name);
        const users = await usersOfRoles(clients, existing, query.searchElsewhere);
        const region = await clients.region();
        const instanceIds = [...query.instanceIds, ...(query.otherInstanceIds ?? [])];
        const isInCluster = membership({ region, instanceIds, name: query.clusterName }, nodes);
        const joined = new Set(instanceIds);
        return {
            ...instanceFacts(roleOfInstance, nodes),
            clustersInTags: clustersInCommon(nodes),
            nodeRoles: roles.map((role) => withUsers(role, users.get(role.name) ?? [], isInCluster, joined)),
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

/** Reads a role and those of its policies that grant actions of the CNI. */
async function readRole(
    clients: Clients,
    policies: PolicyReader,
    name: string,
    { ipFamily }: AccountQuery,
): Promise<RoleSeen> {
    const { GetRoleCommand } = await import("./awsSdk");
    const client = await clients.iam();
    const found = await undefinedIfMissing(async () => {
        const { Role } = await client.send(new GetRoleCommand({ RoleName: name }));
        return { uniqueId: Role?.RoleId, ...(await rolePolicies(client, name)) };
    });
    if (found === undefined) {
        return { name, exists: false, uniqueId: undefined, cniPolicies: [], inlineCniPolicies: [] };
    }
    const judged = await Promise.all(found.arns.map((arn) => policies.managed(arn, ipFamily)));
    const inline = await Promise.all(found.inline.map((policy) => policies.inline(name, policy, ipFamily)));
    return {
        name,
        exists: true,
        uniqueId: found.uniqueId,
        cniPolicies: judged.filter((policy) => policy !== undefined),
        inlineCniPolicies: inline.filter((policy) => policy !== undefined),
    };
}

async function usersOfRoles(
    clients: Clients,
    roleNames: readonly string[],
    searchElsewhere: boolean,
): Promise<Map<string, InstanceSeen[]>> {
    const profiles = await Promise.all(roleNames.map((name) => profilesOfRole(clients, name)));
    const users = await usersOfProfiles(clients, profiles.flat(), searchElsewhere);
    return new Map(
        roleNames.map((name, i) => [
            name,
            users.filter(({ profileArn }) => profileArn !== undefined && profiles[i]?.includes(profileArn)),
        ]),
    );
}

function withUsers(
    role: RoleSeen,
    users: readonly InstanceSeen[],
    isInCluster: (instance: InstanceSeen) => boolean,
    joined: ReadonlySet<string>,
): NodeRoleSeen {
    const ofCluster = users.filter(isInCluster);
    const unjoined = ofCluster.filter(({ id }) => !joined.has(id)).flatMap(unjoinedInstance);
    const elsewhere = users.filter((instance) => !isInCluster(instance)).map(named);
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

function named(instance: InstanceSeen) {
    return { name: `${instance.region}/${instance.id}`, clusterArns: clusterArnsOf(instance) };
}
