import { addOnGivesUpStep } from "../decide/addOnGivesUp";
import { deliverySecondsOf } from "../decide/addOnSteps";
import { restoreLostStep } from "../decide/canary";
import { nextDeliveryStep } from "../decide/delivery";
import type { Memory, Step } from "../model/steps";
import type { World } from "../model/world";
import type { RunContext } from "../observe/runContext";
import { seeingAddOn } from "../observe/seeingAddOn";
import type { RolloutRun } from "./canaryState";
import { reach } from "./loop";

/** Before a rollout: another writer delivers the role, or the managed add-on gives up the role of another owner. Nothing, if the component annotates. */
export async function awaitDelivery(context: RunContext, target: RolloutRun): Promise<void> {
    switch (target.subject.delivery) {
        case "external":
            return awaitWriter(context, target);
        case "eksAddon":
            return giveUpRole(context, target);
        case "podIdentity":
        case undefined:
    }
}

async function awaitWriter(context: RunContext, target: RolloutRun): Promise<void> {
    const { subject, record, timeouts } = target;
    const deliverySeconds = deliverySecondsOf(timeouts);
    await reach(context, {
        what: "Waiting for another writer to deliver the role",
        next: (world, memory) =>
            // Pods that have lost the role cannot wait for the other writer.
            restoreLostStep(target, world, memory) ??
            nextDeliveryStep({ subject, record, deliverySeconds }, world, memory),
        limitSeconds: deliverySeconds,
        limitArgument: "timeouts.deliverySeconds",
    });
}

/**
 * The add-on gives up the role that it had before the component: the record of the credential guard, which knows that role, is in the state by now.
 */
async function giveUpRole(context: RunContext, target: RolloutRun): Promise<void> {
    const { subject, record, iamPropagationSeconds, timeouts } = target;
    const deliverySeconds = deliverySecondsOf(timeouts);
    const goal = {
        subject,
        record,
        deliverySeconds,
        iamPropagationSeconds,
        givesUp: (roleArn: string) => roleArn !== subject.roleArn && roleArn === record.addOnRoleArn,
        keeping: undefined,
    };
    const next = (world: World, memory: Memory): Step =>
        addOnGivesUpStep(goal, world, memory) ?? { do: "done", why: "the add-on carries no role of another owner" };
    await reach(seeingAddOn(context), {
        what: "Taking the former role from the managed add-on",
        next,
        limitSeconds: deliverySeconds,
        limitArgument: "timeouts.deliverySeconds",
    });
}
