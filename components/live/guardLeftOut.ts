import * as pulumi from "@pulumi/pulumi";
import { withFixedMessage } from "../arguments/fixedMessage";
import type { Gate } from "../arguments/validateArguments";
import { hasEngine } from "../failures/failureHooks";
import type { CniRole } from "../role/cniRole";
import type { CredentialGuard } from "./liveResources";

/**
 * Fails the update if it has left out the credential guard (`--target`, `--exclude`) and another role takes the place of the one that
 * the guard has approved.
 *
 * The guard then keeps its outputs of before, so the role would be delivered without a proof. The engine deletes the role of before at
 * the end of an update, but only if the program has not failed.
 */
export function unlessLeftOut(gate: Gate, { approvedRole }: CredentialGuard, { arn }: CniRole): Gate {
    if (pulumi.runtime.isDryRun() || !hasEngine()) {
        return gate;
    }
    return pulumi
        .all([gate, approvedRole, arn])
        .apply(([passed, approved, roleArn]) =>
            isLeftOut(approved, roleArn) ? reject(roleArn) : Promise.resolve(passed),
        );
}

/** Rejects without a `throw`, for the reason in validateArguments.ts. */
async function reject(roleArn: string): Promise<true> {
    const { refusals } = await import("../../handover/model/refusals");
    return Promise.reject(withFixedMessage(new pulumi.RunError(refusals.roleNotApproved(roleArn).message)));
}

/** @param approved The ARN of the role and its unique ID. Undefined if the run skips the creation of the guard. */
export function isLeftOut(approved: string | undefined, roleArn: string): boolean {
    return approved !== undefined && approved.split(" ")[0] !== roleArn;
}
