import type { HandOverRecord } from "../../handover/model/record";
import type { Gate } from "../arguments/validateArguments";
import { afterCheck, approvedArn, programError } from "./guardLeftOut";
import { type CredentialGuard, type Detachment, isInPlugin } from "./liveResources";

/**
 * Fails the update if the credential guard has approved another role, and the run does not verify that all pods carry it: it has left
 * out one of the live checks (`--target`, `--exclude`), or goes on although one has failed (`--continue-on-error`).
 *
 * Pods may still carry the role of before, and the engine deletes it at the end of an update, but only if the program has not failed.
 */
export function unlessUnfinished(
    gate: Gate,
    { approvedRole, record }: Pick<CredentialGuard, "approvedRole" | "record">,
    { verifiedPods, ...verified }: Pick<Detachment, "verifiedPods" | "approvedRole" | "record">,
): Gate {
    const { approvedRole: verifiedRole, record: verifiedRecord } = verified;
    return afterCheck(gate, { approvedRole, record, verifiedPods, verifiedRole, verifiedRecord }, async (known) => {
        if (isUnfinished(known)) {
            await fail(await programError(({ handOverUnfinished }) => handOverUnfinished(approvedArn(known))));
        }
    });
}

/**
 * Fails the program outside of every promise. All outputs of the component wait for this one, and V8 would search them for a handler of
 * a rejection (see validateArguments.ts). The plugin has no debugger, and has to answer the program.
 */
async function fail(error: Error): Promise<void> {
    if (isInPlugin()) {
        return Promise.reject(error);
    }
    setImmediate(() => {
        throw error;
    });
}

/**
 * A detachment that has failed, or that the run does not reach, has no known outputs. One that the run does not create has inputs only.
 * In both cases pods may carry another role only if one was approved before. A detachment that is left out has those of its last update,
 * and a former role may have returned since.
 */
export function isUnfinished(known: Readonly<Record<string, unknown>>): boolean {
    const { approvedRole, record, verifiedPods, verifiedRole, verifiedRecord } = known;
    if (typeof approvedRole !== "string") {
        return false;
    }
    if (typeof verifiedPods !== "number") {
        return rolesIn(record).length > 1;
    }
    return (
        typeof verifiedRole === "string" &&
        (verifiedRole !== approvedRole || approvalsIn(verifiedRecord) !== approvalsIn(record))
    );
}

type Approved = Pick<HandOverRecord, "approvedRoleArns" | "approvals">;

function rolesIn(record: unknown): readonly unknown[] {
    const { approvedRoleArns } = (record ?? {}) as Partial<Approved>;
    return Array.isArray(approvedRoleArns) ? approvedRoleArns : [];
}

function approvalsIn(record: unknown): number {
    return ((record ?? {}) as Partial<Approved>).approvals ?? 0;
}
