import { type Preflight, PreflightOptions } from "../model/preflight";
import { observePreflight } from "../observe/preflightLook";
import { RunContext, openRunContext } from "../observe/runContext";
import { isRefusal } from "../model/refusal";
import { HandOverPlan, planHandOver, PlanInputs } from "./plan";
import { ConnectionInputs } from "../model/connection";

/** What a preview knows of a component's live checks. */
export interface PreviewInputs
    extends ConnectionInputs, Omit<PreflightOptions, "detachFromNodeRoles">, Omit<PlanInputs, "preflight"> {
    /** Under which the component may have begun, before it was renamed. */
    readonly formerFieldManagers: readonly string[];
}

/** What whoever runs a preview is told. */
export interface Told {
    readonly refuses: boolean;
    readonly text: string;
}

type Open = (inputs: PreviewInputs) => Promise<RunContext>;

/**
 * What an update would do, for whoever runs a preview; undefined where there is nothing to say. It reads, takes no longer than so
 * many seconds, and never fails.
 */
export async function previewHandOver(
    inputs: PreviewInputs,
    limitSeconds: number,
    open: Open = openImpatiently,
): Promise<Told | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Told>((resolve) => {
        const why = `no answer within ${String(limitSeconds)} s`;
        timer = setTimeout(() => resolve(notLookedAt(why)), limitSeconds * 1000);
    });
    try {
        return await Promise.race([
            lookAhead(inputs, open).then(told, (error: unknown) => notLookedAt(reasonOf(error))),
            late,
        ]);
    } finally {
        clearTimeout(timer);
    }
}

/** Says why a preview has nothing to say, in one line. */
export function notLookedAt(why: string): Told {
    const text = `The hand-over is not planned, since the cluster was not looked at: ${why}`;
    return { refuses: false, text };
}

async function lookAhead(inputs: PreviewInputs, open: Open): Promise<HandOverPlan> {
    const context = await open(inputs);
    try {
        const wishes = { ...inputs, detachFromNodeRoles: inputs.detachFromNodeRoles ?? [] };
        const preflight = await observePreflight(context, wishes, () => context.cluster.issuer());
        return planHandOver({ ...inputs, preflight: asItBegan(preflight, inputs.formerFieldManagers) });
    } finally {
        context.cluster.close();
    }
}

/**
 * A component that was renamed goes on under the field manager of its record. Where a preview does not know the record, the owner of
 * the annotation tells which of the former names that is.
 */
function asItBegan(preflight: Preflight, former: readonly string[]): Preflight {
    const owners = preflight.world.cluster.serviceAccount?.roleArnOwners ?? [];
    const fieldManager = owners.find((owner) => former.includes(owner)) ?? preflight.subject.fieldManager;
    return { ...preflight, subject: { ...preflight.subject, fieldManager } };
}

function openImpatiently(inputs: PreviewInputs): Promise<RunContext> {
    const roleNames = [...(inputs.record?.namedNodeRoles ?? []), ...(inputs.detachFromNodeRoles ?? [])];
    return openRunContext(inputs, [...new Set(roleNames)], { progress: () => undefined }, true);
}

function told({ refusals, moves, remaining }: HandOverPlan): Told | undefined {
    if (refusals.length > 0) {
        const reasons = refusals.length === 1 ? "this reason" : `${String(refusals.length)} reasons`;
        const text = listed(
            `The update would refuse, for ${reasons}:`,
            refusals.map(({ message }) => message),
        );
        return { refuses: true, text };
    }
    const left = remaining.length === 0 ? [] : [listed("What is left to do then:", remaining)];
    return moves.length === 0
        ? undefined
        : { refuses: false, text: [listed("What the update does on the cluster:", moves), ...left].join("\n") };
}

function listed(title: string, lines: readonly string[]): string {
    return [title, ...lines].join("\n  ");
}

function reasonOf(error: unknown): string {
    if (isRefusal(error)) {
        return `[${error.code}] ${error.seen}`;
    }
    return error instanceof Error ? error.message : String(error);
}
