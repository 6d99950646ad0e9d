import { deepStrictEqual, ok } from "node:assert/strict";
import { planHandOver } from "../../../../handover/preview/plan";
import {
    ANNOTATE,
    attach,
    canary,
    GUARD,
    DETACH,
    handedOver,
    changes,
    preflightWithoutNodeRoles,
    NOTHING,
    planInputs,
    PROPAGATION,
    refuses,
    restart,
    WAVES,
    waves,
    DETACH_REMAINS,
    table,
    changesWithRemaining,
    inputsWithoutNodeRoles,
} from "../support/plans";
import { passingPreflight, seen } from "../support/preflights";
import {
    BROAD_POLICY,
    carrying,
    daemonSet,
    FORMER_ROLE,
    MANAGER,
    nodeRole,
    NOW,
    onNodeRole,
    OTHER_POLICY_FIX,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
    withoutPolicies,
} from "../support/worlds";

const other = { ...subject, roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } };
const broad = { arn: BROAD_POLICY, kind: "broad" as const, sufficient: true };

table("The plan for a cluster that has been handed over", [
    ["is nothing where nothing has changed", handedOver(), NOTHING],
    [
        "is what is left to do where nothing changes",
        handedOver({}, { nodeRoles: [nodeRole({ cniPolicies: [broad] })] }),
        changesWithRemaining([
            `[other-policy] nodes also holds ${BROAD_POLICY}, which also grants actions of the CNI. ${OTHER_POLICY_FIX}`,
        ]),
    ],
    [
        "has the canary on the node whose pod an earlier run has left with a role that does not work",
        handedOver({ pods: pods(carrying(ROLE), pod("n2", carrying(`${ROLE}-before`), starting)) }),
        changes(
            attach("before the service account gets another role"),
            PROPAGATION,
            ANNOTATE,
            canary("pod-n2", "n2"),
            waves("pod-n1, pod-n3"),
            DETACH,
        ),
        {},
        { subject: other },
    ],
    [
        "gives nothing back to a node role of the same program that has no nodes",
        handedOver({}, { nodeRoles: [nodeRole({ ...withoutPolicies, instancesOfCluster: [] })] }),
        changes(ANNOTATE, canary("pod-n1", "n1"), WAVES),
        { ownNodeRoles: [{ name: "nodes", forceDetachPolicies: true }] },
        { subject: other },
    ],
    [
        "gives the policies back before another role comes, and takes them away again",
        handedOver(),
        changes(
            attach("before the service account gets another role"),
            PROPAGATION,
            ANNOTATE,
            canary("pod-n1", "n1"),
            WAVES,
            DETACH,
        ),
        {},
        { subject: other },
    ],
    [
        "restarts no pod first where the injection guard refuses one, which then is the first with the other role",
        handedOver({
            serviceAccount: { ...serviceAccount, annotations: {}, roleArnOwners: [] },
            pods: ["n1", "n2"].map((name) => pod(name, carrying(ROLE))),
            refusedPods: ["refused"],
        }),
        changes(
            attach("before the service account gets another role"),
            PROPAGATION,
            ANNOTATE,
            waves("pod-n1, pod-n2"),
            DETACH,
        ),
        {},
        { subject: other },
    ],
    [
        "gives nothing back before another role where nothing was detached",
        handedOver({ injectionGuard: { present: false, inForce: false } }, { nodeRoles: [nodeRole()] }),
        changesWithRemaining([DETACH_REMAINS], ANNOTATE, canary("pod-n1", "n1"), WAVES),
        inputsWithoutNodeRoles,
        { subject: other, ...preflightWithoutNodeRoles },
    ],
    [
        "gives the policies back where no node role is named any more",
        handedOver(),
        changesWithRemaining([DETACH_REMAINS], attach("since detachFromNodeRoles no longer lists it")),
        inputsWithoutNodeRoles,
        preflightWithoutNodeRoles,
    ],
    [
        "restarts the pods that carry the role from before it was delivered in another way",
        handedOver(),
        changes(canary("pod-n1", "n1"), WAVES),
        { record: { ...record, deliveredAt: NOW }, canaryActs: true },
    ],
    [
        "detaches from a node role that is named later",
        handedOver({ injectionGuard: { present: false, inForce: false } }, { nodeRoles: [nodeRole()] }),
        changes(GUARD, DETACH),
    ],
]);

