import type { Proof } from "../model/proof";
import type { Tried } from "./dryRuns";
import type { Decision, Simulation } from "./simulation";

/** What was found out about the rights of a role's session. */
export interface Findings {
    readonly roleArn: string;
    readonly tried: readonly Tried[];
    /** Of those that DryRun did not show to be allowed. */
    readonly simulation: Simulation;
}

interface Open extends Tried {
    /** Undefined: the operator may not simulate. */
    readonly decision: Decision | undefined;
}

/** What the findings say about the role's rights. Missing ones may still come: IAM takes its time. */
export function verdictOf(findings: Findings): Proof {
    const { tried, simulation } = findings;
    const decisions = "decisions" in simulation ? simulation.decisions : undefined;
    const open = tried
        .filter(({ outcome }) => outcome !== "allowed")
        .map((one): Open => ({ ...one, decision: decisions && (decisions.get(one.action.action) ?? "denied") }));
    const missing = open.filter(isMissing);
    if (missing.length > 0) {
        return { verdict: "no", code: "permission-missing", why: whyMissing(missing, findings.roleArn), final: false };
    }
    const undecided = open.filter(isUndecided);
    const evidence = evidenceOf(findings, open);
    return undecided.length > 0
        ? { verdict: "undecided", why: whyUndecided(undecided), evidence }
        : { verdict: "yes", evidence };
}

/** Refused by both, refused by the one that could be asked, or not known yet to EC2. */
function isMissing({ outcome, decision }: Open): boolean {
    return outcome === "stranger" || decision === "denied" || (outcome === "refused" && decision === undefined);
}

/**
 * A DryRun that EC2 refuses against a good simulation may be refused for where it comes from (conditions on the source address or
 * the VPC endpoint), or because IAM shows a policy that is not in force yet.
 */
function isUndecided({ outcome, decision }: Open): boolean {
    return (
        decision === "unclear" ||
        (outcome === "refused" && decision === "allowed") ||
        (outcome === "unclear" && decision === undefined)
    );
}

function whyMissing(missing: readonly Open[], roleArn: string): string {
    const said = missing.find(({ words }) => words !== "");
    return (
        `The role ${roleArn} lacks ${names(missing)} in EC2` +
        (said === undefined
            ? ", according to IAM's policy simulator."
            : `. EC2 answered ${said.action.action} in its session with: ${said.words}`)
    );
}

function whyUndecided(undecided: readonly Open[]): string {
    const refused = undecided.filter(({ outcome }) => outcome === "refused");
    const unclear = undecided.filter(({ outcome }) => outcome === "unclear");
    const untried = undecided.filter(({ outcome }) => outcome === "untried");
    return [
        ...refused.slice(0, 1).map(({ words }) => {
            return `EC2 refuses a DryRun of ${names(refused)} from this machine, and IAM's policy simulator allows it: ${words}.`;
        }),
        ...unclear.slice(0, 1).map(({ words }) => {
            return `EC2's answer to a DryRun of ${names(unclear)} says nothing about permissions: ${words}.`;
        }),
        ...(untried.length === 0
            ? []
            : [
                  `IAM's policy simulator cannot decide ${names(untried)}: it depends on conditions that only a real call meets.`,
              ]),
    ].join(" ");
}

function evidenceOf({ tried, simulation }: Findings, open: readonly Open[]): string[] {
    const allowed = tried.filter(({ outcome }) => outcome === "allowed");
    const simulated = open.filter(({ decision }) => decision === "allowed");
    return [
        ...(allowed.length === 0 ? [] : [`A DryRun as the role succeeds: ${names(allowed)}`]),
        ...(simulated.length === 0 ? [] : [`IAM's policy simulator allows the role: ${names(simulated)}`]),
        ...(open.length > 0 && "notAllowed" in simulation
            ? [`Not proved: ${names(open)}, which the caller may not simulate. ${simulation.notAllowed}`]
            : []),
    ];
}

function names(some: readonly Tried[]): string {
    return some.map(({ action }) => action.action).join(", ");
}
