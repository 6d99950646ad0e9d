/**
 * Live checks with one planted bug each, one for each of the situations in which a healthy fleet must get through. They are in what the
 * product has now. A simulation must find each.
 */
import type { AccountQuery } from "../../handover/aws/awsAccess";
import { Refusal } from "../../handover/model/refusal";
import type { AccountSeen, ClusterSeen, NodeRoleSeen } from "../../handover/model/world";
import type { OperationContext, RunContext } from "../../handover/observe/runContext";
import type { LiveInputs, LiveResource } from "../../handover/run/liveResource";
import { REAL_RESOURCES, type Resources } from "../model/engine";
import { opening, withLook } from "../model/plantedRolloutBugs";
import { recordsOnlyAttached, takesAwayAgain } from "../model/plantedSharingBugs";

export interface PlantedBug {
    /** The situation. */
    readonly about: string;
    /** What the product does. */
    readonly title: string;
    readonly resources: Resources;
    /** The problem that shows it. */
    readonly problem: RegExp;
}

const { credentialGuard, canary, detachment } = REAL_RESOURCES;

function seeing<I extends LiveInputs, O extends object>(
    resource: LiveResource<I, O>,
    changed: (context: RunContext) => RunContext,
): LiveResource<I, O> {
    const through = (operation: OperationContext) => opening(operation, changed);
    return {
        ...resource,
        create: (inputs, operation) => resource.create(inputs, through(operation)),
        update: (state, inputs, operation) => resource.update(state, inputs, through(operation)),
        delete: (state, operation) => resource.delete(state, through(operation)),
    };
}

/** Each live check sees the account like this. */
function withAccount(look: (aws: RunContext["aws"], query: AccountQuery) => Promise<AccountSeen>): Resources {
    const changed = (context: RunContext): RunContext => ({
        ...context,
        aws: { ...context.aws, look: (query) => look(context.aws, query) },
    });
    return {
        ...REAL_RESOURCES,
        credentialGuard: seeing(credentialGuard, changed),
        canary: seeing(canary, changed),
        detachment: seeing(detachment, changed),
    };
}

/** Each look at the account takes so many calls. */
export const withLooksAtTheAccount = (times: number): Resources =>
    withAccount(async (aws, query) => {
        for (let time = 1; time < times; time++) {
            await aws.look(query);
        }
        return aws.look(query);
    });

const withNodeRoles = (changed: (role: NodeRoleSeen) => NodeRoleSeen): Resources =>
    withAccount(async (aws, query) => {
        const seen = await aws.look(query);
        return { ...seen, nodeRoles: seen.nodeRoles.map(changed) };
    });

/** Neither the run nor the API server looks at who owns the annotation. */
function withoutOwners(context: RunContext): RunContext {
    const { cluster, ...rest } = withLook(context, ({ serviceAccount, ...seen }) => ({
        ...seen,
        serviceAccount: serviceAccount && { ...serviceAccount, roleArnOwners: [] },
    }));
    return {
        ...rest,
        cluster: { ...cluster, annotate: (annotations) => cluster.annotate(annotations, true) },
    };
}

function withoutNodes(seen: ClusterSeen, isLeftOut: (node: ClusterSeen["nodes"][number]) => boolean): ClusterSeen {
    const left = new Set(seen.nodes.filter(isLeftOut).map(({ name }) => name));
    return {
        ...seen,
        nodes: seen.nodes.filter(({ name }) => !left.has(name)),
        pods: seen.pods.filter(({ node }) => !left.has(node)),
    };
}

function withoutNotReadyNodes(context: RunContext): RunContext {
    let hidden = new Set<string>();
    const withoutThem = withLook(context, (seen) => {
        hidden = new Set(seen.nodes.flatMap(({ ready, instanceId }) => (ready ? [] : (instanceId ?? []))));
        return withoutNodes(seen, ({ ready }) => !ready);
    });
    const look: RunContext["aws"]["look"] = async (query) => {
        const seen = await context.aws.look(query);
        const withoutInstances = (role: NodeRoleSeen): NodeRoleSeen => ({
            ...role,
            instancesOfCluster: role.instancesOfCluster.filter((id) => !hidden.has(id)),
        });
        return { ...seen, nodeRoles: seen.nodeRoles.map(withoutInstances) };
    };
    return { ...withoutThem, aws: { ...context.aws, look } };
}

