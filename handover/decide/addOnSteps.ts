import { createHash } from "node:crypto";
import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { type AddOnSeen, isBusy, type ManagedAddOn } from "../model/addOn";
import { ADD_ON_MANAGER, LEAVING_MANAGER } from "../model/fieldManagers";
import type { HandOverRecord } from "../model/record";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { ClusterSeen, World } from "../model/world";
import { isAppliedByAddOn, isOwner } from "./delivery";
import { SHOWN_AFTER_MILLISECONDS } from "./giveBack";

/** A goal of which the managed add-on is a part. */
export interface AddOnTarget {
    readonly subject: Subject;
    readonly record: HandOverRecord;
    /** How long an update of the add-on, or of another run, may take. */
    readonly deliverySeconds: number;
}

export function deliverySecondsOf({
    deliverySeconds = DEFAULT_DELIVERY_SECONDS,
}: {
    readonly deliverySeconds?: number | undefined;
}): number {
    return deliverySeconds;
}

/** For the states of early versions, and of stacks without another delivery. */
const DEFAULT_DELIVERY_SECONDS = 1200;

/** The wait for IAM does not count. */
export function since({ startedAt, propagatedAt = 0 }: Memory): number {
    return Math.max(startedAt, propagatedAt);
}

/** Why the add-on cannot be changed. Undefined if it is there. */
export function unseenStep(
    subject: Subject,
    addOn: AddOnSeen | undefined,
): Extract<Step, { do: "refuse" }> | undefined {
    switch (addOn?.is) {
        case "missing":
            return { do: "refuse", refusal: refusals.addOnMissing(addOn.clusterName) };
        case "unnamed":
            return { do: "refuse", refusal: refusals.clusterNameUnknown(addOn.why, subject) };
        case "unread":
            return {
                do: "refuse",
                refusal:
                    addOn.call.cause === "denied"
                        ? refusals.otherDeliveryDenied([addOn.call], subject)
                        : refusals.otherDeliveryUnsupported([addOn.call], subject),
            };
        default:
            return undefined;
    }
}

/** How long EKS may take to apply what a finished update says. */
export const APPLIED_AFTER_MILLISECONDS = 30_000;

/** A second owner of the same value, so that neither one's release removes it. Undefined if the component owns it. */
export function ownStep(
    { subject }: Pick<AddOnTarget, "subject">,
    { cluster }: World,
    annotations: Readonly<Record<string, string>>,
): Step | undefined {
    return isOwner(subject, cluster) || annotations[ROLE_ARN_ANNOTATION] === undefined
        ? undefined
        : annotate(annotations, "owning the annotation together with the add-on");
}

export function updateStep(
    target: AddOnTarget,
    addOn: ManagedAddOn,
    roleArn: string | undefined,
    { at, memory }: { readonly at: number; readonly memory: Memory },
): Step {
    const { addOnUpdate } = memory;
    if (addOnUpdate !== undefined && addOnUpdate.roleArn === roleArn) {
        if (!addOnUpdate.isSuccessful) {
            return { do: "refuse", refusal: refusals.addOnUpdateFailed(addOn, addOnUpdate.why) };
        }
        if (at - addOnUpdate.at < SHOWN_AFTER_MILLISECONDS) {
            return waitFor("EKS does not show the update of the add-on yet");
        }
    }
    if (isBusy(addOn)) {
        return busyStep(target, addOn, at, since(memory));
    }
    const { clusterName, configurationValues } = addOn;
    const clientRequestToken = requestToken(target, addOn, memory, roleArn);
    return {
        do: "updateAddOn",
        update: { clusterName, roleArn, configurationValues, clientRequestToken },
        limitSeconds: target.deliverySeconds,
        why:
            roleArn === undefined
                ? `the managed add-on gives up ${addOn.roleArn ?? "its role"}`
                : `the managed add-on gets ${roleArn}`,
    };
}

/** EKS carries out an update of before, or has not finished the add-on. Some never leave this state. */
export function busyStep({ deliverySeconds }: AddOnTarget, addOn: ManagedAddOn, at: number, began: number): Step {
    return at - began < deliverySeconds * 1000
        ? waitFor(`the managed add-on is ${addOn.status}`)
        : { do: "refuse", refusal: refusals.addOnBusy(addOn, deliverySeconds) };
}

/**
 * Within a run, the same request has the same token. Each change of the add-on makes it another request, and so does another run: EKS would answer a
 * token of before with the update of before, also if that one has failed.
 */
function requestToken(
    { subject, record }: AddOnTarget,
    { modifiedAt = 0 }: ManagedAddOn,
    { startedAt }: Memory,
    roleArn: string | undefined,
): string {
    const { clusterUid, approvals = 0 } = record;
    const request = [subject.fieldManager, clusterUid, approvals, roleArn ?? "", modifiedAt, startedAt];
    return createHash("sha256").update(JSON.stringify(request)).digest("hex").slice(0, 32);
}

/** An annotation that a hand-back has left for EKS must not keep its value alive once EKS owns it again. Undefined if none was left, or EKS does not own it. */
export function releaseLeftStep(cluster: ClusterSeen): Step | undefined {
    const { roleArnOwners = [] } = cluster.serviceAccount ?? {};
    return roleArnOwners.includes(LEAVING_MANAGER) && isAppliedByAddOn(cluster)
        ? {
              do: "releaseLeft",
              why: `${ADD_ON_MANAGER} owns the annotation again: releasing what an earlier hand-back has left`,
          }
        : undefined;
}

export function annotate(annotations: Readonly<Record<string, string>>, why: string): Step {
    return { do: "annotate", annotations, why };
}

export const waitFor = (why: string): Step => ({ do: "wait", why });
export const done = (why: string): Step => ({ do: "done", why });
