/**
 * Commands that random runs do not play, and why: all but the first end with a problem each time. knownGaps.ts plays them.
 */
import { type Child, CHILDREN, Flags, isLeftOutOf, positionOf } from "./engineFlags";

/** An update, as far as it decides whether the model plays it. */
export interface Command {
    readonly flags: Flags;
    /** The children in the state as the run begins. */
    readonly present: ReadonlySet<Child>;
    /** Whether the program's role fails on the nodes. */
    readonly roleFails: boolean;
    /** Whether the guard's record has no policy of a node role that the program names. */
    readonly isUnrecorded: boolean;
    /** Whether the state has a role that an earlier run has replaced. */
    readonly hasFormerRole: boolean;
}

const REASONS: readonly (readonly [reason: string, applies: (command: Command) => boolean])[] = [
    [
        // The engine fails as it saves the state ("snapshot integrity failure"), and `pulumi state repair` has to follow. Seen with v3.260.
        "the engine would create a child without one that it depends on",
        ({ flags: { exclude = [] }, present }) => {
            const missing = exclude.filter((child) => !present.has(child)).map(positionOf);
            const isThere = (child: Child) => present.has(child) || !exclude.includes(child);
            return CHILDREN.some((child) => isThere(child) && positionOf(child) > Math.min(...missing));
        },
    ],
    [
        // The new guard takes the annotation of a killed run for the one of before, so that a failed canary is not reverted.
        "a guard is replaced, and its role fails",
        ({ flags: { replace = [] }, roleFails }) => roleFails && replace.includes("guard"),
    ],
    [
        // The detachment detaches policies that nothing attaches again: the hand-back refuses.
        "the guard is left out, and the detachment is not, where the record lacks a node role's policies",
        ({ flags, isUnrecorded }) => isUnrecorded && isLeftOutOf(flags, "guard") && !isLeftOutOf(flags, "detachment"),
    ],
    [
        // The record of a new guard may not know the former role, so that the hand-over of a failed canary looks finished.
        "a guard is replaced, and the run goes on, while the state has a former role",
        ({ flags: { replace = [], continueOnError }, hasFormerRole }) =>
            hasFormerRole && continueOnError === true && replace.includes("guard"),
    ],
];

/** Undefined: the model plays the command. */
export function whyNotPlayed(command: Command): string | undefined {
    return command.flags.isKnownGap ? undefined : REASONS.find(([, applies]) => applies(command))?.[0];
}
