import * as pulumi from "@pulumi/pulumi";
import { withFixedMessage } from "../arguments/fixedMessage";
import { type KnownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
import { type Gate, withKnownPart } from "../arguments/validateArguments";
import { hasEngine } from "../failures/namedHooks";
import type { Refusal } from "../../handover/model/refusal";
import type { refusals } from "../../handover/model/refusals";
import type { CniRole } from "../role/cniRole";
import type { CredentialGuard } from "./liveResources";
import { outputOrNotCreated } from "./notCreated";

/**
 * Fails the update if another role takes the place of the one that the credential guard has approved, and the guard does not approve
 * it: the run has left the guard out (`--target`, `--exclude`), or goes on although the guard has failed (`--continue-on-error`).
 *
 * The role would be delivered without a proof. And the engine deletes the role of before at the end of an update, but only if the
 * program has not failed.
 */
export function unlessLeftOut(
    gate: Gate,
    { approvedRole, drift }: Pick<CredentialGuard, "approvedRole" | "drift">,
    { arn, uniqueId }: Pick<CniRole, "arn" | "uniqueId">,
): Gate {
    return afterCheck(gate, { approvedRole, drift, arn, uniqueId: uniqueId ?? "" }, (known) =>
        isLeftOut({ ...known, approvedRole: outputOrNotCreated(known["approvedRole"], known["drift"]) })
            ? rejectWith(({ roleNotApproved }) => roleNotApproved(String(known["arn"])))
            : Promise.resolve(),
    );
}

/** The gate, which an update also keeps closed until `check` of these values has passed. A preview and mocks check nothing. */
export function afterCheck(gate: Gate, values: object, check: (known: KnownArgs) => Promise<void>): Gate {
    return pulumi.runtime.isDryRun() || !hasEngine()
        ? gate
        : pulumi.all([gate, withKnownPart(values, check)]).apply(([passed]) => passed);
}

/**
 * The approved role is not known if the guard has failed, or was skipped since a resource before it has failed. It is undefined if the
 * run does not create the guard. Then the role is delivered only if it is another owner's, which has no unique ID here, and a run that
 * leaves out the whole component passes, too.
 */
export function isLeftOut({ approvedRole, arn, uniqueId }: KnownArgs): boolean {
    if (approvedRole === undefined) {
        return typeof uniqueId === "string" && uniqueId !== "";
    }
    // As the credential guard writes it.
    const role = `${String(arn)} ${String(uniqueId)}`.trim();
    return typeof approvedRole === "string" ? approvedRole !== role : approvedRole === NOT_YET_KNOWN;
}

/** The ARN in what the guard has approved. */
export function approvedArn({ approvedRole }: KnownArgs): string {
    return String(approvedRole).split(" ")[0] as string;
}

/** Rejects without a `throw`, for the reason in validateArguments.ts. */
export async function rejectWith(choose: (all: typeof refusals) => Refusal): Promise<void> {
    return Promise.reject(await programError(choose));
}

/** The error with which the program ends. */
export async function programError(choose: (all: typeof refusals) => Refusal): Promise<Error> {
    const loaded = await import("../../handover/model/refusals");
    return withFixedMessage(new pulumi.RunError(choose(loaded.refusals).message));
}
