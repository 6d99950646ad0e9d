import { deepStrictEqual } from "node:assert/strict";
import { nextCanaryStep, RolloutTarget } from "../../../../handover/decide/canary";
import type { Memory } from "../../../../handover/model/steps";
import type { World } from "../../../../handover/model/world";
import {
    attach,
    carrying,
    CNI_POLICY,
    daemonSet,
    fresh,
    terminating,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    REGIONAL,
    memoryWith,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    starting,
    subject,
    comparableStep,
    withoutPolicies,
    world,
} from "../support/worlds";
import { ofAddOn } from "../support/addOns";

const target: RolloutTarget = {
    subject,
    record,
    serviceAccountUid: "account",
    stableSeconds: 20,
    // Longer than the age of the pods in these worlds.
    canarySeconds: 7200,
    iamPropagationSeconds: 120,
};
const right = carrying(ROLE);
const before = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}) =>
    world(onNodeRole, { cluster, account });
const wait = (why: string) => ({ do: "wait", why });
const refuse = (code: string, seen: string) => ({ refuse: code, seen });
const restart = (name: string, why: string) => ({ do: "restart", pods: [name], why });
const first = (name: string, where = " of nodes") =>
    restart(`pod-${name}`, `canary pod-${name} on ${name}${where}: restarts first, with the role`);
const DONE = { do: "done", why: "a pod with the role works on a node of the node role" };
const ANNOTATE = { do: "annotate", annotations: { [ROLE_ARN]: ROLE }, why: "annotating the service account again" };
const NEW_PODS =
    "New pods get its credentials instead of the CNI role, and the injection guard admits them without a check of their role.";
const GIVE_BACK = {
    do: "attach",
    policies: attach("nodes"),
    why: "pod-n1 carries no role of its own: attaching the policies to the node roles again",
};
const twoRoles = { roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "nodes" } };
/** A program has taken the policies before the component has recorded any. */
const nothingToGiveBack = { record: { ...record, nodeRolePolicies: {} } };
const n1NotReady = [node("n1", { ready: false }), node("n2"), node("n3")];
const n1Restarted = memoryWith({ restarts: { n1: 1 } });

