import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { seenAssociations } from "../decide/association";
import { carriesAnyOf } from "../model/carriedRole";
import { countOf } from "../model/countOf";
import type { FormerHandOver } from "../model/formerHandOver";
import { enforcesNetworkPolicies } from "../model/networkPolicy";
import { listNames, listTexts } from "../model/listNames";
import type { Step } from "../model/steps";
import type { Subject } from "../model/subject";
import { lostByOthers } from "../decide/nodeBoot";
import { canaryPlaces, Place } from "../decide/places";
import { otherNodesOf } from "../decide/podsOnNodeRoles";
import { describeInstance, unjoinedInstances } from "../decide/unjoined";
import { clustersSharing } from "../decide/sharedNodeRoles";
import { regionLines } from "../decide/unreadRegions";
import type { NodeRoleSeen, NodeSeen, OtherNodeSeen, PodSeen, UnjoinedInstance, World } from "../model/world";
import type { ForecastPart } from "./forecast";

/** The lines of the plan. decide/remainingSteps.ts has the lines about remaining steps, model/refusals/ has the refusals. */
export const planLines = {
    annotate: (account: { readonly namespace: string; readonly name: string }) => [
        `[annotate] The service account ${account.namespace}/${account.name} is annotated with the role.`,
    ],
    associate: (account: { readonly namespace: string; readonly name: string }) => [
        `[associate] A Pod Identity association gives the role to ${account.namespace}/${account.name}. The pods restart once it is 30 s old.`,
    ],
    /** @param roleArn The role that the add-on has now. */
    addOnLetsGo: (roleArn: string) => [
        `[add-on] Once every pod has the credentials of the association, the managed add-on vpc-cni gives up ${roleArn}. A tool that still states this role gives ` +
            'it to the add-on again with its next update: remove the role there. In an aws.eks.Addon, set ignoreChanges: ["serviceAccountRoleArn"] instead until the next refresh, since it cannot remove a role.',
    ],
    leavePodIdentity: (pods: number) => [
        `[restart] ${countOf(pods, "pod restarts with its node's role", "pods restart with the roles of their nodes")}, and the Pod Identity association is deleted. Once the service account is annotated, they restart once more.`,
    ],
    freeServiceAccount: (pods: number) =>
        `[restart] An interrupted run has left its Pod Identity association behind. ${countOf(pods, "pod restarts with its node's role", "pods restart with the roles of their nodes")}, and this association is deleted. The update creates another one, and they restart once more.`,
    /** `seen`: what the service account has now. */
    awaitWriter: (seen: string, seconds: number) => [
        `[await-delivery] The update waits up to ${String(seconds)} s for another writer to deliver the role: ${seen}.`,
    ],
    /** @param former The role that the add-on has now, if it is another one. */
    addOnGets: (component: string, former: string | undefined) => [
        ...(former === undefined
            ? []
            : [
                  `[add-on] The managed add-on vpc-cni gives up ${former} before any pod moves. If the node roles do not hold the CNI policy, it keeps that role until every pod carries the new one.`,
              ]),
        "[add-on] Once every pod carries the role, the managed add-on vpc-cni gets it (UpdateAddon, without a change of its version or configuration). " +
            "The tool that manages the add-on must state the role, or its next update takes the role away. " +
            `In an aws.eks.Addon of this program, set serviceAccountRoleArn: ${component}.ready.`,
    ],
    addOnGivesUp: (roleArn: string) => [
        `[add-on] The managed add-on vpc-cni gives up ${roleArn}, and leaves the annotation to the component. A tool that still states this role gives ` +
            'it to the add-on again with its next update: remove the role there. In an aws.eks.Addon, set ignoreChanges: ["serviceAccountRoleArn"] instead until the next refresh, since it cannot remove a role.',
    ],
    canary: (part: ForecastPart, seen: World, stableSeconds: number) =>
        restarted(part, seen).map(
            (pod) =>
                `[canary] ${pod.name} on ${pod.node}${roleOf(pod, seen)} restarts first and is watched for ${String(stableSeconds)} s.`,
        ),
    /** The places beyond the number of canaries. A place without a Ready node gets neither a canary nor a wave. */
    untested: (part: ForecastPart, places: readonly Place[]) => {
        const { first, others } = canaryPlaces(places);
        const tested = [...first, ...others];
        const untested = places.filter((place) => !tested.includes(place) && place.nodes.some(({ ready }) => ready));
        return untested.length > 0 && restartedPods(part).length > 0
            ? [
                  `[canary] The cluster has ${String(places.length)} combinations of node role, subnet and security groups. ${String(tested.length)} of them get ` +
                      `a canary; the first waves test ${String(untested.length)} more with one pod each.`,
              ]
            : [];
    },
    /** How long the canaries take, if no line about waves says so. */
    onlyCanaries: (canaries: ForecastPart, waves: ForecastPart, minutes: number) => {
        const { length } = restartedPods(canaries);
        return length === 0 || canaries.stuck !== undefined || restartedPods(waves).length > 0
            ? []
            : [`[canary] The ${length === 1 ? "canary takes" : "canaries take"} about ${inTime(minutes)} in all.`];
    },
    rollout: (part: ForecastPart, seen: World, minutes: number, subject: Subject) => {
        const pods = restarted(part, seen);
        const { maxUnavailable = 1 } = seen.cluster.daemonSet ?? {};
        return pods.length === 0
            ? []
            : [
                  `[restart] ${countOf(pods.length, "more pod restarts", "more pods restart")} in waves of up to ` +
                      `${String(maxUnavailable)}, about ${inTime(minutes)} in all: ${listNames(pods)}.`,
                  ...largerWaves(subject, minutes),
              ];
    },
    restart: (part: ForecastPart, seen: World) => {
        const pods = restarted(part, seen);
        return pods.length === 0
            ? []
            : [
                  `[restart] The live checks restart ${howMany(pods)}, within the DaemonSet's maxUnavailable: ${listNames(pods)}.`,
              ];
    },
    /** Under OnDelete, these restarts also bring a newer pod template. A rolling update brings it by itself. */
    template: (parts: readonly ForecastPart[], seen: World) => {
        const { updateStrategy, images = {} } = seen.cluster.daemonSet ?? {};
        const older = parts.flatMap((part) => restarted(part, seen)).filter(({ current }) => !current);
        if (updateStrategy !== "OnDelete" || older.length === 0) {
            return [];
        }
        const changed = imageChanges(older, images);
        const line =
            "[template] With the update strategy OnDelete, a restart also brings the newest pod template of the DaemonSet. " +
            `These pods have an older one: ${listNames(older)}.`;
        return changed.length === 0 ? [`${line} Its images are the same.`] : [line, ...changed];
    },
    attach: ({ steps }: ForecastPart, why: string) =>
        policiesOf(steps, "attach").map(
            ({ roleName, policyArn }) => `[attach] ${policyArn} is attached again to ${roleName}, ${why}.`,
        ),
    /** The fixed wait after these attachments. */
    propagation: ({ steps }: ForecastPart) =>
        policiesOf(steps, "attach").length === 0
            ? []
            : steps.flatMap((step) =>
                  step.do === "awaitPropagation"
                      ? [
                            `[attach] The update then waits ${String(step.milliseconds / 1000)} s until IAM enforces the attached policies.`,
                        ]
                      : [],
              ),
    /** The regions that are not looked at, before a policy is detached. */
    regions: ({ steps }: ForecastPart, { account }: World, roleNames: readonly string[]) =>
        policiesOf(steps, "detach").length === 0
            ? []
            : regionLines(account, roleNames).map((line) => `[regions] ${line}`),
    detach: ({ steps }: ForecastPart) =>
        policiesOf(steps, "detach").map(
            ({ roleName, policyArn }) =>
                `[detach] ${policyArn} is detached from ${roleName} once every pod carries the role.`,
        ),
    /** All else that a node role loses with its policies. */
    lostByOthers: ({ steps }: ForecastPart, { account }: World) => {
        const losing = new Set(policiesOf(steps, "detach").map(({ roleName }) => roleName));
        return account.nodeRoles
            .filter(({ name }) => losing.has(name))
            .flatMap((role) => {
                const actions = lostByOthers(role);
                return actions.length === 0
                    ? []
                    : [
                          `[node-role] With the policies, ${role.name} also loses ${actions.join(", ")}. Other programs on its nodes that use this role lose them, too: ` +
                              "pods with host network, and pods that reach the instance metadata.",
                      ];
            });
    },
    /** The legacy controller of Windows pods, where its node's role loses policies. */
    resourceControllers: ({ steps }: ForecastPart, nodeNames: readonly string[], { cluster, account }: World) => {
        const losing = policiesOf(steps, "detach").map(({ roleName }) => roleName);
        return [...cluster.nodes, ...(cluster.otherNodes ?? [])].flatMap(({ name, instanceId }) => {
            const role = account.roleOfInstance[instanceId ?? ""];
            return role === undefined || !losing.includes(role) || !nodeNames.includes(name)
                ? []
                : [
                      `[vpc-resource-controller] kube-system/vpc-resource-controller, the legacy controller for Windows pods, runs on ${name} with ${role}, and loses the policies, too: ` +
                          "it could give no address to a new Windows pod. EKS runs this controller in the control plane now. Enable that one, and delete this one, before the update: " +
                          "https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html",
                  ];
        });
    },
    /** Any restart of aws-node may do it, so that it is said once, for the whole plan. */
    networkPolicy: (lines: readonly string[], world: World) =>
        enforcesNetworkPolicies(world.cluster.daemonSet) && lines.some((line) => /^\[(canary|restart)\]/.test(line))
            ? [
                  "[network-policy] This cluster enforces network policies. After a restart of aws-node, pods that already run on the node may keep old eBPF filters, so that later " +
                      "changes of network policies do not reach them: https://github.com/aws/aws-network-policy-agent/issues/514. " +
                      (startsAsBefore(world)
                          ? "Test one node before the update: delete its aws-node pod, wait until the next one is Ready, change a network policy of a pod that ran there before, and see whether its traffic follows."
                          : "Test a node of another cluster before the update. Delete no aws-node pod here: the next one would start with a role that is not proved."),
              ]
            : [],
    guard: ({ steps }: ForecastPart, { injectionGuardName: name }: Subject) =>
        steps.some((step) => step.do === "createInjectionGuard")
            ? [`[guard] The admission policy ${name} is created. From then on it refuses new pods without the role.`]
            : [],
    /** The instances on which no pod of the DaemonSet is verified, although their role loses its policy. */
    notVerified: (part: ForecastPart, { cluster, account }: World, injectionGuard: boolean) => {
        const roles = account.nodeRoles.filter(({ name }) =>
            policiesOf(part.steps, "detach").some(({ roleName }) => roleName === name),
        );
        return roles.flatMap((role) => [
            ...otherClusters(role),
            ...otherNodes(role.name, otherNodesOf([role], cluster)),
            ...unjoined(role.name, unjoinedInstances([role], cluster), injectionGuard),
        ]);
    },
    /** A node role of the same program may be deleted while it holds the policy again. */
    forceDetach: (
        { steps }: ForecastPart,
        own: readonly { readonly name: string; readonly forceDetachPolicies: boolean | undefined }[],
    ) =>
        own
            .filter(
                ({ name, forceDetachPolicies }) =>
                    forceDetachPolicies !== true &&
                    policiesOf(steps, "detach").some(({ roleName }) => roleName === name),
            )
            .map(
                ({ name }) =>
                    `[force-detach] This program manages ${name}. Set forceDetachPolicies: true on that role, or IAM refuses to delete it ` +
                    "while it holds the policy that destroy attaches again.",
            ),
    noRestart: "[no-restart] No pod restarts.",
    /** The policies that the role gets and loses. */
    policies: (former: FormerHandOver | undefined) => [
        ...policyLine("gets", former?.policiesAdded ?? []),
        ...policyLine("loses", former?.policiesRemoved ?? []),
    ],
    /** Waits that only the user can end. */
    wait: ({ stuck }: ForecastPart, { cluster }: World) =>
        stuck === undefined
            ? []
            : [
                  `[wait] The update will wait, and fail with time-limit if this does not clear: ${stuck}${notReady(cluster.nodes)}.`,
              ],
};