const recorded = { record, canaryActs: false };

table("The plan after a refresh", [
    ["is nothing where all is as it was", handedOver(), NOTHING, recorded],
    [
        "has the policy come back for a pod without the role, and leave again",
        handedOver({ pods: pods(carrying(ROLE), pod("n2", onNodeRole)) }),
        changes(
            attach("since pods without the role use it"),
            restart("The live checks restart 1 pod, within the DaemonSet's maxUnavailable: pod-n2"),
            DETACH,
        ),
        recorded,
    ],
    [
        "annotates again",
        handedOver({ serviceAccount: { ...serviceAccount, annotations: {}, roleArnOwners: [] } }),
        changes(ANNOTATE),
        recorded,
    ],
    ["takes the policy away again", handedOver({}, { nodeRoles: [nodeRole()] }), changes(DETACH), recorded],
    [
        "refuses to take away what is not recorded",
        handedOver({}, { nodeRoles: [nodeRole()] }),
        refuses("policy-not-recorded"),
        { ...recorded, record: { ...record, nodeRolePolicies: {} } },
    ],
    ["asks for no preflight again", handedOver(), NOTHING, recorded, { callerAccount: "2" }],
    [
        "has the canary again that a former run did not come to",
        handedOver(
            { pods: pods(onNodeRole), injectionGuard: { present: false, inForce: false }, daemonSet },
            { nodeRoles: [nodeRole()] },
        ),
        changes(canary("pod-n1", "n1"), WAVES, GUARD, DETACH),
        { record, canaryActs: true },
    ],
]);

const complaining = pod("n2", carrying(ROLE), { missingPermissions: "ec2:DescribeSubnets" });

table("The refusals", [
    [
        "are all of those before anything moves",
        seen({ daemonSet: undefined, serviceAccount: undefined, pods: [] }),
        refuses("wrong-account", "service-account-missing", "daemon-set-missing"),
        {},
        { callerAccount: "2" },
    ],
    [
        "are those on the way as well, each once",
        seen({ serviceAccount: { ...serviceAccount, roleArnOwners: [MANAGER] }, pods: pods(onNodeRole, complaining) }),
        refuses("cluster-too-old", "pod-misses-permissions"),
        {},
        { clusterVersion: { major: 1, minor: 29 } },
    ],
    [
        "are of a node role that is not named",
        seen(
            {},
            {
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "gpu" },
                nodeRoles: [nodeRole(), nodeRole({ name: "gpu" })],
            },
        ),
        refuses("node-role-not-named"),
    ],
    [
        "are of a node whose role is unknown",
        seen({}, { roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes" } }),
        refuses("node-role-unknown"),
    ],
    ["are of another cluster", handedOver({ uid: "another" }), refuses("cluster-changed"), recorded],
]);

describe("The reasons of a refusal", () => {
    it("are in the words of the update itself", () => {
        const { refusals } = planHandOver({ ...planInputs, preflight: { ...passingPreflight, callerAccount: "2" } });
        deepStrictEqual(
            refusals.map(({ message }) => message),
            [
                "[wrong-account] The AWS credentials belong to the account 2. The role is in the account 111122223333. The component reads and writes only in the role's account. Use credentials of the role's account: set the argument aws, for example aws: { profile } or aws: { roleArn }.",
            ],
        );
    });

    const outdated =
        /The update proves the role again, and goes on if the proof shows that the role has the permission now\./;
    for (const [kind, more] of [
        ["say that a complaint may be outdated", recorded],
        ["say so of a role that was never approved, too", {}],
    ] as const) {
        it(kind, () => {
            const { preflight } = planInputs;
            const { world } = preflight;
            const cluster = { ...world.cluster, pods: pods(carrying(ROLE), complaining) };
            const { refusals } = planHandOver({
                ...planInputs,
                ...more,
                preflight: { ...preflight, world: { ...world, cluster } },
            });
            const [refusal] = refusals.filter(({ code }) => code === "pod-misses-permissions");
            ok(outdated.test(refusal?.message ?? ""), refusals.map(String).join("\n"));
        });
    }
});
