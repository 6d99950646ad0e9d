import { KnownArgs } from "../arguments/knownArgs";
import type { Gate } from "../arguments/validateArguments";
import { afterCheck, approvedArn, rejectWith } from "./guardLeftOut";
import type { Canary, CredentialGuard } from "./liveResources";
import { outputOrNotCreated } from "./notCreated";

/**
 * Fails the update before the rollout if the credential guard has approved another role, and the run has left out the canary (`--target`,
 * `--exclude`): the resources after it would treat the role as tried.
 */
export function unlessUntried(
    gate: Gate,
    { approvedRole }: Pick<CredentialGuard, "approvedRole">,
    { approvedRole: triedRole, shown, drift }: Pick<Canary, "approvedRole" | "shown" | "drift">,
): Gate {
    return afterCheck(gate, { approvedRole, triedRole, shown, drift }, (known) =>
        isUntried({ ...known, shown: outputOrNotCreated(known["shown"], known["drift"]) })
            ? rejectWith(({ handOverUnfinished }) => handOverUnfinished(approvedArn(known)))
            : Promise.resolve(),
    );
}

/**
 * A canary that is left out has the role of its last update, or has shown nothing if there was none. One that fails keeps the rollout
 * from beginning by itself.
 */
export function isUntried({ approvedRole, triedRole, shown }: KnownArgs): boolean {
    return (
        typeof approvedRole === "string" &&
        (shown === undefined || (typeof triedRole === "string" && approvedRole !== triedRole))
    );
}