/** Whether a pod that starts now gets the credentials that the pods have. */
function startsAsBefore(world: World): boolean {
    const { serviceAccount, pods } = world.cluster;
    const annotated = serviceAccount?.annotations[ROLE_ARN_ANNOTATION];
    const delivered =
        annotated === undefined ? (seenAssociations(world) ?? []).map(({ roleArn }) => roleArn) : [annotated];
    return delivered.length === 0 || pods.every((pod) => carriesAnyOf(pod, delivered));
}

/** A policy is detached although other clusters use the role: the program names each of them as handed over. */
function otherClusters(role: NodeRoleSeen): string[] {
    const clusters = clustersSharing(role);
    return clusters.length === 0
        ? []
        : [
              `[clusters-not-seen] Nodes of ${listTexts(clusters)} also run with ${role.name}, and lose the policy, too. Only handedOverClusterArns says ` +
                  "that their pods carry roles of their own: this run cannot see them.",
          ];
}

function otherNodes(roleName: string, nodes: readonly OtherNodeSeen[]): string[] {
    return nodes.length === 0
        ? []
        : [
              `[other-nodes] ${roleName} is also the role of nodes that run no pod of this DaemonSet: ${listNames(nodes)}. They lose the policy, too.`,
          ];
}

function unjoined(roleName: string, instances: readonly UnjoinedInstance[], injectionGuard: boolean): string[] {
    const afterwards = injectionGuard
        ? "The update does not wait for them: when they join, the injection guard admits their pods only with the role."
        : "The update waits for those that were launched in the last 15 minutes. Without the injection guard, nothing refuses the pods of the others if they start without the role.";
    return instances.length === 0
        ? []
        : [
              `[not-joined] Instances with ${roleName} are not nodes of the cluster now: ${listTexts(instances.map(describeInstance))}. ${afterwards}`,
          ];
}

