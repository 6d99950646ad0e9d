import { countOf } from "../countOf";
import { listNames, listTexts } from "../listNames";
import { Refusal } from "../refusal";
import type { Subject } from "../subject";
import type { PodSeen } from "../world";
import { withFullStop } from "./texts";

/** How many pods a command in a message describes: a wave may have hundreds. */
const MOST_DESCRIBED = 5;

/** The usual cause and fix if the role works from one subnet and not from another. */
const FROM_SUBNET = {
    sts: {
        cause: "Often STS cannot be reached from their subnets: no route to the internet, and no VPC endpoint for STS that admits these nodes.",
        fix: "To reach the regional STS endpoint from such a subnet, the nodes need a NAT gateway or a VPC endpoint (com.amazonaws.REGION.sts) whose security group admits port 443 from the nodes.",
    },
    eksAuth: {
        cause: "Often the EKS Pod Identity Agent cannot reach EKS Auth from their subnets: no route to the internet, and no VPC endpoint for EKS Auth that admits these nodes.",
        fix: "To reach EKS Auth from such a subnet, the nodes need a NAT gateway or a VPC endpoint (com.amazonaws.REGION.eks-auth) whose security group admits port 443 from the nodes.",
    },
} as const;

/** The service that gives these pods their sessions. */
function serviceOf(pods: readonly PodSeen[]) {
    return FROM_SUBNET[pods.some(({ credentials: { kind } }) => kind === "containerCredentials") ? "eksAuth" : "sts"];
}

const NO_WAY_BACK =
    "pods cannot return to the node roles: these have given up the policies, the injection guard refuses pods without the role, another " +
    "writer delivers the role, or the service account had this role before.";

