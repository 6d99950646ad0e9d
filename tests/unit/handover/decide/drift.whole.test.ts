import { strictEqual } from "node:assert/strict";
import { driftOf, rolloutDrift } from "../../../../handover/decide/drift";
import { emergencyCommand } from "../../../../handover/model/emergency";
import { remainingSteps } from "../../../../handover/decide/remainingSteps";
import { bootFix } from "../../../../handover/model/nodeBoot";
import { settingGapFix, settingGapWords } from "../../../../handover/model/settingGap";
import type { Subject } from "../../../../handover/model/subject";
import type { CredentialSource, World } from "../../../../handover/model/world";
import { detached, inForce, target, verified } from "../support/detachments";
import { CNI, MINIMAL, WORKER } from "../support/nodeBoot";
import { SETTING_GAP } from "../support/settingGap";
import { attachedAgain, BLUE, GREEN, sharedAndDetached, sharedWith, usedBy } from "../support/sharedNodeRoles";
import {
    carrying,
    CNI_POLICY,
    daemonSet,
    FORMER_ROLE,
    inlinePolicy,
    MANAGER,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    serviceAccount,
    starting,
    subject,
    terminating,
    withoutPolicies,
} from "../support/worlds";

const LEFT = { detachedFrom: ["nodes"], remainingSteps: [] as string[] };
const ANOTHER = `The service account kube-system/aws-node is annotated with ${FORMER_ROLE} instead of ${ROLE}.`;
const LOST = `The service account kube-system/aws-node has lost its annotation with ${ROLE}.`;
const REFUSES = "The injection guard refuses pods that start now.";
const UNREFUSED = "Nothing refuses a pod that starts without the role.";
const RIGHTS = "A pod without a role of its own has only the rights of its node role.";
const REATTACHED =
    `${CNI_POLICY} is attached to nodes again. If a program attaches it (aws.iam.RolePolicyAttachment), ` +
    "remove that resource from the program, or each update undoes the other's work.";
const WITHOUT_ROLE = `1 of 3 pods does not carry ${ROLE} as it is delivered now: pod-n1 carries no role of its own. ${RIGHTS}`;
const none = { present: false, inForce: false };
const annotatedWith = (annotations: Record<string, string>, roleArnOwners: readonly string[] = [MANAGER]) => ({
    serviceAccount: { ...serviceAccount, annotations, roleArnOwners },
});
const another = annotatedWith({ [ROLE_ARN]: FORMER_ROLE });
const podsWith = (...first: ReturnType<typeof pod>[]) => ({
    pods: [...first, ...["n1", "n2", "n3"].slice(first.length).map((name) => pod(name, carrying(ROLE)))],
});
/** The controller has created no pod since. */
const refusedFor = (count: number) => ({ refusedPods: ["denied"], refusedSince: seconds(-count) });
/** A remaining step, without its code. */
const text = (line: string) => line.replace(/^\[[a-z-]+\] /, "").replace(/\.?$/, ".");
const EMERGENCY = ` In an emergency, this line lets pods run without the role: ${emergencyCommand(target.subject, target.record)}`;
const run = (what: string) => `Run pulumi up --refresh: it ${what}.`;
const twoRoles = (more: Parameters<typeof nodeRole>[0]): Partial<World["account"]> => ({
    roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "late" },
    nodeRoles: [nodeRole(withoutPolicies), nodeRole({ name: "late", ...more })],
});