function policyLine(what: "gets" | "loses", arns: readonly string[]): string[] {
    const count = countOf(arns.length, "policy", "policies");
    return arns.length === 0 ? [] : [`[policies] The role ${what} ${count}: ${arns.join(", ")}.`];
}

/** The pods under their real names: a simulated pod is shown by the name of the pod that it replaces. */
function restarted(part: ForecastPart, { cluster }: World): PodSeen[] {
    return restartedPods(part).map(
        (pod) => cluster.pods.find(({ node, terminating }) => node === pod.node && !terminating) ?? pod,
    );
}

function restartedPods({ steps }: ForecastPart): PodSeen[] {
    return steps.flatMap((step) => (step.do === "restart" ? step.pods : step.do === "forceRestart" ? [step.pod] : []));
}

/** One line for each container and each of its images. A pod without images has those of the template. */
function imageChanges(older: readonly PodSeen[], images: Readonly<Record<string, string>>): string[] {
    const pods = new Map<string, PodSeen[]>();
    for (const pod of older) {
        for (const container of Object.keys({ ...images, ...pod.images })) {
            const [before = "none", after = "none"] = [(pod.images ?? images)[container], images[container]];
            const change = `[template] ${container}: ${before} → ${after}`;
            pods.set(change, [...(pods.get(change) ?? []), ...(before === after ? [] : [pod])]);
        }
    }
    return [...pods].flatMap(([change, of]) => (of.length === 0 ? [] : [`${change} (${listNames(of)}).`]));
}

