import { NOT_YET_KNOWN } from "../arguments/knownArgs";
import type { Gate } from "../arguments/validateArguments";
import { afterCheck, programError } from "./guardLeftOut";
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
    { verifiedPods, approvedRole: verifiedRole }: Pick<Detachment, "verifiedPods" | "approvedRole">,
): Gate {
    return afterCheck(gate, { approvedRole, record, verifiedPods, verifiedRole }, async (known) => {
        if (isUnfinished(known)) {
            const [roleArn = ""] = String(known["approvedRole"]).split(" ");
            await fail(await programError(({ handOverUnfinished }) => handOverUnfinished(roleArn)));
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
 * A detachment that has failed, or that the run does not reach, has no known outputs. Then pods may carry another role only if one was
 * approved before. A detachment that is left out has those of its last update.
 */
export function isUnfinished(known: Readonly<Record<string, unknown>>): boolean {
    const { approvedRole, record, verifiedPods, verifiedRole } = known;
    if (typeof approvedRole !== "string") {
        return false;
    }
    if (verifiedPods === NOT_YET_KNOWN) {
        return rolesIn(record).length > 1;
    }
    return typeof verifiedRole === "string" && verifiedRole !== approvedRole;
}

function rolesIn(record: unknown): readonly unknown[] {
    const { approvedRoleArns } = (record ?? {}) as { readonly approvedRoleArns?: unknown };
    return Array.isArray(approvedRoleArns) ? approvedRoleArns : [];
}
