import type { Approval } from "../decide/preflight";
import { seeGround, Wishes } from "../observe/preflightLook";
import { isRefusal, Site } from "../run/loop";
import { HandOverPlan, planHandOver, PlanQuestion } from "./plan";
import { openSite, SiteInputs } from "../observe/runContext";

/** What a preview knows of a component's live checks. */
export interface PreviewInputs extends SiteInputs, Omit<Wishes, "detachFromNodeRoles">, Omit<PlanQuestion, "approval"> {
    /** Under which the component may have begun, before it was renamed. */
    readonly formerFieldManagers: readonly string[];
}

/** What whoever runs a preview is told. */
export interface Told {
    readonly refuses: boolean;
    readonly text: string;
}

type Open = (inputs: PreviewInputs) => Promise<Site>;

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
    const site = await open(inputs);
    try {
        const wishes = { ...inputs, detachFromNodeRoles: inputs.detachFromNodeRoles ?? [] };
        const approval = await seeGround(site, wishes, () => site.cluster.issuer());
        return planHandOver({ ...inputs, approval: asItBegan(approval, inputs.formerFieldManagers) });
    } finally {
        site.cluster.close();
    }
}

/**
 * A component that was renamed goes on under the field manager of its record. Where a preview does not know the record, the owner of
 * the annotation tells which of the former names that is.
 */
function asItBegan(approval: Approval, former: readonly string[]): Approval {
    const owners = approval.world.cluster.serviceAccount?.roleArnOwners ?? [];
    const fieldManager = owners.find((owner) => former.includes(owner)) ?? approval.subject.fieldManager;
    return { ...approval, subject: { ...approval.subject, fieldManager } };
}

function openImpatiently(inputs: PreviewInputs): Promise<Site> {
    const roleNames = [...(inputs.record?.namedNodeRoles ?? []), ...(inputs.detachFromNodeRoles ?? [])];
    return openSite(inputs, [...new Set(roleNames)], { progress: () => undefined }, true);
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