describe("A refresh of the detachment tells all of the drift at once", () => {
    const rows: [string, World, string | undefined, Partial<typeof target>?, typeof LEFT?][] = [
        ["nothing where all is as the last update left it", verified({}, detached), undefined],
        [
            "nothing of a pod that is starting",
            verified(podsWith(pod("n1", carrying(ROLE), starting)), detached),
            undefined,
        ],
        [
            "nothing of a node that is NotReady",
            verified({ nodes: [node("n1", { ready: false }), node("n2"), node("n3")] }, detached),
            undefined,
        ],
        [
            "nothing of a node that has just joined",
            verified(
                { nodes: ["n1", "n2", "n3", "n4"].map((name) => node(name)), pods: podsWith().pods },
                {
                    ...detached,
                    roleOfInstance: Object.fromEntries(["n1", "n2", "n3", "n4"].map((name) => [`i-${name}`, "nodes"])),
                },
            ),
            undefined,
        ],
        [
            "nothing of a pod without the role that is ending",
            verified({ pods: [...podsWith().pods, pod("n1", onNodeRole, { ...terminating, name: "old" })] }, detached),
            undefined,
        ],
        [
            "nothing of a rolling update of another owner",
            verified(podsWith(pod("n1", carrying(ROLE), { current: false })), detached),
            undefined,
        ],
        ["a policy that was attached again", verified(), `${REATTACHED} ${run(`detaches ${CNI_POLICY} from nodes`)}`],
        [
            "a policy of a listed role that was never detached",
            verified(),
            `${CNI_POLICY} is attached to nodes. ${run(`detaches ${CNI_POLICY} from nodes`)}`,
            {},
            { ...LEFT, detachedFrom: [] },
        ],
        [
            "nothing of a shared role that has lost the policy",
            verified({}, { nodeRoles: [sharedAndDetached(BLUE)] }),
            undefined,
        ],
        [
            "nothing of a shared role that keeps the policy, whatever clusters use it now",
            verified({}, { nodeRoles: [sharedWith([GREEN, undefined])] }),
            undefined,
            {},
            { detachedFrom: [], remainingSteps: [usedBy([BLUE])] },
        ],
        [
            "nothing of a shared role that keeps the policy, if its other users are in another region",
            verified(),
            undefined,
            { handedOverClusterArns: [GREEN] },
            { detachedFrom: [], remainingSteps: [attachedAgain(GREEN)] },
        ],
        [
            "a shared role that another run has given the policy back",
            verified({}, { nodeRoles: [sharedWith([BLUE])] }),
            `${text(attachedAgain(BLUE))} ${run("updates the output remainingSteps")}`,
            { handedOverClusterArns: [BLUE] },
        ],
        [
            "a shared role that another run has given the policy back, if the program names no cluster",
            verified({}, { nodeRoles: [sharedWith([BLUE])] }),
            `${text(usedBy([BLUE]))} ${run("updates the output remainingSteps")}`,
        ],
        [
            "a policy that is attached again, and stays: a cluster of which no instance is seen may have attached it",
            verified(),
            `${text(attachedAgain(GREEN))} ${run("updates the output remainingSteps")}`,
            { handedOverClusterArns: [GREEN] },
        ],
        [
            "a policy that the last update was to detach, and that may stay if instances in another region use the role",
            verified(),
            `${CNI_POLICY} is attached to nodes. ${run(`detaches ${CNI_POLICY} from nodes, unless instances of another cluster use nodes`)}`,
            { handedOverClusterArns: [GREEN] },
            { detachedFrom: [], remainingSteps: [] },
        ],
        [
            "a shared role from which another run has detached the policy",
            verified({}, { nodeRoles: [sharedAndDetached(BLUE)] }),
            `nodes no longer holds the policy: another run has detached it. ${run("updates the outputs detachedFrom and remainingSteps")}`,
            {},
            { detachedFrom: [], remainingSteps: [usedBy([BLUE])] },
        ],
        [
            "the same of a role whose policy another run had attached again",
            verified({}, detached),
            `nodes no longer holds the policy: another run has detached it. ${run("updates the outputs detachedFrom and remainingSteps")}`,
            {},
            { detachedFrom: [], remainingSteps: [attachedAgain(BLUE)] },
        ],
        [
            "nothing of a role that is gone",
            verified(
                {},
                {
                    ...detached,
                    nodeRoles: [
                        nodeRole({ ...withoutPolicies, name: "gone", exists: false }),
                        nodeRole(withoutPolicies),
                    ],
                },
            ),
            undefined,
            {},
            { detachedFrom: ["nodes"], remainingSteps: [usedBy([BLUE]).replace("nodes", "gone")] },
        ],
        [
            "the injection guard that is gone",
            verified({ injectionGuard: none }, detached),
            `The injection guard guard is gone. ${UNREFUSED} ${run("creates the injection guard again")}`,
        ],
        [
            "the injection guard without its binding",
            verified({ injectionGuard: { ...inForce, inForce: false } }, detached),
            `The injection guard guard is not in force: its policy or its binding is gone, or its policy has a warning. ${UNREFUSED} ${run("creates the injection guard again")}`,
        ],
        [
            "the injection guard with another role",
            verified({ injectionGuard: { ...inForce, roleArns: [FORMER_ROLE] } }, detached),
            `The injection guard guard was changed: it admits pods with ${FORMER_ROLE} instead of pods with ${ROLE}. ${run("changes the injection guard back")}`,
        ],
        [
            "the injection guard with other expressions",
            verified({ injectionGuard: { ...inForce, roleArns: [] } }, detached),
            `The injection guard guard was changed: its expressions are not those of the component. ${run("changes the injection guard back")}`,
        ],
        [
            "the injection guard that also admits another role",
            verified({ injectionGuard: { ...inForce, roleArns: [ROLE, FORMER_ROLE] } }, detached),
            `The injection guard guard was changed: it also admits pods with ${FORMER_ROLE}. ${run("changes the injection guard back")}`,
        ],
        [
            "an injection guard that the program does not ask for",
            verified({}, detached),
            `The injection guard guard exists, though the program does not ask for it. ${run("removes the injection guard")}`,
            { injectionGuard: false },
        ],
        [
            "a pod without the role",
            verified(podsWith(pod("n1", onNodeRole)), detached),
            `${WITHOUT_ROLE} ${run("restarts this pod")}`,
        ],
        [
            "a policy, a guard, a pod and an annotation, all at once",
            verified({ ...another, ...podsWith(pod("n1", onNodeRole)), injectionGuard: none }),
            `${ANOTHER} Pods that start now get that role. ${WITHOUT_ROLE} The injection guard guard is gone. ${UNREFUSED} ${REATTACHED} ${run(`puts the annotation back, restarts this pod, creates the injection guard again, and detaches ${CNI_POLICY} from nodes`)}`,
        ],
        [
            "a node role that joined later with the policy",
            verified({}, twoRoles({})),
            `The node role late still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]. ${run("updates the output remainingSteps")}`,
        ],
        [
            "nothing of a node role that is among the remaining steps",
            verified({}, twoRoles({})),
            undefined,
            {},
            {
                ...LEFT,
                remainingSteps: [
                    '[detach] The node role late still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]',
                ],
            },
        ],
        [
            "nothing of two node roles of which one has no nodes now",
            verified(
                {},
                {
                    nodeRoles: [nodeRole({ name: "late" })],
                    roleOfInstance: { "i-n1": "late", "i-n2": "late", "i-n3": "late" },
                },
            ),
            undefined,
            { detachFromNodeRoles: undefined, injectionGuard: true },
            {
                detachedFrom: [],
                remainingSteps: [
                    '[detach] The node roles nodes, late still hold the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]',
                ],
            },
        ],
        [
            "a third node role that joined later",
            verified(
                {},
                {
                    nodeRoles: [nodeRole(), nodeRole({ name: "late" })],
                    roleOfInstance: { "i-n1": "nodes", "i-n2": "late", "i-n3": "late" },
                },
            ),
            `The node roles nodes, late still hold the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]. ${run("updates the output remainingSteps")}`,
            { detachFromNodeRoles: undefined },
            {
                detachedFrom: [],
                remainingSteps: [
                    '[detach] The node role nodes still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes"]',
                ],
            },
        ],
        [
            "nothing of a node role that joined later without the policy",
            verified({}, twoRoles(withoutPolicies)),
            undefined,
        ],
        [
            "an inline policy that was added",
            verified({}, { nodeRoles: [nodeRole({ ...withoutPolicies, inlineCniPolicies: [inlinePolicy("more")] })] }),
            `nodes has the inline policy more, which also grants actions of the CNI. The component does not change it. Remove these actions from it if the nodes do not need them. ${run("updates the output remainingSteps")}`,
        ],
        [
            "that new nodes do not join, on a cluster that an earlier version has detached",
            verified({}, { nodeRoles: [nodeRole({ ...withoutPolicies, policies: [MINIMAL] })] }),
            `New nodes with nodes do not join. Nothing lets nodes call ec2:DescribeInstances, which a node needs before it joins. ${bootFix({ overruling: [], uncertain: [], isAllowed: false }, "nodes", { roleArn: ROLE })} ${run("updates the output remainingSteps")}`,
        ],
        [
            "that the plugin's settings need more than the role grants",
            verified({}, { nodeRoles: [nodeRole(withoutPolicies)], settingGap: SETTING_GAP }),
            `${settingGapWords(SETTING_GAP, ROLE)} ${settingGapFix(SETTING_GAP, { roleArn: ROLE })} ${run("updates the output remainingSteps")}`,
        ],
        [
            "nothing of such settings if the last update has said so",
            verified({}, { nodeRoles: [nodeRole(withoutPolicies)], settingGap: SETTING_GAP }),
            undefined,
            {},
            {
                detachedFrom: ["nodes"],
                remainingSteps: remainingSteps(
                    target,
                    verified({}, { nodeRoles: [nodeRole(withoutPolicies)], settingGap: SETTING_GAP }),
                ),
            },
        ],
        [
            "nothing of a policy that stays since nodes could not boot without it, if the last update has said so",
            verified({}, { nodeRoles: [nodeRole({ policies: [MINIMAL, CNI] })] }),
            undefined,
            {},
            {
                detachedFrom: [],
                remainingSteps: remainingSteps(
                    target,
                    verified({}, { nodeRoles: [nodeRole({ policies: [MINIMAL, CNI] })] }),
                ),
            },
        ],
        [
            "a policy that was kept for that, once the role has another one",
            verified({}, { nodeRoles: [nodeRole({ policies: [WORKER, CNI] })] }),
            `${CNI_POLICY} is attached to nodes. ${run(`detaches ${CNI_POLICY} from nodes`)}`,
            {},
            {
                detachedFrom: [],
                remainingSteps: remainingSteps(
                    target,
                    verified({}, { nodeRoles: [nodeRole({ policies: [MINIMAL, CNI] })] }),
                ),
            },
        ],
        [
            "the mark of a run that was stopped",
            verified({ daemonSet: { ...daemonSet, woken: true } }, detached),
            `The DaemonSet still has the annotation eks-cni/woken-at of a run that was stopped. ${run("removes this annotation")}`,
        ],
        [
            "another cluster, and nothing else",
            verified({ uid: "another", ...another }, detached),
            "The kubeconfig points to a cluster whose kube-system namespace has the UID another. The hand-over began on the cluster with the UID cluster.",
        ],
    ];
    for (const [what, world, told, more, left = LEFT] of rows) {
        it(what, () => strictEqual(driftOf({ ...target, ...more }, world, left), told));
    }

    const NOT_NAMED =
        "Nodes of this cluster use these node roles, which detachFromNodeRoles does not list: late. It lists: nodes. " +
        'The update detaches a policy only when the list covers the roles of all nodes. Add "late" to detachFromNodeRoles.';
    const denied = { missingPermissions: "ec2:CreateTags denied." };
    const COMPLAINT =
        `The pod pod-n1 on n1 carries ${ROLE} and reports in an event: ec2:CreateTags denied. The role lacks a permission, or something else ` +
        "denies it: a permissions boundary, a service control policy, or a VPC endpoint policy. Find the action in the text of " +
        "this event, allow it for the role, and run the update again. If it stops at the same event, which Kubernetes keeps for an hour, delete " +
        "the pods that report it: the next ones have no event.";
    const withPolicy = {
        ...twoRoles(withoutPolicies),
        nodeRoles: [nodeRole(), nodeRole({ name: "late", ...withoutPolicies })],
    };
    const late =
        'The node role late still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"].';
    const refusing: [string, World, string][] = [
        [
            "the policy, without a promise that the update detaches it",
            verified({}, withPolicy),
            `${NOT_NAMED} ${REATTACHED}`,
        ],
        [
            "the remaining steps, without a promise that the update writes them",
            verified({}, { ...withPolicy, nodeRoles: [nodeRole(), nodeRole({ name: "late" })] }),
            `${NOT_NAMED} ${REATTACHED} ${late}`,
        ],
        [
            "what other resources of the update repair, with a promise",
            verified({ injectionGuard: none }, withPolicy),
            `${NOT_NAMED} The injection guard guard is gone. ${UNREFUSED} ${REATTACHED} ${run("creates the injection guard again")}`,
        ],
        [
            "a complaint and the other reason, where each of them stops the update",
            verified(podsWith(pod("n1", carrying(ROLE), denied)), withPolicy),
            `${COMPLAINT} ${NOT_NAMED} ${REATTACHED}`,
        ],
        [
            "a complaint and a policy, which the update does not detach",
            verified(podsWith(pod("n1", carrying(ROLE), denied))),
            `${COMPLAINT} ${REATTACHED}`,
        ],
        [
            "a complaint and the annotation that is lost",
            verified({ ...podsWith(pod("n1", carrying(ROLE), denied)), ...annotatedWith({}) }, detached),
            `${COMPLAINT} ${LOST} ${REFUSES} ${run("puts the annotation back")}`,
        ],
        [
            "no complaint of a pod that restarts, since it does not carry the role",
            verified(podsWith(pod("n1", onNodeRole, denied)), detached),
            `${WITHOUT_ROLE} ${run("restarts this pod")}`,
        ],
        [
            "the service account that is gone, and a policy that the update does not detach",
            verified({ ...podsWith(pod("n1", carrying(ROLE), denied)), serviceAccount: undefined }),
            `There is no service account kube-system/aws-node. ${REATTACHED}`,
        ],
    ];
    for (const [what, world, told] of refusing) {
        it(`${what}, if the next update stops`, () => strictEqual(driftOf(target, world, LEFT), told));
    }

    it("no complaint on a NotReady node that the update skips", () => {
        const skipped = verified(
            {
                nodes: [node("n1", { ready: false }), node("n2"), node("n3")],
                ...podsWith(pod("n1", carrying(ROLE), denied)),
            },
            detached,
        );
        strictEqual(driftOf({ ...target, maxNotReadyNodes: 1 }, skipped, LEFT), undefined);
    });

    it("what the next update refuses, first, with what has to be done", () => {
        const associated = verified({ injectionGuard: none }, { ...detached, podIdentityRoleArns: ["theirs"] });
        const told = driftOf(target, associated, LEFT) ?? "";
        strictEqual(told.startsWith("The service account has a Pod Identity association with theirs."), true, told);
        strictEqual(told.endsWith(run("creates the injection guard again")), true, told);
    });

    it("an association, and promises no restart, since the rollout stops at it", () => {
        const account = { ...detached, podIdentityRoleArns: ["theirs"] };
        const associated: CredentialSource = { kind: "containerCredentials", what: "theirs" };
        for (const first of [pod("n1", onNodeRole), pod("n1", associated)]) {
            const told = driftOf(target, verified({ ...podsWith(first), injectionGuard: none }, account), LEFT) ?? "";
            strictEqual(told.startsWith("The service account has a Pod Identity association with theirs."), true, told);
            strictEqual(told.includes("Run pulumi up --refresh: it"), false, told);
            strictEqual(told.split("has a Pod Identity association").length, 2, told);
            strictEqual(told.includes("1 of 3 pods does not carry"), true, told);
        }
    });
});

