import {
    ANNOTATE,
    attach,
    canary,
    changesWithRemaining,
    GUARD,
    DETACH,
    changes,
    handedOver,
    PROPAGATION,
    table,
    WAVES,
} from "../support/plans";
import { attachedAgain, BLUE, GREEN, sharedAndDetached, sharedWith, usedBy } from "../support/sharedNodeRoles";
import { CNI_POLICY, FORMER_ROLE, onNodeRole, record, ROLE_ARN, subject, world } from "../support/worlds";

const noPolicies = { policiesAdded: [], policiesRemoved: [] };
const untouched = (nodeRole: ReturnType<typeof sharedWith>) =>
    world(onNodeRole, {
        cluster: { serviceAccount: { uid: "account", annotations: {}, roleArnOwners: [] } },
        account: { nodeRoles: [nodeRole] },
    });
const BLIND =
    `[clusters-not-seen] Nodes of ${BLUE} also run with nodes, and lose the policy, too. Only handedOverClusterArns says that their pods carry ` +
    "roles of their own: this run cannot see them.";
const FIRST = [ANNOTATE, canary("pod-n1", "n1"), WAVES] as const;
const shared = { nodeRoles: [sharedWith([BLUE])] };
const detached = { nodeRoles: [sharedAndDetached(BLUE)] };
const named = { handedOverClusterArns: [BLUE] };
const recorded = { record, canaryActs: false };
const left = (detachedFrom: string[], remainingSteps: string[] = [], isAnotherRole = false) => ({
    formerDetachment: { detachedFrom, remainingSteps, handedOverClusterArns: [BLUE], isAnotherRole },
});
const other = { ...subject, roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } };

table("The plan for a node role that other clusters use", [
    [
        "leaves the detachment for later",
        untouched(sharedWith([BLUE])),
        changesWithRemaining([usedBy([BLUE])], ...FIRST, GUARD),
    ],
    [
        "has the detachment where every cluster is named",
        untouched(sharedWith([BLUE])),
        changes(...FIRST, GUARD, DETACH, BLIND),
        named,
    ],
    ["detaches later, once the others are named", handedOver({}, shared), changes(DETACH, BLIND), named],
    ["has nothing to do where another run has detached the policy", handedOver({}, detached), changes()],
    [
        "attaches the policy again where a cluster is no longer named",
        handedOver({}, detached),
        changesWithRemaining(
            [usedBy([BLUE])],
            attach("since handedOverClusterArns no longer lists a cluster that uses it"),
        ),
        { former: { ...noPolicies, record, handedOverClusterArns: [BLUE] } },
    ],
    [
        "attaches one that this component has never seen attached",
        handedOver({}, detached),
        changesWithRemaining(
            [usedBy([BLUE])],
            attach("since handedOverClusterArns no longer lists a cluster that uses it"),
        ),
        {
            former: {
                ...noPolicies,
                handedOverClusterArns: [BLUE],
                record: { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } },
            },
        },
    ],
    [
        "attaches nothing to a role that the program has never listed",
        handedOver({}, detached),
        changes(),
        { former: { ...noPolicies, record: { ...record, namedNodeRoles: [] }, handedOverClusterArns: [BLUE] } },
    ],
    [
        "attaches nothing for a cluster that does not use the role",
        handedOver({}, detached),
        changes(),
        { ...named, former: { ...noPolicies, record, handedOverClusterArns: [BLUE, GREEN] } },
    ],
    [
        "leaves a policy that another run has attached again",
        handedOver({}, shared),
        changesWithRemaining([attachedAgain(BLUE)]),
        { ...recorded, ...named, ...left(["nodes"]) },
    ],
    [
        "leaves it in the next update as well",
        handedOver({}, shared),
        changesWithRemaining([attachedAgain(BLUE)]),
        { ...recorded, ...named, ...left([], [attachedAgain(BLUE)]) },
    ],
    [
        "detaches a policy again that the update itself attaches before another role comes",
        handedOver({}, detached),
        changes(attach("before the service account gets another role"), PROPAGATION, ...FIRST, DETACH, BLIND),
        named,
        { subject: other },
    ],
    [
        "attaches one then that this component has never seen attached, and detaches it again",
        handedOver({}, detached),
        changes(attach("before the service account gets another role"), PROPAGATION, ...FIRST, DETACH, BLIND),
        {
            ...named,
            former: {
                ...noPolicies,
                handedOverClusterArns: [BLUE],
                record: { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } },
            },
        },
        { subject: other },
    ],
    [
        "detaches it also if an earlier update has attached it, which did not finish",
        handedOver({}, shared),
        changes(DETACH, BLIND),
        { record: { ...record, foundDetached: ["nodes"] }, canaryActs: false, ...named, ...left(["nodes"], [], true) },
    ],
]);
