import type { Proof } from "../model/proof";
import type { DryRunResult } from "./dryRuns";
import { perimeterOf } from "./perimeter";
import type { Decision, Simulation } from "./simulation";

/** The findings of the proof about the permissions of a role's session. */
export interface Findings {
    readonly roleArn: string;
    readonly tried: readonly DryRunResult[];
    /** For the actions that DryRun did not show to be allowed. */
    readonly simulation: Simulation;
    /** Those of `leftToPolicies` that the role's policies allow. Missing: they were not asked. */
    readonly allowedByPolicies?: readonly string[];
}

/** An action that no DryRun has shown to be allowed. */
export interface Unproven extends DryRunResult {
    /** Undefined if the caller may not simulate. */
    readonly decision: Decision | undefined;
}

export function unprovenOf({ tried, simulation }: Pick<Findings, "tried" | "simulation">): Unproven[] {
    const decisions = "decisions" in simulation ? simulation.decisions : undefined;
    return tried
        .filter(({ outcome }) => outcome !== "allowed")
        .map((one) => ({ ...one, decision: decisions && (decisions.get(one.action.action) ?? "denied") }));
}

/**
 * The actions that the role's policies may decide, as they are read: no answer contradicts them. Policies of the organization and of endpoints are not
 * read, so the role's own decide nothing once EC2 names one of those.
 */
export function leftToPolicies<T extends Unproven>(tried: readonly DryRunResult[], unproven: readonly T[]): T[] {
    const isOutside = tried.some(({ words }) => perimeterOf(words) !== undefined);
    return isOutside ? [] : unproven.filter((one) => !CONTRADICTING.has(one.outcome) && !DECIDING.has(one.decision));
}

const CONTRADICTING: ReadonlySet<DryRunResult["outcome"]> = new Set(["refused", "stranger"]);
const DECIDING: ReadonlySet<Decision | undefined> = new Set(["denied", "deniedByOrganization", "unclear"]);

/** The verdict on the role's permissions. Missing ones are not final: IAM may still propagate them. */
export function verdictOf(findings: Findings): Proof {
    const { allowedByPolicies = [] } = findings;
    const unproven = unprovenOf(findings).filter(({ action }) => !allowedByPolicies.includes(action.action));
    const missing = unproven.filter(isMissing);
    if (missing.length > 0) {
        return {
            verdict: "no",
            code: "permission-missing",
            why: whyMissing(missing, findings.roleArn),
            final: false,
            ...(missing.some(isDeniedByOrganization) && { fix: ASK_THE_ORGANIZATION }),
        };
    }
    const undecided = unproven.filter(isUndecided);
    const evidence = evidenceOf(findings, unproven);
    return undecided.length > 0
        ? {
              verdict: "undecided",
              why: whyUndecided(undecided, findings.simulation),
              evidence,
              ...(undecided.every(isUnasked) && { final: true }),
          }
        : { verdict: "yes", evidence };
}

/**
 * Denied by the simulator, denied by EC2 if the simulator says nothing, or the session is not known to EC2 yet. A denial by a data
 * perimeter is about the machine that runs Pulumi.
 */
function isMissing(one: Unproven): boolean {
    const { outcome, decision } = one;
    const isRefused = outcome === "refused" && saysNothing(decision) && !isOutside(one);
    return outcome === "stranger" || decision === "denied" || isDeniedByOrganization(one) || isRefused;
}

function isOutside({ outcome, words }: Unproven): boolean {
    return outcome === "refused" && perimeterOf(words) !== undefined;
}

/**
 * No change of the role helps then. EC2's words alone do not tell: a service control policy may deny the call from this machine, and
 * admit it from the nodes.
 */
function isDeniedByOrganization({ decision }: Unproven): boolean {
    return decision === "deniedByOrganization";
}

/** The simulator cannot tell a policy that admits the nodes by their addresses alone from one that denies everybody. */
const ASK_THE_ORGANIZATION =
    "A service control policy of the organization denies this, so its owner has to allow these actions for the role. Then run pulumi up --refresh. " +
    'If it admits the nodes by their addresses, set proof: "off", and the canary decides.';

/** The caller may not simulate, or IAM does not simulate the action. */
function saysNothing(decision: Decision | undefined): boolean {
    return decision === undefined || decision === "unevaluated";
}