describe("A refresh of the canary tells all of the rollout's drift", () => {
    const rows: [string, Partial<World["cluster"]>, string | undefined, Partial<Subject>?][] = [
        ["nothing where every pod carries the role", {}, undefined],
        ["nothing of a pod that is starting", podsWith(pod("n1", carrying(ROLE), starting)), undefined],
        ["the other role in the annotation", another, `${ANOTHER} ${REFUSES} ${run("puts the annotation back")}`],
        [
            "a pod with the credentials of an association, which the rollout does not restart as long as that exists",
            podsWith(pod("n1", { kind: "containerCredentials", what: "theirs" })),
            `1 of 3 pods does not carry ${ROLE} as it is delivered now: pod-n1 carries theirs.`,
        ],
        [
            "the other role, which the guard admits",
            { ...another, injectionGuard: { ...inForce, roleArns: [ROLE, FORMER_ROLE] } },
            `${ANOTHER} Pods that start now get that role. ${run("puts the annotation back")}`,
        ],
        [
            "who owns the annotation",
            annotatedWith({ [ROLE_ARN]: FORMER_ROLE }, ["kubectl-annotate"]),
            `${ANOTHER} ${REFUSES} "kubectl-annotate" owns it. ${run("puts the annotation back if overrideExistingServiceAccount is true")}`,
        ],
        [
            "that the other writer has to deliver it again",
            annotatedWith({ [ROLE_ARN]: FORMER_ROLE }, ["helm"]),
            `${ANOTHER} ${REFUSES} "helm" owns it. ${run("waits until the other writer delivers the role again")}`,
            { delivery: "external" },
        ],
        [
            "that EKS owns the annotation, which the component takes back",
            annotatedWith({ [ROLE_ARN]: FORMER_ROLE }, ["eks"]),
            `${ANOTHER} ${REFUSES} "eks" owns it. ${run("puts the annotation back")}`,
            { delivery: "eksAddon" },
        ],
        [
            "that another owner beside EKS keeps it",
            annotatedWith({ [ROLE_ARN]: FORMER_ROLE }, ["eks", "helm"]),
            `${ANOTHER} ${REFUSES} "eks", "helm" owns it. ${run("puts the annotation back if overrideExistingServiceAccount is true")}`,
            { delivery: "eksAddon" },
        ],
        ["an annotation that is lost", annotatedWith({}), `${LOST} ${REFUSES} ${run("puts the annotation back")}`],
        [
            "an annotation that is lost, without a guard",
            { ...annotatedWith({}), injectionGuard: none },
            `${LOST} Pods that start now use the node role. ${run("puts the annotation back")}`,
        ],
        [
            "a service account that is gone",
            { serviceAccount: undefined },
            "There is no service account kube-system/aws-node.",
        ],
        [
            "pods with another role, and with none",
            podsWith(pod("n1", carrying(FORMER_ROLE)), pod("n2", onNodeRole)),
            `2 of 3 pods do not carry ${ROLE} as it is delivered now: pod-n1 carries ${FORMER_ROLE}, pod-n2 carries no role of its own. ${RIGHTS} ${run("restarts these pods")}`,
        ],
        [
            "a pod with another role",
            podsWith(pod("n1", carrying(FORMER_ROLE))),
            `1 of 3 pods does not carry ${ROLE} as it is delivered now: pod-n1 carries ${FORMER_ROLE}. ${run("restarts this pod")}`,
        ],
        [
            "refused pods",
            { pods: [pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE))], ...refusedFor(60) },
            `The API server refused the pods for n1, where no pod of the CNI runs.${EMERGENCY} ${run("makes the DaemonSet controller retry")}`,
        ],
        [
            "nothing of a pod that was refused less than a minute ago, for the controller retries by itself",
            { pods: [pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE))], ...refusedFor(59) },
            undefined,
        ],
        [
            "nothing of refusals that are over, where a pod is about to be created",
            { pods: [pod("n2", carrying(ROLE)), pod("n3", carrying(ROLE))], refusedPods: ["denied"] },
            undefined,
        ],
        [
            "all of it",
            { ...another, pods: [pod("n2", onNodeRole), pod("n3", carrying(ROLE))], ...refusedFor(600) },
            `${ANOTHER} ${REFUSES} 1 of 2 pods does not carry ${ROLE} as it is delivered now: pod-n2 carries no role of its own. ${RIGHTS} The API server refused the pods for n1, where no pod of the CNI runs.${EMERGENCY} ${run("puts the annotation back, restarts this pod, and makes the DaemonSet controller retry")}`,
        ],
        ["nothing of another cluster, which the detachment names", { uid: "another", ...another }, undefined],
    ];
    for (const [what, cluster, told, more = {}] of rows) {
        it(what, () => {
            const of = { ...target, subject: { ...target.subject, ...more } };
            strictEqual(rolloutDrift(of, verified(cluster).cluster, NOW), told);
        });
    }

    it("an annotation that asks for another STS endpoint", () => {
        const regional = { ...target, subject: { ...subject, annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: "false" } } };
        strictEqual(
            rolloutDrift(regional, verified().cluster, NOW),
            `The service account kube-system/aws-node lacks the annotation ${REGIONAL}: false. Pods that start now use the default. ${run("puts the annotation back")}`,
        );
    });

    it("a pod from before the role was delivered in another way", () => {
        const later = { ...target, record: { ...target.record, deliveredAt: Date.UTC(2030, 0) } };
        strictEqual(
            rolloutDrift(later, verified({ pods: [pod("n1", carrying(ROLE))], nodes: [node("n1")] }).cluster, NOW),
            `1 of 1 pod does not carry ${ROLE} as it is delivered now: pod-n1 started before the last change of the role. ${run("restarts this pod")}`,
        );
    });
});
