import { setTimeout as sleep } from "node:timers/promises";
import type { Stage } from "./stage";

/** Time for a pod to be created and to start. */
const POD_START_MILLISECONDS = 3000;

/**
 * The worst case between the kill and the next run: a pod is deleted while the webhook is down. In any state that the kill
 * left behind, the new pod must have a working path, or admission must refuse it.
 */
export async function deletePodWithoutWebhook(stage: Stage): Promise<void> {
    const { faults } = stage;
    const [node = ""] = (await stage.pods()).keys();
    await faults.stopWebhook();
    try {
        await stage.deletePodOn(node);
        await sleep(POD_START_MILLISECONDS);
    } finally {
        await faults.startWebhook();
    }
}
