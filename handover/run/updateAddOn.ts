import type { AddOnUpdate, AddOnUpdateEnded, AddOnUpdateSeen } from "../model/addOn";
import type { RunContext } from "../observe/runContext";

/** EKS takes seconds to minutes for an update of an add-on. */
const ASK_EVERY_MILLISECONDS = 3000;

/**
 * Updates the managed add-on, and follows this update until EKS has ended it. The status of the add-on may still be that of before. Undefined if EKS
 * was busy with another update, or if the add-on was deleted meanwhile: the next look shows it.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeUpdate.html
 */
export async function updateAddOn(
    { aws, now, sleep, progress, cancelled }: RunContext,
    update: AddOnUpdate,
    limitSeconds: number,
): Promise<AddOnUpdateEnded | undefined> {
    const sent = await aws.updateAddOn(update);
    if (sent.is === "missing") {
        progress(`the add-on is gone: ${sent.why}`);
        return undefined;
    }
    if (sent.is === "busy") {
        progress(`EKS is busy with the add-on: ${sent.why}`);
        await sleep(ASK_EVERY_MILLISECONDS);
        return undefined;
    }
    const deadline = now() + limitSeconds * 1000;
    const ended = (isSuccessful: boolean, why: string) => ({ roleArn: update.roleArn, at: now(), isSuccessful, why });
    for (;;) {
        const seen = await aws.addOnUpdate(update.clusterName, sent.updateId);
        if (seen.status === "Missing") {
            progress(`the add-on is gone: ${seen.errors.join(" ")}`);
            return undefined;
        }
        if (seen.status !== "InProgress") {
            return ended(seen.status === "Successful", describe(sent.updateId, seen));
        }
        if (now() >= deadline || cancelled?.aborted) {
            return ended(false, `the update ${sent.updateId} is still in progress`);
        }
        await sleep(ASK_EVERY_MILLISECONDS);
    }
}

function describe(updateId: string, { status, errors }: AddOnUpdateSeen): string {
    return [`the update ${updateId} is ${status}`, ...errors].join(": ");
}
