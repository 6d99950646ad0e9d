import { withTimeout } from "../async/withTimeout";
import { addOnDrift } from "../decide/addOnDrift";
import { withoutComplaints } from "../decide/complaints";
import { driftOf } from "../decide/drift";
import { rolesIn } from "../decide/remainingSteps";
import type { LeftBehind } from "../model/formerDetachment";
import { HandOverRecord, subjectOf } from "../model/record";
import type { World } from "../model/world";
import { seeingAssociations } from "../observe/associations";
import { look } from "../observe/look";
import type { RunContext } from "../observe/runContext";
import { seeingAddOn } from "../observe/seeingAddOn";
import { openImpatiently, PreviewInputs } from "./previewHandOver";

/**
 * For a preview in which no live check will act: reports everything that others have changed since the last update, because the update
 * itself will not look.
 *
 * It only reads, takes no longer than the limit, and never fails. Undefined if nothing differs, or if there was no answer: a finished stack must be
 * quiet even if the cluster is out of reach.
 */
export async function previewDrift(
    inputs: PreviewInputs,
    left: LeftBehind,
    limitSeconds: number,
    open: (inputs: PreviewInputs) => Promise<RunContext> = openImpatiently,
): Promise<string | undefined> {
    const { record } = inputs;
    const late = () => new Error(`no answer within ${String(limitSeconds)} s`);
    return record === undefined
        ? undefined
        : withTimeout(limitSeconds * 1000, lookForDrift({ ...inputs, record }, left, open), late).catch(
              () => undefined,
          );
}

async function lookForDrift(
    inputs: PreviewInputs & { readonly record: HandOverRecord },
    left: LeftBehind,
    open: (inputs: PreviewInputs) => Promise<RunContext>,
): Promise<string | undefined> {
    // A renamed component continues under the names in its record.
    const subject = subjectOf(inputs.record, inputs.subject);
    const context = await open({ ...inputs, subject });
    try {
        const seen = await look(seeingAddOn(seeingAssociations(context)), { searchElsewhere: false });
        const world = asUndecidedAsBefore(seen, left);
        // A pod keeps its complaint for an hour, also after the role was repaired. Only a proof shows whether it is outdated, and a proof
        // creates a token.
        const drifts = [
            driftOf({ ...inputs, subject, canarySeconds: Infinity }, withoutComplaints(world), left),
            subject.delivery === "eksAddon" ? addOnDrift(subject, world) : undefined,
        ].flatMap((drift) => drift ?? []);
        return drifts.length === 0 ? undefined : drifts.join(" ");
    } finally {
        context.cluster.close();
    }
}

/** Only DryRun calls as the role may tell whether another answer decides since, and they need a token. */
function asUndecidedAsBefore(world: World, { remainingSteps: before }: LeftBehind): World {
    return rolesIn(before, "unproved").length === 0
        ? world
        : { ...world, account: { ...world.account, undecidedActions: { actions: [], why: "", fix: "" } } };
}
