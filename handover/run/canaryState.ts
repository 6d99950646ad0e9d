import type { Restorable } from "../decide/annotationsToRestore";
import type { RolloutTarget } from "../decide/canary";
import type { HandOverRecord } from "../model/record";
import type { LiveInputs } from "./liveResource";
import type { ProofDepth } from "./proveRole";

export interface CanaryInputs extends LiveInputs {
    readonly record: HandOverRecord;
    readonly formerAnnotations: Readonly<Record<string, string>>;
    readonly approvedRole: string;
    readonly proof: ProofDepth;
    /** The UID of the service account that the component's patch annotated. Empty if it has no patch. */
    readonly serviceAccountUid: string;
    readonly stableSeconds: number;
    /** The ID of the Pod Identity association: another one gives the role to new pods only. Missing with another delivery. */
    readonly associationId?: string;
    /** Only without a patch of the service account. Missing if the program does not set it. */
    readonly overrideExistingServiceAccount?: boolean;
    /** The component's digest of what it delivers. The rollout does not run again for the same digest. */
    readonly delivered: string;
}

export interface CanaryOutputs {
    /** The result of the rollout, as a sentence. */
    readonly shown: string;
    /** How often a rollout has run. It changes with each one, so that the detachment verifies the pods again. */
    readonly rollouts: number;
}

export type CanaryState = CanaryInputs & CanaryOutputs;

/** A state of an earlier version has other outputs. */
export function outputsOf({ shown = "", rollouts = 0 }: Partial<CanaryOutputs>): CanaryOutputs {
    return { shown, rollouts };
}

/** A rollout, with the subject under the component's first names. */
export type RolloutRun = Omit<CanaryInputs, "serviceAccountUid"> &
    RolloutTarget &
    Pick<Restorable, "isRepair" | "isReplacing"> & {
        /** The other role that the association had at the last rollout. Undefined if that rollout was with another delivery, or with this role. */
        readonly associatedBefore?: string | undefined;
    };
