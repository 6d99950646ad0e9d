import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { carriesRole, describeCredentials } from "../model/carriedRole";
import { countOf } from "../model/countOf";
import { emergencyCommand, inAnEmergency } from "../model/emergency";
import { listNames } from "../model/listNames";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { ClusterSeen, PodSeen } from "../model/world";
import { DeliveryTarget, hasDelivery } from "./delivered";
import { isOfEks } from "./delivery";
import { refusedNodes } from "./refusedNodes";
import { usesNodeRole } from "./withoutPath";

/** Something that is not as the last update left it. */
export interface Finding {
    /** The difference, and its consequence. */
    readonly seen: string;
    /** The repair by the next update, after "it". Undefined if it does nothing. */
    readonly mends?: string;
}

/** All findings as one text, with the command that repairs them. Undefined if there are none. */
export function tellAll(findings: readonly Finding[]): string | undefined {
    const seen = findings.map((finding) => finding.seen);
    const mends = [...new Set(findings.flatMap((finding) => finding.mends ?? []))];
    return seen.length === 0
        ? undefined
        : [...seen, ...(mends.length === 0 ? [] : [`Run pulumi up --refresh: it ${inWords(mends)}.`])].join(" ");
}

function inWords(parts: readonly string[]): string {
    return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")}, and ${parts.at(-1) ?? ""}`;
}

/** How an annotation differs from the wanted one. */
function differs(value: string | undefined, [name, wanted]: readonly [string, string]): string {
    return value === undefined
        ? `lacks the annotation ${name}: ${wanted}. Pods that start now use the default.`
        : `has the annotation ${name}: ${value} instead of ${wanted}. Pods that start now use this value.`;
}

/** A move from Pod Identity, or a hand-back from it, that was stopped. With `OnDelete`, no pod shows it until one restarts. */
export function templateFindings({ daemonSet }: ClusterSeen): Finding[] {
    return daemonSet?.skipsContainers
        ? [
              {
                  seen: "The pod template still excludes its containers from the pod identity webhook: an update or a destroy was stopped. Pods that start now use the roles of their nodes.",
                  mends: "changes the pod template back, and restarts the pods",
              },
          ]
        : [];
}

/** The annotations of the service account that do not deliver the role. */
export function annotationFindings(subject: Subject, cluster: ClusterSeen): Finding[] {
    const { serviceAccount } = cluster;
    if (serviceAccount === undefined) {
        return [{ seen: refusals.serviceAccountMissing(subject).seen }];
    }
    const { [ROLE_ARN_ANNOTATION]: annotated } = serviceAccount.annotations;
    const differing = Object.entries(subject.annotations).filter(
        ([name, value]) => serviceAccount.annotations[name] !== value,
    );
    const [first] = differing;
    if (first === undefined) {
        return [];
    }
    const { namespace, name } = subject.serviceAccount;
    const account = `The service account ${namespace}/${name}`;
    const seen =
        annotated === subject.roleArn
            ? `${account} ${differs(serviceAccount.annotations[first[0]], first)}`
            : annotated === undefined
              ? `${account} has lost its annotation with ${subject.roleArn}. ${newPods(cluster, undefined)}`
              : `${account} is annotated with ${annotated} instead of ${subject.roleArn}. ${newPods(cluster, annotated)}`;
    const others = serviceAccount.roleArnOwners.filter((owner) => owner !== subject.fieldManager);
    const ofOthers = others.map((owner) => JSON.stringify(owner)).join(", ");
    return [{ seen: others.length === 0 ? seen : `${seen} ${ofOthers} owns it.`, mends: mendOf(subject, others) }];
}

/** The update overwrites EKS's annotation if the component tells the managed add-on its role. */
function mendOf({ delivery }: Subject, others: readonly string[]): string {
    if (delivery === "external") {
        return "waits until the other writer delivers the role again";
    }
    const isFree = others.every((owner) => delivery === "eksAddon" && isOfEks(owner));
    return isFree ? "puts the annotation back" : "puts the annotation back if overrideExistingServiceAccount is true";
}

/** The consequence for a pod that starts now. */
function newPods({ injectionGuard }: ClusterSeen, annotated: string | undefined): string {
    if (injectionGuard.inForce && !(annotated !== undefined && injectionGuard.roleArns?.includes(annotated))) {
        return "The injection guard refuses pods that start now.";
    }
    return annotated === undefined ? "Pods that start now use the node role." : "Pods that start now get that role.";
}

