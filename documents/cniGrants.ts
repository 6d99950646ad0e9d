import { CNI_ACTIONS, type CniAction, type Ec2ResourceType, INTERFACE_ACTIONS } from "./cniActions";
import { isAboutAction, matchesWildcards, type ReadStatement, readStatements } from "./policyStatements";

/** Which of the Amazon VPC CNI plugin's permissions a policy grants. */
export interface CniGrants {
    /** Whether it grants an action that assigns, creates, attaches, detaches, deletes or modifies interfaces or addresses. */
    readonly grants: boolean;
    /**
     * Whether detaching it would have other effects: it has an action that is not the plugin's (`ec2:*`, `*`, image pulls in the
     * same policy), or a Deny. Further read actions of EC2 do not count.
     */
    readonly broad: boolean;
    /** Whether it alone grants everything that the plugin needs. */
    readonly sufficient: boolean;
}

/** Classifies a parsed policy document by its content, for a cluster of the IP family. */
export function cniGrants(document: unknown, ipFamily: "ipv4" | "ipv6"): CniGrants {
    const statements = readStatements(document);
    return {
        grants: INTERFACE_ACTIONS.some((action) => isGranted(action, statements)),
        broad: statements.some(grantsMore),
        sufficient: CNI_ACTIONS[ipFamily].every((needed) => isAssured(needed, statements)),
    };
}

/** Those of the actions that policies do not grant together for certain. */
export function missingActions(
    documents: readonly unknown[],
    actions: readonly CniAction[],
    isMet: (statement: ReadStatement) => boolean = isMetByPlugin,
): string[] {
    const statements = documents.flatMap(readStatements);
    return actions.filter((needed) => !isAssured(needed, statements, isMet)).map(({ action }) => action);
}

/** The actions of the plugin that policies do not grant together for certain. */
export function missingCniActions(documents: readonly unknown[], ipFamily: "ipv4" | "ipv6"): string[] {
    return missingActions(documents, CNI_ACTIONS[ipFamily]);
}

/** Those of the actions that policies do not allow together without a condition, or that a Deny mentions. */
export function conditionalActions(documents: readonly unknown[], actions: readonly CniAction[]): string[] {
    return missingActions(documents, actions, isUnconditional);
}

/** Those of the actions that no policy allows on any resource of EC2, whatever its conditions. */
export function ungrantedActions(documents: readonly unknown[], actions: readonly string[]): string[] {
    const statements = documents.flatMap(readStatements);
    return actions.filter((action) => !isGranted(action, statements));
}

/**
 * The actions with which aws-eks-nodeagent writes network policy logs to CloudWatch.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/network-policies-troubleshooting.html
 */
export const LOG_ACTIONS: readonly string[] = [
    "logs:DescribeLogGroups",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
];

/** The actions of network policy logs that policies do not grant on any resource. Which log group they need is not known here. */
export function missingLogActions(documents: readonly unknown[]): string[] {
    const statements = documents.flatMap(readStatements);
    return LOG_ACTIONS.filter((action) => {
        const about = statements.filter((statement) => isAboutAction(statement, action));
        return !about.some(({ effect }) => effect === "Allow") || about.some(deniesEverywhere);
    });
}

/** Granted on some resource, under any condition. Only an unconditional Deny on all resources revokes that. */
function isGranted(action: string, statements: readonly ReadStatement[]): boolean {
    const about = statements.filter((statement) => isAboutAction(statement, action));
    return about.some((s) => s.effect === "Allow" && reachesEc2(s)) && !about.some(deniesEverywhere);
}

function deniesEverywhere({ effect, resources, exceptResources, conditionKeys }: ReadStatement): boolean {
    return effect === "Deny" && conditionKeys.length === 0 && !exceptResources && resources.includes("*");
}

/** Whether it can match an EC2 resource, by the service in `arn:<partition>:<service>:…`. */
function reachesEc2({ resources, exceptResources }: ReadStatement): boolean {
    return exceptResources || resources.some((pattern) => matchesWildcards(pattern.split(":")[2] ?? "*", "ec2"));
}

/**
 * The condition keys of the plugin's own scope-down policy, which restrict it to the interfaces and the VPC of one cluster. The
 * plugin's calls meet these conditions. Any other condition may or may not hold on a node.
 * https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
 */
const SCOPE_DOWN_KEYS = [
    "aws:requesttag/cluster.k8s.amazonaws.com/name",
    "aws:resourcetag/cluster.k8s.amazonaws.com/name",
    "aws:resourcetag/kubernetes.io/cluster/*",
    "ec2:vpc",
];

/** Granted for certain: on every resource type that the call uses, and no Deny mentions the action. */
function isAssured(
    { action, on }: CniAction,
    statements: readonly ReadStatement[],
    isMet: (statement: ReadStatement) => boolean = isMetByPlugin,
): boolean {
    const about = statements.filter((statement) => isAboutAction(statement, action));
    const allowed = about.filter((s) => !s.exceptResources && isMet(s));
    const covers = (resource: (pattern: string) => boolean) => allowed.some((s) => s.resources.some(resource));
    return (
        about.every((s) => s.effect === "Allow") &&
        (on.length === 0 ? covers((pattern) => pattern === "*") : on.every((type) => covers(coversType(type))))
    );
}

function isUnconditional({ conditionKeys }: ReadStatement): boolean {
    return conditionKeys.length === 0;
}

function isMetByPlugin({ conditionKeys }: ReadStatement): boolean {
    return conditionKeys.every(isScopeDown);
}

function isScopeDown(key: string): boolean {
    return SCOPE_DOWN_KEYS.some((pattern) => matchesWildcards(pattern, key));
}

/** A policy that names a partition, region or account names the customer's own, so these are not compared. */
function coversType(type: Ec2ResourceType): (pattern: string) => boolean {
    return (pattern) =>
        matchesWildcards(
            pattern.replace(/^arn:[^:]*:([^:]*):[^:]*:[^:]*:/, "arn:aws:$1:region:account:"),
            `arn:aws:ec2:region:account:${type}/any`,
        );
}

/** The plugin's actions, in lower case. */
const PLUGIN_ACTIONS = [
    ...INTERFACE_ACTIONS,
    ...[...CNI_ACTIONS.ipv4, ...CNI_ACTIONS.ipv6].map(({ action }) => action),
].map((action) => action.toLowerCase());

/** Actions similar to the plugin's. A wildcard that also matches one of them grants more than the plugin needs. */
const SIMILAR_ACTIONS = [
    "ec2:associateaddress",
    "ec2:attachvolume",
    "ec2:createvolume",
    "ec2:deletevolume",
    "ec2:detachvolume",
    "ec2:modifyinstanceattribute",
    "ec2:unmonitorinstances",
];

function grantsMore({ effect, actions, exceptActions }: ReadStatement): boolean {
    return effect === "Deny" || exceptActions || !actions.every((action) => isPluginAction(action.toLowerCase()));
}

function isPluginAction(pattern: string): boolean {
    return (
        pattern.startsWith("ec2:describe") ||
        (PLUGIN_ACTIONS.some((action) => matchesWildcards(pattern, action)) &&
            !SIMILAR_ACTIONS.some((action) => matchesWildcards(pattern, action)))
    );
}