describe("The canary", () => {
    const rows: [string, World, object, Partial<RolloutTarget>?, Memory?][] = [
        ["is one pod", before(), first("n1")],
        [
            "is the same whatever the order of nodes",
            before({ nodes: [node("n2"), node("n1"), node("n3")], pods: pods(onNodeRole) }),
            first("n1"),
        ],
        ["needs no name of a role", before({}, { roleOfInstance: {} }), first("n1", "")],
        [
            "is one that works",
            before({
                pods: pods(onNodeRole, pod("n1", onNodeRole, starting)),
                daemonSet: { ...daemonSet, maxUnavailable: 1 },
            }),
            first("n2"),
        ],
        ["is on a Ready node", before({ nodes: n1NotReady }), first("n2")],
        [
            "is on the first node by name, whatever their order",
            before({ nodes: [node("n3"), node("n1"), node("n2")], pods: pods(onNodeRole) }),
            first("n1"),
        ],
        [
            "is on a node that is no instance, as on one whose role is not known",
            before({ nodes: [node("n1", { instanceId: undefined })] }),
            first("n1", ""),
        ],
        [
            "is awaited where no node has a pod for it",
            before({ nodes: [node("n1", { ready: false })], pods: [] }),
            wait("no canary of nodes yet, because these nodes are NotReady and have no pod: n1"),
        ],
        [
            "is on a node that is not, when there is no other",
            before({ nodes: [node("n1", { ready: false })] }),
            first("n1"),
        ],
        [
            "is one that does not work, when there is no other",
            before({ nodes: [node("n1")], pods: [pod("n1", onNodeRole, starting)] }),
            first("n1"),
        ],
        [
            "is awaited",
            before({ pods: pods(onNodeRole, pod("n1", right, starting)) }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet"),
        ],
        [
            "is awaited after a restart of its containers, and the reason says so",
            before({ pods: pods(onNodeRole, pod("n1", right, { ...starting, restarts: 1 })) }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet, its containers were restarted once"),
        ],
        [
            "is awaited after two restarts",
            before({ pods: pods(onNodeRole, pod("n1", right, { ...starting, restarts: 2 })) }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet, its containers were restarted 2 times"),
        ],
        [
            "is watched",
            before({ pods: pods(onNodeRole, pod("n1", right, { readySince: seconds(-19) })) }),
            wait("canary pod-n1 on n1 of nodes: Ready, watching it for 20 s"),
        ],
        [
            "is watched until a look at the cluster shows it for long enough, however long the look at the account takes",
            before({ pods: pods(onNodeRole, pod("n1", right, { readySince: seconds(-25) })), seenAt: seconds(-6) }),
            wait("canary pod-n1 on n1 of nodes: Ready, watching it for 20 s"),
        ],
        [
            "needs no watching while the other pods of its node role have no path",
            before(
                { pods: pods(onNodeRole, pod("n1", right, { readySince: seconds(0) })) },
                { nodeRoles: [nodeRole(withoutPolicies)] },
            ),
            DONE,
            nothingToGiveBack,
        ],
        [
            "needs none while those of another node role have none, if neither has a policy",
            before(
                {
                    pods: [
                        pod("n1", right, { readySince: seconds(0) }),
                        pod("n2", right, { readySince: seconds(0) }),
                        pod("n3", onNodeRole),
                    ],
                },
                {
                    roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more" },
                    nodeRoles: [nodeRole(withoutPolicies), nodeRole({ name: "more", ...withoutPolicies })],
                },
            ),
            { ...DONE, why: "a pod with the role works on a node of each of 2 node roles" },
            nothingToGiveBack,
        ],
        [
            "has to be Ready all the same",
            before({ pods: pods(onNodeRole, pod("n1", right, starting)) }, { nodeRoles: [nodeRole(withoutPolicies)] }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet"),
            nothingToGiveBack,
        ],
        [
            "is watched where another node role is the one without a policy, and the canary there works at once",
            before(
                {
                    pods: pods(
                        onNodeRole,
                        pod("n1", right, { readySince: seconds(-19) }),
                        pod("n2", right, { readySince: seconds(0) }),
                    ),
                },
                {
                    roleOfInstance: { "i-n1": "nodes", "i-n2": "more", "i-n3": "more" },
                    nodeRoles: [nodeRole(), nodeRole({ name: "more", ...withoutPolicies })],
                },
            ),
            wait("canary pod-n1 on n1 of nodes: Ready, watching it for 20 s"),
            nothingToGiveBack,
        ],
        ["may be of an older template", before({ pods: pods(onNodeRole, pod("n1", right, { current: false })) }), DONE],
        [
            "has worked for long enough",
            before({ pods: pods(onNodeRole, pod("n1", right, { readySince: seconds(-20) })) }),
            DONE,
        ],
        [
            "is one for each node role",
            before({ pods: pods(onNodeRole, pod("n1", right)) }, twoRoles),
            first("n2", " of more"),
        ],
        [
            "has worked for each",
            before({ pods: pods(onNodeRole, pod("n1", right), pod("n2", right)) }, twoRoles),
            { ...DONE, why: "a pod with the role works on a node of each of 2 node roles" },
        ],
        [
            "is awaited while the one before is not gone",
            before({ pods: pods(onNodeRole, pod("n1", onNodeRole, terminating)) }),
            wait("canary on n1: no new pod yet"),
        ],
        [
            "is where a pod is missing already",
            before({ pods: [pod("n1", onNodeRole), pod("n3", onNodeRole)] }),
            wait("canary on n2: no new pod yet"),
        ],
        [
            "is tried again where it was refused",
            before({ pods: [pod("n1", onNodeRole), pod("n3", onNodeRole)], refusedPods: ["no"] }),
            { do: "wake", why: "the API server refused the pods for n2; making the DaemonSet controller retry" },
        ],
        [
            "is not awaited on a NotReady node",
            before({ nodes: n1NotReady, pods: [pod("n2", onNodeRole), pod("n3", onNodeRole)] }),
            first("n2"),
        ],
        [
            "is awaited there if it was restarted",
            before({ nodes: n1NotReady, pods: [pod("n2", onNodeRole), pod("n3", onNodeRole)] }),
            wait("canary on n1: no new pod yet"),
            {},
            n1Restarted,
        ],
        [
            "is tried again when the webhook missed it",
            before({ pods: pods(onNodeRole, pod("n1", onNodeRole, { createdAt: seconds(-2) })) }),
            restart("pod-n1", "canary on n1 of nodes: pod-n1 carries no role of its own"),
            {},
            n1Restarted,
        ],
        [
            "gives the webhook time before",
            before({ pods: pods(onNodeRole, pod("n1", onNodeRole, { ...starting, createdAt: seconds(-1) })) }),
            wait("canary on n1 of nodes: pod-n1 carries no role of its own; restarting it again after a pause"),
            {},
            n1Restarted,
        ],
        [
            "stays with the pod that does not work where two were restarted",
            before({
                pods: pods(
                    onNodeRole,
                    pod("n1", onNodeRole, { createdAt: seconds(-60) }),
                    pod("n2", carrying("bad"), { ...starting, createdAt: seconds(-1) }),
                ),
            }),
            wait("canary on n2 of nodes: pod-n2 carries bad; restarting it again after a pause"),
            {},
            memoryWith({ restarts: { n1: 1, n2: 1 } }),
        ],
        [
            "gives it longer each time",
            before({ pods: pods(onNodeRole, pod("n1", onNodeRole, { createdAt: seconds(-15) })) }),
            wait("canary on n1 of nodes: pod-n1 carries no role of its own; restarting it again after a pause"),
            {},
            memoryWith({ restarts: { n1: 4 } }),
        ],
        [
            "fails when the webhook missed it five times",
            before({ pods: pods(onNodeRole, pod("n1", onNodeRole)) }),
            refuse(
                "restart-limit",
                "The pod on node n1 was restarted 5 times, and the problem remains: canary on n1 of nodes: pod-n1 carries no role of " +
                    "its own.",
            ),
            {},
            memoryWith({ restarts: { n1: 5 } }),
        ],
        [
            "that another run left behind is one of its places all the same, and the only one that restarts",
            before({
                daemonSet: { ...daemonSet, maxUnavailable: 3 },
                pods: pods(onNodeRole, pod("n2", carrying("bad"), starting), pod("n3", onNodeRole, starting)),
            }),
            restart("pod-n2", "canary on n2 of nodes: pod-n2 carries bad"),
            { record: { ...record, approvedRoleArns: ["bad", ROLE] } },
        ],
        [
            "takes the place of one that a former run left behind",
            before({ pods: pods(onNodeRole, pod("n3", carrying("bad"), starting)) }),
            restart("pod-n3", "canary on n3 of nodes: pod-n3 carries bad"),
            { record: { ...record, approvedRoleArns: ["bad", ROLE] } },
        ],
        [
            "fails when a pod with the role reports a refused call",
            before({ pods: pods(onNodeRole, pod("n1", right, { missingPermissions: "no" })) }),
            refuse("pod-misses-permissions", `The pod pod-n1 on n1 carries ${ROLE} and reports in an event: no`),
        ],
        [
            "has every complaint since the role was proved held against it",
            before({
                pods: pods(onNodeRole, pod("n1", right, { missingPermissions: "no", missingPermissionsAt: NOW })),
            }),
            refuse("pod-misses-permissions", `The pod pod-n1 on n1 carries ${ROLE} and reports in an event: no`),
            { provedAt: NOW },
        ],
        [
            "has no complaint held against it from before the role was proved",
            before({
                pods: pods(onNodeRole, pod("n1", right, { missingPermissions: "no", missingPermissionsAt: NOW - 1 })),
            }),
            DONE,
            { provedAt: NOW },
        ],
        [
            "may be awaited until just before its limit",
            before({ pods: pods(onNodeRole, pod("n1", right, { ...starting, createdAt: seconds(-299) })) }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet"),
            { canarySeconds: 300 },
        ],
        [
            "has failed at its limit",
            before({ pods: pods(onNodeRole, pod("n1", right, { ...starting, createdAt: seconds(-300) })) }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n1 on n1 of nodes: not Ready yet.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "has failed at its limit for a reason of its own, which the message has",
            before({
                pods: pods(
                    onNodeRole,
                    pod("n1", right, { ...starting, createdAt: seconds(-300), startProblem: "Unschedulable" }),
                ),
            }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n1 on n1 of nodes: does not start: Unschedulable.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "is watched for the whole time once it is Ready again, whatever its age",
            before({
                pods: pods(onNodeRole, pod("n1", right, { createdAt: seconds(-300), readySince: seconds(-19) })),
            }),
            wait("canary pod-n1 on n1 of nodes: Ready, watching it for 20 s"),
            { canarySeconds: 300 },
        ],
        [
            "has its whole limit again when it is no longer Ready",
            before({ pods: pods(onNodeRole, pod("n1", right, { ...starting, unreadySince: seconds(-299) })) }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet"),
            { canarySeconds: 300 },
        ],
        [
            "has failed when it was not Ready again within this limit",
            before({ pods: pods(onNodeRole, pod("n1", right, { ...starting, unreadySince: seconds(-300) })) }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n1 on n1 of nodes: not Ready yet.",
            ),
            { canarySeconds: 300 },
        ],
        [
            "that an earlier run left has the whole limit from the start of this run",
            before({ pods: pods(onNodeRole, pod("n1", right, starting)) }),
            wait("canary pod-n1 on n1 of nodes: not Ready yet"),
            { canarySeconds: 300 },
            memoryWith({ startedAt: seconds(-299) }),
        ],
        [
            "that an earlier run left has failed when this run has waited for its limit",
            before({ pods: pods(onNodeRole, pod("n1", right, starting)) }),
            refuse(
                "time-limit",
                "The canary reached its limit of 300 s. Last seen: canary pod-n1 on n1 of nodes: not Ready yet.",
            ),
            { canarySeconds: 300 },
            memoryWith({ startedAt: seconds(-300) }),
        ],
        [
            "restarts again where it carries the role from before it was delivered in another way",
            before({ pods: pods(right) }),
            first("n1"),
            { record: { ...record, deliveredAt: seconds(-60) } },
        ],
        [
            "is one from after that",
            before({ pods: pods(right, pod("n2", right, { createdAt: seconds(-60), readySince: seconds(-50) })) }),
            DONE,
            { record: { ...record, deliveredAt: seconds(-60) } },
        ],
        [
            "gives back what another cluster's run had detached before",
            before({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
            GIVE_BACK,
            { record: { ...record, nodeRolePolicies: { nodes: [] }, detachedBefore: { nodes: [CNI_POLICY] } } },
        ],
        [
            "gives back none of a role that the program does not list, which it may not be allowed to change",
            before({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
            { ...first("n1") },
            {
                record: {
                    ...record,
                    namedNodeRoles: [],
                    nodeRolePolicies: {},
                    detachedBefore: { nodes: [CNI_POLICY] },
                },
            },
        ],
        [
            "comes after the policies, where a pod uses its node role and they are gone",
            before(
                { serviceAccount: { ...serviceAccount, annotations: {} } },
                { nodeRoles: [nodeRole(withoutPolicies)] },
            ),
            GIVE_BACK,
        ],
        [
            "does not wait until IAM shows these policies",
            before({}, { nodeRoles: [nodeRole(withoutPolicies)] }),
            first("n1"),
            {},
            memoryWith({ attached: attach("nodes"), attachedAt: NOW, restores: 1 }),
        ],
        [
            "leaves node roles without policies alone where no pod uses them",
            world(right, { account: { nodeRoles: [nodeRole(withoutPolicies)] } }),
            DONE,
        ],
        [
            "comes after the injection guard admits the role",
            before({ injectionGuard: { present: true, inForce: true, roleArns: ["old"] } }),
            {
                do: "admitRoles",
                roleArns: [ROLE],
                why: `the injection guard was changed: it admits pods with ${ROLE} again`,
            },
        ],
        [
            "is not held up by an injection guard that admits the role",
            before({ injectionGuard: { present: true, inForce: true, roleArns: [ROLE] } }),
            first("n1"),
        ],
        [
            "restarts nothing while a Pod Identity association exists",
            before({}, { podIdentityRoleArns: ["theirs"] }),
            refuse(
                "pod-identity-association",
                `The service account has a Pod Identity association with theirs. ${NEW_PODS}`,
            ),
        ],
        [
            "restarts nothing while a pod has the credentials of an association, and the associations are not known",
            before({ pods: pods(onNodeRole, pod("n2", { kind: "containerCredentials", what: "x" })) }),
            refuse(
                "pod-identity-association",
                `The run could not read whether the service account has a Pod Identity association. These pods have its credentials: pod-n2. ${NEW_PODS}`,
            ),
        ],
        [
            "may restart where no association exists any more, though a pod still has its credentials",
            before(
                { pods: pods(onNodeRole, pod("n1", { kind: "containerCredentials", what: "x" })) },
                { podIdentityRoleArns: [] },
            ),
            first("n2"),
        ],
        ["comes after the annotation", before({ serviceAccount: { ...serviceAccount, annotations: {} } }), ANNOTATE],
        [
            "comes after the annotation, which no resource has written before if the add-on is to have it",
            before({ serviceAccount: { ...serviceAccount, annotations: {} } }),
            { ...ANNOTATE, why: `annotating the service account with ${ROLE}` },
            { subject: ofAddOn },
        ],
        [
            "comes after an annotation of the component that the program no longer sets, which no patch removes",
            before({ serviceAccount: { ...serviceAccount, ownSettings: [REGIONAL] } }),
            {
                do: "annotate",
                annotations: { [ROLE_ARN]: ROLE },
                why: `removing ${REGIONAL}, which the program no longer sets`,
            },
            { subject: ofAddOn },
        ],
        [
            "does not touch one that the program sets",
            before({
                serviceAccount: {
                    ...serviceAccount,
                    annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" },
                    ownSettings: [REGIONAL],
                },
            }),
            first("n1"),
            { subject: { ...ofAddOn, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } } },
        ],
        [
            "leaves to the patch what that removes",
            before({ serviceAccount: { ...serviceAccount, ownSettings: [REGIONAL] } }),
            first("n1"),
        ],
        [
            "comes after another annotation is replaced",
            before({ serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: "old" } } }),
            ANNOTATE,
        ],
        [
            "does not come where another owner has written the annotation, which stays",
            before({
                serviceAccount: {
                    ...serviceAccount,
                    annotations: { [ROLE_ARN]: "other" },
                    roleArnOwners: ["kubectl-annotate"],
                },
            }),
            refuse(
                "annotation-owned-by-another",
                'The role annotation of kube-system/aws-node belongs to "kubectl-annotate".',
            ),
        ],
        [
            "comes after an annotation that is there in part",
            before(),
            { ...ANNOTATE, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } },
            { subject: { ...subject, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "true" } } },
        ],
        [
            "has nothing to prove without nodes",
            before({ nodes: [] }),
            { do: "done", why: "nothing to test: the cluster has no nodes" },
        ],
        [
            "fails on another cluster",
            before({ uid: "another" }),
            refuse(
                "cluster-changed",
                "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
            ),
        ],
        [
            "fails without the service account",
            before({ serviceAccount: undefined }),
            refuse("service-account-missing", "There is no service account kube-system/aws-node."),
        ],
        [
            "fails on another service account than the patch's",
            before(),
            refuse(
                "another-cluster",
                "The service account kube-system/aws-node that the live checks see is not the one that the Kubernetes provider annotated.",
            ),
            { serviceAccountUid: "other" },
        ],
        [
            "takes any service account when the patch's is not known",
            before(),
            first("n1"),
            { serviceAccountUid: undefined },
        ],
        [
            "fails without the DaemonSet",
            before({ daemonSet: undefined }),
            refuse("daemon-set-missing", "There is no DaemonSet kube-system/aws-node."),
        ],
    ];
    for (const [what, of, step, more, memory = fresh] of rows) {
        it(what, () => {
            deepStrictEqual(comparableStep(nextCanaryStep({ ...target, ...more }, of, memory)), step);
        });
    }
});