/** The pods that do not carry the role as it is delivered now. A pod that is ending does not count. */
export function podFindings(target: DeliveryTarget, { pods }: ClusterSeen): Finding[] {
    const staying = pods.filter(({ terminating }) => !terminating);
    const wrong = staying.filter((pod) => !hasDelivery(pod, target));
    if (wrong.length === 0) {
        return [];
    }
    const one = wrong.length === 1;
    const { subject } = target;
    const count = `${String(wrong.length)} of ${countOf(staying.length, "pod", "pods")}`;
    const described = listNames(wrong.map((pod) => ({ name: describe(pod, subject) })));
    const onNodeRole = wrong.some(({ credentials }) => usesNodeRole(credentials));
    return [
        {
            seen:
                `${count} ${one ? "does" : "do"} not carry ${subject.roleArn} as it is delivered now: ${described}.` +
                (onNodeRole ? " A pod without a role of its own has only the rights of its node role." : ""),
            mends: one ? "restarts this pod" : "restarts these pods",
        },
    ];
}

function describe(pod: PodSeen, subject: Subject): string {
    return carriesRole(pod, subject)
        ? `${pod.name} started before the last change of the role`
        : describeCredentials(pod);
}

/** A pod of a new node may be refused while the webhook does not answer. The DaemonSet controller retries by itself, and succeeds within seconds. */
const LASTS_MILLISECONDS = 60_000;

/** The nodes whose pods the API server refuses for a while. */
export function refusedFindings(
    { subject, record }: { readonly subject: Subject; readonly record: HandOverRecord },
    cluster: ClusterSeen,
    at: number,
): Finding[] {
    const { refusedSince } = cluster;
    const lasts = refusedSince !== undefined && at - refusedSince >= LASTS_MILLISECONDS;
    const nodes = lasts ? refusedNodes(cluster) : [];
    return nodes.length === 0
        ? []
        : [
              {
                  seen: `The API server refused the pods for ${listNames(nodes)}, where no pod of the CNI runs.${inAnEmergency(emergencyCommand(subject, record))}`,
                  mends: "makes the DaemonSet controller retry",
              },
          ];
}

/** The injection guard, if it is not as the program asks for it. */
export function injectionGuardFindings(
    { subject, injectionGuard: wanted }: { readonly subject: Subject; readonly injectionGuard: boolean },
    { injectionGuard: { present, inForce, roleArns, otherExpressions, othersManagers } }: ClusterSeen,
): Finding[] {
    const guard = `The injection guard ${subject.injectionGuardName}`;
    const unrefused = "Nothing refuses a pod that starts without the role.";
    if (!wanted) {
        return present
            ? [
                  {
                      seen: `${guard} exists, though the program does not ask for it.`,
                      mends: "removes the injection guard",
                  },
              ]
            : [];
    }
    if (othersManagers !== undefined) {
        // The update refuses for it.
        return [];
    }
    if (!present) {
        return [{ seen: `${guard} is gone. ${unrefused}`, mends: "creates the injection guard again" }];
    }
    const isAssociated = subject.delivery === "podIdentity";
    const refuses = isAssociated ? otherExpressions === true : roleArns?.includes(subject.roleArn) === false;
    if (roleArns !== undefined && refuses) {
        const how =
            roleArns.length === 0
                ? "its expressions are not those of the component"
                : `it admits pods with ${roleArns.join(", ")} instead of pods with ${subject.roleArn}`;
        return [
            {
                seen: `${guard} was changed: ${how}.`,
                mends: "changes the injection guard back",
            },
        ];
    }
    const others = (roleArns ?? []).filter((arn) => isAssociated || arn !== subject.roleArn);
    return [
        ...(others.length === 0
            ? []
            : [
                  {
                      seen: `${guard} was changed: it also admits pods with ${others.join(", ")}.`,
                      mends: "changes the injection guard back",
                  },
              ]),
        ...(inForce
            ? []
            : [
                  {
                      seen: `${guard} is not in force: its policy or its binding is gone, or its policy has a warning. ${unrefused}`,
                      mends: "creates the injection guard again",
                  },
              ]),
    ];
}
