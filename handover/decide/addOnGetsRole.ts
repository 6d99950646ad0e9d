import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { isBusy } from "../model/addOn";
import { isAnnotated } from "../model/isAnnotated";
import { refusals } from "../model/refusals";
import type { Memory, Step } from "../model/steps";
import type { Subject } from "../model/subject";
import type { World } from "../model/world";
import {
    type AddOnTarget,
    annotate,
    APPLIED_AFTER_MILLISECONDS,
    busyStep,
    done,
    ownStep,
    releaseLeftStep,
    unseenStep,
    updateStep,
    waitFor,
} from "./addOnSteps";
import { deliverAgainStep, isAppliedByAddOn, isKnownOf, isOwner } from "./delivery";

/**
 * The add-on gets the role that every pod carries by now, and then the annotation is left to it:
 *   a. the component owns the annotation while EKS changes the add-on,
 *   b. the add-on is updated with the same role,
 *   c. once EKS owns the annotation by server-side apply, the component releases its own part, and looks at the value again.
 *
 * If EKS writes by another kind of request, the release would remove the annotation. The component then keeps its part.
 */
export function nextAddOnRoleStep(target: AddOnTarget, world: World, memory: Memory): Step {
    const { subject, record } = target;
    const { cluster, account, at } = world;
    if (cluster.uid !== record.clusterUid) {
        return { do: "refuse", refusal: refusals.clusterChanged(record.clusterUid, cluster.uid) };
    }
    // An add-on that was deleted without `preserve` has taken the service account along: it comes back with the add-on.
    const { addOn } = account;
    if (addOn?.is !== "there") {
        return unseenStep(subject, addOn) ?? waitFor("EKS was not asked for the add-on yet");
    }
    if (cluster.serviceAccount === undefined) {
        return { do: "refuse", refusal: refusals.serviceAccountMissing(subject) };
    }
    if (addOn.roleArn !== undefined && addOn.roleArn !== subject.roleArn && !isKnownOf(record, addOn.roleArn)) {
        return { do: "refuse", refusal: refusals.addOnHasAnotherRole(subject, addOn.roleArn) };
    }
    if (!isAnnotated(subject, cluster)) {
        return deliverAgainStep(target, world, "the service account has lost its annotation: annotating it again");
    }
    if (addOn.roleArn !== subject.roleArn) {
        return (
            ownStep(target, world, subject.annotations) ?? updateStep(target, addOn, subject.roleArn, { at, memory })
        );
    }
    return (
        (isBusy(addOn) ? busyStep(target, addOn, at, memory.startedAt) : undefined) ??
        leaveToAddOnStep(target, world, memory)
    );
}

/** Each release removes the annotation if EKS does not own it, and the next look writes it again. */
const RELEASE_LIMIT = 2;

function leaveToAddOnStep(target: AddOnTarget, { cluster, at }: World, memory: Memory): Step {
    const { subject } = target;
    const isOwn = isOwner(subject, cluster);
    if (!isAppliedByAddOn(cluster)) {
        const since = Math.max(memory.addOnUpdate?.at ?? 0, memory.startedAt);
        if (!isOwn) {
            return annotate(
                subject.annotations,
                "EKS does not own the annotation by server-side apply: owning it, too",
            );
        }
        return at - since < APPLIED_AFTER_MILLISECONDS
            ? waitFor("the add-on has the role: waiting until EKS owns the annotation")
            : done(
                  "the add-on has the role; EKS does not own the annotation by server-side apply, so the component keeps its own",
              );
    }
    if (isOwn) {
        return (memory.releases ?? 0) < RELEASE_LIMIT
            ? releaseRoleStep(subject)
            : done(
                  "the add-on has the role; the annotation was lost with the component's release, so the component keeps its own",
              );
    }
    return releaseLeftStep(cluster) ?? done("the add-on has the role, and owns the annotation");
}

/** The add-on writes the role alone. Other annotations of the program stay the component's. */
function releaseRoleStep({ annotations }: Subject): Step {
    const others = Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== ROLE_ARN_ANNOTATION));
    const why = "the add-on owns the annotation: the component releases its own part";
    return Object.keys(others).length === 0 ? { do: "releaseServiceAccount", leaving: {}, why } : annotate(others, why);
}
