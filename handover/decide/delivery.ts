import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { roleOfAddOn } from "../model/addOn";
import { ADD_ON_MANAGER, LEAVING_MANAGER } from "../model/fieldManagers";
import { isAnnotated } from "../model/isAnnotated";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, World } from "../model/world";
import { annotateAgainStep, otherOwners } from "./annotateAgain";

/**
 * Whether the service account gets the role as the delivery says.
 *
 * The value alone does not tell it: with `external`, another writer must own the annotation. The component's own annotation may be left from a
 * former delivery, and goes when the component releases it.
 */
export function isDelivered(subject: Subject, cluster: ClusterSeen): boolean {
    return isAnnotated(subject, cluster) && (subject.delivery !== "external" || writersOf(subject, cluster).length > 0);
}

/** The named field managers that own the role annotation besides the components of this package. */
export function writersOf(subject: Subject, cluster: ClusterSeen): readonly string[] {
    return otherOwners(subject, cluster).filter(
        (owner) => owner !== "" && owner !== LEAVING_MANAGER && !owner.startsWith("eks-cni/"),
    );
}

/** Whether the component itself owns the role annotation. */
export function isOwner({ fieldManager }: Subject, { serviceAccount }: ClusterSeen): boolean {
    return serviceAccount?.roleArnOwners.includes(fieldManager) ?? false;
}

/** The component's own annotations for the webhook that the program no longer asks for. With a patch, the engine removes them. */
export function settingsToRemove({ annotations }: Subject, { serviceAccount }: ClusterSeen): readonly string[] {
    return (serviceAccount?.ownSettings ?? []).filter((name) => annotations[name] === undefined);
}

/** Whether the managed add-on owns the role annotation in a way that outlives the component's release. */
export function isAppliedByAddOn({ serviceAccount }: ClusterSeen): boolean {
    return serviceAccount?.roleArnAppliers?.includes(ADD_ON_MANAGER) ?? false;
}

/** Whether the role annotation belongs to the managed add-on alone, or to what a hand-back has left for it. */
export function isOfAddOn({ serviceAccount }: ClusterSeen): boolean {
    const owners = serviceAccount?.roleArnOwners ?? [];
    return owners.includes(ADD_ON_MANAGER) && owners.every(isOfEks);
}

/** Whether a field manager is the managed add-on, or what a hand-back has left for it. */
export function isOfEks(owner: string): boolean {
    return owner === ADD_ON_MANAGER || owner === LEAVING_MANAGER;
}

/** The goal of the wait before a rollout: another writer delivers the role. */
export interface AwaitedDelivery {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    readonly deliverySeconds: number;
}

/** Waits until another writer delivers the role. The component then releases an annotation of its own, and looks again. */
export function nextDeliveryStep(
    { subject, record, deliverySeconds }: AwaitedDelivery,
    { cluster, at }: Pick<World, "cluster" | "at">,
    { startedAt }: Memory,
): Step {
    if (cluster.uid !== record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(record.clusterUid, cluster.uid) };
    }
    if (cluster.serviceAccount === undefined) {
        return { do: "refuse", refusal: refusals.serviceAccountMissing(subject) };
    }
    if (!isDelivered(subject, cluster)) {
        return at - startedAt < deliverySeconds * 1000
            ? {
                  do: "wait",
                  why: `waiting for another writer to deliver ${subject.roleArn}: ${describeDelivery(subject, cluster)}`,
              }
            : {
                  do: "refuse",
                  refusal: refusals.roleNotDelivered(subject, describeDelivery(subject, cluster), deliverySeconds),
              };
    }
    const writers = writersOf(subject, cluster).join(", ");
    return isOwner(subject, cluster)
        ? {
              do: "releaseServiceAccount",
              leaving: {},
              why: `${writers} delivers the role: the component releases its own annotation`,
          }
        : { do: "done", why: `${writers} delivers the role` };
}

/** Describes the delivery as it is now, for a message. */
export function describeDelivery(subject: Subject, cluster: ClusterSeen): string {
    const { [ROLE_ARN_ANNOTATION]: annotated } = cluster.serviceAccount?.annotations ?? {};
    const owners = (cluster.serviceAccount?.roleArnOwners ?? []).map((owner) => JSON.stringify(owner)).join(", ");
    const ofOwners = owners === "" ? "" : `, which ${owners} ${owners.includes(",") ? "own" : "owns"}`;
    if (annotated === undefined) {
        return "the service account has no role annotation";
    }
    if (annotated !== subject.roleArn) {
        return `the service account is annotated with ${annotated}${ofOwners}`;
    }
    return isAnnotated(subject, cluster)
        ? `the service account has this annotation${ofOwners}, and no other writer owns it`
        : `the service account has this role${ofOwners}, but not all annotations of the component's output serviceAccountAnnotations`;
}

/** The delivery that is to be repaired. */
export interface DeliveredTo {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** Whether the program takes the annotation over from another owner. Missing: it does not, or a patch of it does. */
    readonly overrideExistingServiceAccount?: boolean | undefined;
}

/**
 * Gives the service account the role again, after its annotation was removed or changed. With `external`, that is left to the other writer.
 *
 * An annotation of the managed add-on gives way only if the component moves the pods away from that add-on's role: the record knows it. Otherwise
 * nothing is taken by force: another owner may have set the webhook's other annotations, or may write the role after the look.
 */
export function deliverAgainStep(
    { subject, record, overrideExistingServiceAccount: override = false }: DeliveredTo,
    { cluster, account }: Pick<World, "cluster" | "account">,
    why: string,
): Step {
    if (subject.delivery === undefined) {
        return annotateAgainStep(subject, cluster, why);
    }
    if (subject.delivery === "external") {
        return { do: "refuse", refusal: refusals.deliveryLost(subject, describeDelivery(subject, cluster)) };
    }
    const { addOn } = account;
    const carried = roleOfAddOn(addOn);
    if (carried !== undefined && carried !== subject.roleArn && !isKnownOf(record, carried)) {
        return { do: "refuse", refusal: refusals.addOnHasAnotherRole(subject, carried) };
    }
    const owners = otherOwners(subject, cluster);
    const others = owners.filter((owner) => !isOfEks(owner));
    if (others.length > 0 && !override) {
        return { do: "refuse", refusal: refusals.annotationOwned(subject, others) };
    }
    const { annotations } = subject;
    return owners.length > 0 || override
        ? { do: "annotate", annotations, force: true, why }
        : { do: "annotate", annotations, why };
}

/** Whether the add-on carries the role of before, or one of the component. */
export function isKnownOf({ addOnRoleArn, approvedRoleArns }: HandOverRecord, carried: string): boolean {
    return carried === addOnRoleArn || approvedRoleArns.includes(carried);
}