/**
 * EC2 may deny a DryRun that the simulator allows because of where the call comes from (conditions on the source address or the
 * VPC endpoint), or because IAM shows a policy that is not enforced yet.
 */
function isUndecided(one: Unproven): boolean {
    const { outcome, decision } = one;
    return (
        (isOutside(one) && saysNothing(decision)) ||
        decision === "unclear" ||
        decision === "unevaluated" ||
        (outcome === "refused" && decision === "allowed") ||
        (outcome === "unclear" && decision === undefined) ||
        isUnasked(one)
    );
}

/** It has no DryRun, or there is no session or node to try it, and the caller may not simulate. */
function isUnasked({ outcome, decision }: Unproven): boolean {
    return outcome === "untried" && decision === undefined;
}

function whyMissing(missing: readonly Unproven[], roleArn: string): string {
    const said = missing.find(({ words }) => words !== "");
    return (
        `The role ${roleArn} lacks these EC2 permissions: ${names(missing)}` +
        (said === undefined
            ? " (according to IAM's policy simulator)."
            : `. In its session, ${said.action.action} failed: ${said.words}`)
    );
}

/** Says a sentence about the actions with a reason, with the words of the first. Nothing if there are none. */
export function sentencesOn<T extends DryRunResult>(all: readonly T[]) {
    return (has: (one: T) => boolean, sentence: (actions: string, words: string) => string): string[] => {
        const some = all.filter(has);
        return some.slice(0, 1).map(({ words }) => sentence(names(some), words));
    };
}

export const dependsOnTheCall = (actions: string) =>
    `IAM's policy simulator cannot decide ${actions}: it depends on conditions that only a real call meets.`;
export const doesNotSimulate = (actions: string) => `IAM's policy simulator does not simulate ${actions}.`;

/** A sentence for each reason, with the words of its first action. */
function whyUndecided(undecided: readonly Unproven[], simulation: Simulation): string {
    const say = sentencesOn(undecided);
    const is = (outcome: DryRunResult["outcome"], decision: Decision) => (one: Unproven) =>
        one.outcome === outcome && one.decision === decision;
    return [
        ...say(
            is("refused", "allowed"),
            (actions, words) =>
                `EC2 refuses a DryRun of ${actions} from this machine, although IAM's policy simulator allows it: ${words}.`,
        ),
        ...say(
            is("refused", "unclear"),
            (actions, words) =>
                `EC2 refuses a DryRun of ${actions} from this machine, and IAM's policy simulator cannot decide, since it ` +
                `depends on conditions that only a real call meets: ${words}.`,
        ),
        ...say(
            (one) => isOutside(one) && saysNothing(one.decision),
            (actions, words) =>
                `EC2 refuses a DryRun of ${actions} from this machine by a policy that may depend on where the call comes from: ` +
                `${words}.`,
        ),
        ...say(
            ({ outcome }) => outcome === "unclear",
            (actions, words) => `EC2's answer to a DryRun of ${actions} says nothing about permissions: ${words}.`,
        ),
        ...say(is("untried", "unclear"), dependsOnTheCall),
        ...say(is("untried", "unevaluated"), doesNotSimulate),
        ...say(
            isUnasked,
            (actions) =>
                `Neither a DryRun nor IAM's policy simulator decides ${actions}: ${"notAllowed" in simulation ? simulation.notAllowed : ""}`,
        ),
    ].join(" ");
}

function evidenceOf({ tried, simulation, allowedByPolicies = [] }: Findings, unproven: readonly Unproven[]): string[] {
    const allowed = tried.filter(({ outcome }) => outcome === "allowed");
    const simulated = unproven.filter(({ decision }) => decision === "allowed");
    return [
        ...(allowed.length === 0 ? [] : [`A DryRun as the role succeeds: ${names(allowed)}`]),
        ...(simulated.length === 0 ? [] : [`IAM's policy simulator allows the role: ${names(simulated)}`]),
        ...(allowedByPolicies.length === 0
            ? []
            : [`The policies of the role allow, without a condition: ${allowedByPolicies.join(", ")}`]),
        ...(unproven.length > 0 && "notAllowed" in simulation
            ? [
                  `Not proved: ${names(unproven)}, since the live checks' credentials are not allowed to use IAM's policy simulator. ${simulation.notAllowed}`,
              ]
            : []),
    ];
}

export function names(some: readonly DryRunResult[]): string {
    return some.map(({ action }) => action.action).join(", ");
}
