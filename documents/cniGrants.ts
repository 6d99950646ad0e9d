import { CNI_ACTIONS, type CniAction, type Ec2ResourceType, INTERFACE_ACTIONS } from "./cniActions";
import { isAboutAction, matchesWildcards, type ReadStatement, readStatements } from "./policyReading";

/** What one permission policy gives a role of what the Amazon VPC CNI plugin does. */
export interface CniGrants {
    /** Whether it grants assigning, creating, attaching, detaching, deleting or modifying interfaces or addresses. */
    readonly grants: boolean;
    /**
     * Whether it holds something besides, which its detachment would change: any call that is not the plugin's (`ec2:*`, `*`,
     * pulling images in the same policy), or a Deny. More of reading EC2 does not count.
     */
    readonly broad: boolean;
    /** Whether it alone grants all that the plugin needs. */
    readonly sufficient: boolean;
}

/** Judges a parsed policy document by its content, for a cluster of the IP family. */
export function cniGrants(document: unknown, ipFamily: "ipv4" | "ipv6"): CniGrants {
    const statements = readStatements(document);
    return {
        grants: INTERFACE_ACTIONS.some((action) => isGranted(action, statements)),
        broad: statements.some(holdsMore),
        sufficient: CNI_ACTIONS[ipFamily].every((needed) => isAssured(needed, statements)),
    };
}

/** Granted on some resource, under whatever condition. Only a Deny of all of it takes that away. */
function isGranted(action: string, statements: readonly ReadStatement[]): boolean {
    const about = statements.filter((statement) => isAboutAction(statement, action));
    return about.some((s) => s.effect === "Allow" && reachesEc2(s)) && !about.some(deniesEverywhere);
}

function deniesEverywhere({ effect, resources, exceptResources, conditionKeys }: ReadStatement): boolean {
    return effect === "Deny" && conditionKeys.length === 0 && !exceptResources && resources.includes("*");
}

/** Whether any resource of EC2 may be meant: the third part of `arn:<partition>:<service>:…`. */
function reachesEc2({ resources, exceptResources }: ReadStatement): boolean {
    return exceptResources || resources.some((pattern) => matchesWildcards(pattern.split(":")[2] ?? "*", "ec2"));
}

/**
 * The condition keys of the plugin's own scope-down policy, which tie it to the interfaces and the VPC of one cluster: its
 * calls fulfil them. Any other condition may or may not hold on a node.
 * https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md
 */
const SCOPE_DOWN_KEYS = [
    "aws:requesttag/cluster.k8s.amazonaws.com/name",
    "aws:resourcetag/cluster.k8s.amazonaws.com/name",
    "aws:resourcetag/kubernetes.io/cluster/*",
    "ec2:vpc",
];

/** Granted for certain: on every resource that it is called on, and no Deny has anything to do with it. */
function isAssured({ action, on }: CniAction, statements: readonly ReadStatement[]): boolean {
    const about = statements.filter((statement) => isAboutAction(statement, action));
    const allowed = about.filter((s) => !s.exceptResources && s.conditionKeys.every(isScopeDown));
    const covers = (resource: (pattern: string) => boolean) => allowed.some((s) => s.resources.some(resource));
    return (
        about.every((s) => s.effect === "Allow") &&
        (on.length === 0 ? covers((pattern) => pattern === "*") : on.every((type) => covers(coversType(type))))
    );
}

function isScopeDown(key: string): boolean {
    return SCOPE_DOWN_KEYS.some((pattern) => matchesWildcards(pattern, key));
}

/** Partition, region and account are the customer's own in a policy that names them. */
function coversType(type: Ec2ResourceType): (pattern: string) => boolean {
    return (pattern) =>
        matchesWildcards(
            pattern.replace(/^arn:[^:]*:([^:]*):[^:]*:[^:]*:/, "arn:aws:$1:region:account:"),
            `arn:aws:ec2:region:account:${type}/any`,
        );
}

/** The plugin's calls, in lower case. */
const OWN = [...INTERFACE_ACTIONS, ...[...CNI_ACTIONS.ipv4, ...CNI_ACTIONS.ipv6].map(({ action }) => action)].map(
    (action) => action.toLowerCase(),
);

/** Neighbours of the plugin's calls that a wildcard takes in when it says less than what is meant. */
const OTHERS = [
    "ec2:associateaddress",
    "ec2:attachvolume",
    "ec2:createvolume",
    "ec2:deletevolume",
    "ec2:detachvolume",
    "ec2:modifyinstanceattribute",
    "ec2:unmonitorinstances",
];

function holdsMore({ effect, actions, exceptActions }: ReadStatement): boolean {
    return effect === "Deny" || exceptActions || !actions.every((action) => isOfThePlugin(action.toLowerCase()));
}

function isOfThePlugin(pattern: string): boolean {
    return (
        pattern.startsWith("ec2:describe") ||
        (OWN.some((own) => matchesWildcards(pattern, own)) && !OTHERS.some((other) => matchesWildcards(pattern, other)))
    );
}
