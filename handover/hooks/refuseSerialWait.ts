import { describeDelivery, isDelivered } from "../decide/delivery";
import { refusals } from "../model/refusals";
import { type OperationContext, type RecordedInputs, withRunContext } from "../observe/runContext";

export type SerialWaitInputs = RecordedInputs;

/** Refuses an update that would wait for another writer although the engine runs one operation at a time, unless the role is delivered already. */
export async function refuseSerialWait(inputs: SerialWaitInputs, operation: OperationContext): Promise<void> {
    await withRunContext(inputs, [], operation, async ({ cluster, subject }) => {
        const seen = await cluster.look();
        if (!isDelivered(subject, seen)) {
            throw refusals.waitsAlone(subject, describeDelivery(subject, seen));
        }
    });
}
