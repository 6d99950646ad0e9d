import { withTimeout } from "../async/withTimeout";
import type { ConnectionInputs } from "../model/connection";
import type { Preflight, PreflightOptions } from "../model/preflight";
import { subjectOf } from "../model/record";
import { listRefusals } from "../model/refusal";
import type { World } from "../model/world";
import { observePreflight } from "../observe/preflightLook";
import { openRunContext, RunContext } from "../observe/runContext";
import { withUndecidedActions } from "../observe/undecidedActions";
import { detachesNothing, HandOverPlan, planHandOver, PlanInputs, restartsNothing } from "./plan";
import { planLines } from "./planLines";

/** Everything that a preview knows about a component's live checks. */
export interface PreviewInputs
    extends
        ConnectionInputs,
        Omit<PreflightOptions, "detachFromNodeRoles">,
        Omit<PlanInputs, "preflight" | "resourceControllersOn"> {
    /** The field managers that the component had before it was renamed. */
    readonly formerFieldManagers: readonly string[];
    /** Whether the update creates the role. */
    readonly isNewRole: boolean;
}

/** A message that a preview shows. */
export interface PreviewMessage {
    /** Whether the update would refuse. */
    readonly refuses: boolean;
    readonly text: string;
}

type Open = (inputs: PreviewInputs) => Promise<RunContext>;

/**
 * Says what an update would do, and that no pod restarts if none does.
 *
 * It only reads, takes no longer than the limit, and never fails.
 */
export async function previewHandOver(
    inputs: PreviewInputs,
    limitSeconds: number,
    open: Open = openImpatiently,
): Promise<PreviewMessage> {
    const late = () => new Error(`no answer within ${String(limitSeconds)} s`);
    try {
        return messageOf(await withTimeout(limitSeconds * 1000, lookAhead(inputs, open), late));
    } catch (error) {
        return planUnavailable(reasonOf(error));
    }
}

/** Says in one line why there is no plan. */
export function planUnavailable(why: string): PreviewMessage {
    const text = `There is no plan for the hand-over yet: ${why}`;
    return { refuses: false, text };
}

async function lookAhead(inputs: PreviewInputs, open: Open): Promise<HandOverPlan> {
    const context = await open(knowing(inputs));
    try {
        const options = { ...inputs, detachFromNodeRoles: inputs.detachFromNodeRoles ?? [] };
        const preflight = await observePreflight(context, options, () => context.cluster.issuer());
        const planned = (world: World, resourceControllersOn: readonly string[] = []) => {
            const seen = underFirstName({ ...preflight, world }, inputs.formerFieldManagers);
            return planHandOver({ ...inputs, preflight: seen, resourceControllersOn });
        };
        const plan = planned(preflight.world);
        if (detachesNothing(plan)) {
            return plan;
        }
        const [world, resourceControllersOn] = await Promise.all([
            inputs.isNewRole ? preflight.world : askedFromHere(context, preflight.world),
            context.cluster.resourceControllersOn(),
        ]);
        const isAsBefore = world === preflight.world && resourceControllersOn.length === 0;
        return isAsBefore ? plan : planned(world, resourceControllersOn);
    } finally {
        context.cluster.close();
    }
}

/** A preview makes no DryRun as the role, since it creates no token. */
async function askedFromHere(context: RunContext, seen: World): Promise<World> {
    const world = await withUndecidedActions(context, false, seen);
    const { undecidedActions: undecided } = world.account;
    if (undecided === undefined || context.subject.delivery === "podIdentity") {
        return world;
    }
    const why = `${undecided.why} A preview makes no DryRun as the role. The update makes it, unless proof is "off", and it may decide.`;
    return { ...world, account: { ...world.account, undecidedActions: { ...undecided, why } } };
}

/**
 * As in the update: a renamed component looks under its first names, and one whose add-on has delivered the role looks at the add-on, whichever delivery
 * comes next.
 */
function knowing(inputs: PreviewInputs): PreviewInputs {
    const record = inputs.record ?? inputs.former?.record;
    return record === undefined ? inputs : { ...inputs, subject: subjectOf(record, inputs.subject) };
}

/**
 * A renamed component continues under the field manager of its record. If the preview does not know the record, the owner of the
 * annotation shows which former name that is.
 */
function underFirstName(preflight: Preflight, former: readonly string[]): Preflight {
    const owners = preflight.world.cluster.serviceAccount?.roleArnOwners ?? [];
    const fieldManager = owners.find((owner) => former.includes(owner)) ?? preflight.subject.fieldManager;
    return { ...preflight, subject: { ...preflight.subject, fieldManager } };
}

/** Opens a run context that fails early, since a preview has no time for long retries. */
export function openImpatiently(inputs: PreviewInputs): Promise<RunContext> {
    return openRunContext(inputs, nodeRolesOf(inputs), { progress: () => undefined }, true);
}

/** The node roles to read, besides those of the nodes: the recorded ones, and those that the program names. */
export function nodeRolesOf({
    record,
    detachFromNodeRoles = [],
}: Pick<PreviewInputs, "record" | "detachFromNodeRoles">): string[] {
    return [...new Set([...(record?.namedNodeRoles ?? []), ...detachFromNodeRoles])];
}

function messageOf(plan: HandOverPlan): PreviewMessage {
    const { refusals, remaining } = plan;
    if (refusals.length > 0) {
        return { refuses: true, text: listRefusals("The update would stop", refusals) };
    }
    const left = remaining.length === 0 ? [] : [listed("Remaining steps after the update:", remaining)];
    const changes = [...(restartsNothing(plan) ? [planLines.noRestart] : []), ...plan.changes];
    return { refuses: false, text: [listed("Plan for the cluster:", changes), ...left].join("\n") };
}

function listed(title: string, lines: readonly string[]): string {
    return [title, ...lines].join("\n  ");
}

function reasonOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