function roleOf(pod: PodSeen, { cluster, account }: World): string {
    const node = cluster.nodes.find(({ name }) => name === pod.node);
    const role = account.roleOfInstance[node?.instanceId ?? ""];
    return role === undefined ? "" : `, a node of ${role},`;
}

function notReady(nodes: readonly NodeSeen[]): string {
    const notReadyNodes = nodes.filter(({ ready }) => !ready);
    return notReadyNodes.length === 0 ? "" : ` (NotReady: ${listNames(notReadyNodes)})`;
}

/** From here on, the plan says hours, and how to shorten the rollout. */
const LONG_MINUTES = 120;

function inTime(minutes: number): string {
    return minutes < LONG_MINUTES ? countOf(minutes, "minute", "minutes") : `${String(Math.round(minutes / 60))} hours`;
}

/**
 * A tenth of the nodes is what AWS's own manifest allows: amazon-vpc-cni-k8s config/master/aws-k8s-cni.yaml, updateStrategy. No rollout takes so long
 * with it. The API server accepts the setting with OnDelete, too, and the live checks keep to it.
 */
function largerWaves({ serviceAccount: { namespace }, daemonSetName }: Subject, minutes: number): string[] {
    const patch = { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: "10%" } } } };
    return minutes < LONG_MINUTES
        ? []
        : [
              "[restart] A higher maxUnavailable of the DaemonSet shortens this. Set it in the tool that manages the DaemonSet, or run this command before the update: " +
                  `kubectl patch daemonset/${daemonSetName} -n ${namespace} --type merge -p '${JSON.stringify(patch)}'`,
          ];
}

function howMany({ length }: readonly PodSeen[]): string {
    return countOf(length, "pod", "pods");
}

function policiesOf(steps: readonly Step[], what: "attach" | "detach") {
    return steps.flatMap((step) => (step.do === what ? step.policies : []));
}
