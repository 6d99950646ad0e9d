import { untestedByStart } from "../../documents/startActions";
import { settingOf } from "../../documents/pluginSettings";
import type { CniAction } from "../../documents/cniActions";
import type { UndecidedActions, UndecidedRequest } from "../model/proof";
import { withFullStop } from "../model/refusals/texts";
import { allowedByPolicies } from "./allowedByPolicies";
import { assume } from "./assumeRole";
import type { Clients } from "./awsClients";
import { type DryRunResult, type NodeArguments, tryInSession, untried } from "./dryRuns";
import { nodeOf } from "./nodeArguments";
import {
    dependsOnTheCall,
    doesNotSimulate,
    leftToPolicies,
    names,
    sentencesOn,
    type Unproven,
    unprovenOf,
} from "./proofVerdict";
import { simulate, type Simulation } from "./simulation";

/**
 * The writing actions of the plugin that neither its start nor any evidence decides. Undefined if there is none.
 *
 * The start of a pod shows that the role may call what each start calls. Of the other actions, any one of these is enough:
 *   a. EC2 allows a DryRun in the role's session,
 *   b. IAM's policy simulator allows it, and EC2 does not refuse the DryRun,
 *   c. the role's own policies allow it as they are read now, and no answer contradicts them (allowedByPolicies.ts).
 */
export async function undecidedActions(
    clients: Clients,
    request: UndecidedRequest,
): Promise<UndecidedActions | undefined> {
    const { roleArn, ipFamily, settings } = request;
    const node = await nodeOf(clients, request);
    const answers = await triedAsRole(clients, request, untestedByStart(ipFamily, settings), node);
    // With custom networking, the interfaces are created in other subnets than that of the node, with which both ask.
    const isElsewhere = ({ action }: CniAction) =>
        action === "ec2:CreateNetworkInterface" && settingOf(settings, "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") !== false;
    const tried = answers.map((one) =>
        one.outcome === "allowed" && isElsewhere(one.action) ? untried(one.action) : one,
    );
    const rest = tried.filter(({ outcome }) => outcome !== "allowed").map(({ action }) => action);
    if (rest.length === 0) {
        return undefined;
    }
    const simulation = await simulate(clients, roleArn, rest, node);
    const open = unprovenOf({ tried, simulation }).filter(
        ({ action, outcome, decision }) => decision !== "allowed" || outcome === "refused" || isElsewhere(action),
    );
    const left = leftToPolicies(tried, open).map(({ action }) => action);
    const { allowed, why } =
        left.length === 0 ? { allowed: [], why: "" } : await allowedByPolicies(clients, request, left);
    const undecided = open.filter(({ action }) => !allowed.includes(action.action));
    return undecided.length === 0
        ? undefined
        : {
              actions: undecided.map(({ action }) => action.action),
              why: [
                  `No start of the plugin tests whether ${roleArn} may call ${names(undecided)}.`,
                  ...answersOf(undecided, simulation, isElsewhere),
                  ...(why === "" ? [] : [why]),
              ].join(" "),
              fix: fixOf(undecided, simulation, isElsewhere, roleArn),
          };
}

/** Without a session, nothing is tried: STS may refuse the token to this machine alone. */
async function triedAsRole(
    clients: Clients,
    { roleArn, token }: UndecidedRequest,
    actions: readonly CniAction[],
    node: NodeArguments | undefined,
): Promise<readonly DryRunResult[]> {
    const assumed = token === undefined ? undefined : await assume(clients, roleArn, token);
    if (token === undefined || assumed === undefined || "refused" in assumed) {
        return actions.map(untried);
    }
    return tryInSession(clients, { keys: assumed.session, token }, actions, node);
}

type IsElsewhere = (action: CniAction) => boolean;

/** A sentence for each kind of answer. */
function answersOf(undecided: readonly Unproven[], simulation: Simulation, isElsewhere: IsElsewhere): string[] {
    const say = sentencesOn(undecided);
    const decided = (decision: Unproven["decision"]) => (one: Unproven) => one.decision === decision;
    return [
        ...say(isRefused, (actions, words) => `EC2 refuses a DryRun of ${actions} from this machine: ${words}.`),
        ...("notAllowed" in simulation ? [withFullStop(simulation.notAllowed)] : []),
        ...say(
            ({ decision }) => decision === "denied" || decision === "deniedByOrganization",
            (actions) => `IAM's policy simulator denies ${actions}.`,
        ),
        ...say(decided("unclear"), dependsOnTheCall),
        ...say(decided("unevaluated"), doesNotSimulate),
        ...say(
            ({ action, outcome }) => isElsewhere(action) && outcome !== "refused",
            (actions) =>
                `With custom networking, ${actions} uses subnets of ENIConfigs, which are not tested from here.`,
        ),
    ];
}

/** The way to an answer. */
function fixOf(
    undecided: readonly Unproven[],
    simulation: Simulation,
    isElsewhere: IsElsewhere,
    roleArn: string,
): string {
    if (undecided.some(isRefused)) {
        return (
            "Run pulumi up --refresh on a machine that EC2 does not refuse, for example one in the cluster's VPC. If the policy that refuses admits the nodes, " +
            'set proof: "off", and run pulumi up.'
        );
    }
    const policies = `let the policies of ${roleArn} allow this on every resource, without a condition, a Deny or a permissions boundary`;
    return "notAllowed" in simulation && undecided.some(({ action }) => !isElsewhere(action))
        ? `Allow iam:SimulatePrincipalPolicy on ${roleArn} for the identity of the live checks, or ${policies}. Then run pulumi up --refresh.`
        : `${policies.replace("let", "Let")}. Then run pulumi up --refresh.`;
}

const isRefused = ({ outcome }: Unproven) => outcome === "refused";