const KNOWN_ROLES = 5;

export const PLANTED_BUGS: readonly PlantedBug[] = [
    {
        about: "regions that a service control policy denies",
        title: "takes a region that is denied for an empty one, wherever IAM saw the role used last",
        resources: withNodeRoles((role) => ({ ...role, lastUsedIn: [] })),
        problem: /a policy is detached from \S+, which an instance in \S+ uses outside this cluster/,
    },
    {
        about: "churn",
        title: "hands back the nodes that it sees first, and none that joins later",
        resources: {
            ...REAL_RESOURCES,
            credentialGuard: {
                ...credentialGuard,
                delete: (state, operation) => {
                    let first: ReadonlySet<string> | undefined;
                    return credentialGuard.delete(
                        state,
                        opening(operation, (context) =>
                            withLook(context, (seen) => {
                                const known = (first ??= new Set(seen.nodes.map(({ name }) => name)));
                                return withoutNodes(seen, ({ name }) => !known.has(name));
                            }),
                        ),
                    );
                },
            },
        },
        problem: /has no path: it carries arn:|the hand-back is not reached: pods with a role/,
    },
    {
        about: "many node roles",
        title: "reads five node roles, and no more",
        resources: withAccount(async (aws, query) => {
            const seen = await aws.look(query);
            return { ...seen, nodeRoles: seen.nodeRoles.slice(0, KNOWN_ROLES) };
        }),
        problem:
            /has no path: it carries the node role|a node role has lost its policy|the policies of .* are not as expected/,
    },
    {
        about: "instances that have not joined",
        title: "waits for each instance to join",
        resources: withAccount(async (aws, query) => {
            const seen = await aws.look(query);
            if (query.searchElsewhere && seen.nodeRoles.some(({ unjoined = [] }) => unjoined.length > 0)) {
                throw new Refusal("time-limit", "Instances have not joined.", "They may need the policy.", "Wait.");
            }
            return seen;
        }),
        problem: /the hand-over is not reached: \[time-limit\] Instances have not joined/,
    },
    {
        about: "shared node roles",
        title: "does not see the instances of other clusters",
        resources: withNodeRoles((role) => ({ ...role, instancesElsewhere: [] })),
        problem: /a policy is detached from \S+, which an instance in \S+ uses outside this cluster/,
    },
    {
        about: "shared node roles",
        title: "forgets the roles that it has found detached and never seen attached",
        resources: recordsOnlyAttached,
        problem: /a goal is not reached: \[node-role-without-permissions\]/,
    },
    {
        about: "shared node roles",
        title: "detaches a policy again that another cluster's hand-back has attached",
        resources: takesAwayAgain,
        problem: /c\d: pod\d+ on \S+ has no path: it carries the node role/,
    },
    {
        about: "impatience",
        title: "takes an instance that is shutting down for one that is terminated",
        resources: withAccount(async (aws, query) => {
            const seen = await aws.look(query);
            const { leavingInstances = {} } = seen;
            const gone = Object.keys(leavingInstances).map((id) => [id, "terminated"] as const);
            return gone.length === 0 ? seen : { ...seen, leavingInstances: Object.fromEntries(gone) };
        }),
        problem: /has no path: it carries the node role/,
    },
    {
        about: "impatience",
        title: "takes a NotReady node for one that has left",
        resources: { ...REAL_RESOURCES, detachment: seeing(detachment, withoutNotReadyNodes) },
        problem: /has no path: it carries the node role/,
    },
    {
        about: "several at once",
        title: "takes the annotation of a person for its own",
        resources: {
            ...REAL_RESOURCES,
            canary: seeing(canary, withoutOwners),
            detachment: seeing(detachment, withoutOwners),
        },
        problem: /a run overwrites the annotation of kubectl-annotate/,
    },
    {
        about: "several at once",
        title: "records only the role of the last run",
        resources: {
            ...REAL_RESOURCES,
            credentialGuard: {
                ...credentialGuard,
                update: async (state, inputs, operation) => {
                    const outputs = await credentialGuard.update(state, inputs, operation);
                    const approvedRoleArns = outputs.record.approvedRoleArns.slice(-1);
                    return { ...outputs, record: { ...outputs.record, approvedRoleArns } };
                },
            },
        },
        problem: /has no path: it carries arn:/,
    },
];