/** The refusals because pods do not work, with the role or with their former credentials. */
export const rolloutRefusals = {
    podsMissPermissions: (pods: readonly PodSeen[], nodes: readonly string[], roleArn: string) =>
        new Refusal(
            "pod-misses-permissions",
            `${whoReports(pods, nodes, roleArn)}: ${pods[0]?.missingPermissions ?? ""}`,
            "The role lacks a permission, or something else denies it: a permissions boundary, a service control policy, or a VPC endpoint policy.",
            "Find the action in the text of this event, allow it for the role, and run the update again. If it stops at the same event, which " +
                "Kubernetes keeps for an hour, delete the pods that report it: the next ones have no event.",
        ),
    /** A preview proves nothing. Each complaint that it sees is from before the update. */
    outdatedComplaint: ({ code, seen, means, fix }: Pick<Refusal, "code" | "seen" | "means" | "fix">) =>
        new Refusal(
            code,
            seen,
            `${means} The update proves the role again, and goes on if the proof shows that the role has the permission now.`,
            fix,
        ),
    restartLimitReached: ({ node }: PodSeen, times: number, why: string) =>
        new Refusal(
            "restart-limit",
            `The pod on node ${node} was restarted ${String(times)} times, and the problem remains: ${why}.`,
            "The pod identity webhook does not reach the pods on this node, or does not know their service account.",
            'On EKS, look for "failed calling webhook" in the control plane logs (log type api). Elsewhere, read the logs of the webhook itself: ' +
                "kubectl get mutatingwebhookconfigurations shows its configuration. Fix the cause, then run the same command again. The node roles " +
                "hold their policies.",
        ),
    canaryFailed: (cause: string, back: string) =>
        new Refusal(
            "canary-failed",
            `The canary failed: ${withFullStop(cause)}`,
            `The service account and the canaries that did not work were reverted (${back}). The other pods stay as they are. Policies that were attached to the node roles again stay attached until the next successful run.`,
            "Fix the cause and run the update again. It begins with the proof and the canaries.",
        ),
    canaryStays: (cause: string) =>
        new Refusal(
            "canary-failed",
            `The canary failed: ${withFullStop(cause)}`,
            `The canary keeps the role, because ${NO_WAY_BACK} The other pods stay as they are.`,
            "Fix the cause.",
        ),
    canaryMissing: (pods: readonly PodSeen[], nodes: readonly string[]) =>
        new Refusal(
            "canary-missing",
            `${listNames(pods)} on ${listTexts(nodes)} ${pods.length === 1 ? "does" : "do"} not carry the role, and no other pod in the same subnets works with it.`,
            "These nodes were NotReady while the canaries ran, or their pods were replaced since, without the role. The pods work as before. They were not restarted, because a pod that cannot use the role there would have no credentials.",
            "Run pulumi up --refresh: it restarts one of these pods first, as a canary.",
        ),
    placeUnusable: (pods: readonly PodSeen[], nodes: readonly string[], roleArn: string, seconds: number) =>
        new Refusal(
            "pods-do-not-work",
            `${listNames(pods)} on ${listTexts(nodes)} ${pods.length === 1 ? "carries" : "carry"} ${roleArn}, and ${pods.length === 1 ? "has" : "have"} not been Ready for ${String(seconds)} s. No other pod in the same subnets works with it.`,
            "These nodes were NotReady while the canaries were watched. The plugin starts on them, but cannot use the role, and no event names an AWS error.",
            `Run pulumi up --refresh: it takes the rollout back if these pods still cannot use the role. ${serviceOf(pods).fix}`,
        ),
    waveStays: ({ code, seen, means, fix }: Pick<Refusal, "code" | "seen" | "means" | "fix">) =>
        new Refusal(
            code,
            seen,
            `${means} The rollout was not taken back, because ${NO_WAY_BACK} The other pods stay as they are.`,
            fix,
        ),
    waveFailed: (pods: readonly PodSeen[], nodes: readonly string[], seconds: number) =>
        new Refusal(
            "pods-do-not-work",
            `${listNames(pods)} on ${listTexts(nodes)} restarted with the role, and ${pods.length === 1 ? "has" : "have"} not been Ready for ${String(seconds)} s.`,
            `The plugin starts on these nodes, but cannot use the role, and no event names an AWS error. ${serviceOf(pods).cause}`,
            `Read the plugin's log on one of these nodes: /var/log/aws-routed-eni/ipamd.log. ${serviceOf(pods).fix}`,
        ),
    /** @param formerRoleArn The role that the service account had before the hand-over, if the pods carry it. */
    formerCredentialsFail: (pods: readonly PodSeen[], nodes: readonly string[], formerRoleArn?: string) =>
        new Refusal(
            "former-credentials-fail",
            `${listNames(pods)} on ${listTexts(nodes)} restarted with the former credentials, and ${pods.length === 1 ? "is" : "are"} not Ready.`,
            "The plugin starts on these nodes, but cannot use these credentials. The run stopped: the service account has the role's annotation again, and " +
                "these pods restarted with the role. The node roles keep the policies that were attached again.",
            "Read the plugin's log on one of these nodes: /var/log/aws-routed-eni/ipamd.log. Fix the cause, and run the same command again." +
                (formerRoleArn === undefined
                    ? ""
                    : ` The former credentials are those of ${formerRoleArn}. If nothing needs this role any more, delete it, and run the same command again: the pods then move to the node roles.`),
        ),
    podsDoNotStart: (pods: readonly PodSeen[], nodes: readonly string[], { namespace }: Subject["serviceAccount"]) =>
        new Refusal(
            "pods-do-not-start",
            `${listTexts(pods.map(({ name, startProblem = "" }) => `${name} does not start (${startProblem})`))}. Nodes: ${listTexts(nodes)}.`,
            "The role is not the cause. The rollout stopped here: the service account keeps its annotation, the other pods that restarted work with the role, and the pods that have not restarted work as before.",
            `Fix the cause (kubectl describe pods ${pods
                .slice(0, MOST_DESCRIBED)
                .map(({ name }) => name)
                .join(" ")} -n ${namespace} shows it), and run the same command again. It continues from here.`,
        ),
    rolloutTakenBack: ({ seen, means, fix }: Pick<Refusal, "seen" | "means" | "fix">, working: number, back: string) =>
        new Refusal(
            "rollout-taken-back",
            `The rollout failed: ${withFullStop(seen)}`,
            `${means} The service account has its former annotation again, and the pods that did not work restarted with their former credentials (${back}). ${howManyKeep(working)} Policies that were attached to the node roles again stay attached until the next successful run.`,
            `${fix} Then run pulumi up: it begins with the proof and the canaries.`,
        ),
};

/** The beginning of a message that ends with the event of the first pod. */
function whoReports(pods: readonly PodSeen[], nodes: readonly string[], roleArn: string): string {
    const where = `${listNames(pods)} on ${listTexts(nodes)}`;
    return pods.length === 1
        ? `The pod ${where} carries ${roleArn} and reports in an event`
        : `${String(pods.length)} pods carry ${roleArn} and report missing permissions in events: ${where}. The event of ${listNames(pods.slice(0, 1))}`;
}

function howManyKeep(working: number): string {
    return `${countOf(working, "pod works with the role and keeps", "pods work with the role and keep")} it.`;
}
