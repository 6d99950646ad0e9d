/** Mistakes in the decisions that people would make, each of what operators do, of drift, or of faults. */
import type { Edit } from "../continuity/plantedBugs";

export interface PlantedBug extends Edit {
    readonly name: string;
    /** What it takes for the mistake to hurt. */
    readonly when: string;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
    {
        name: "leaves-the-newest-role-only",
        when: "the role was replaced by an update that did not end, and the stack is destroyed",
        file: "handover/handBack.ts",
        find: "return record.approvedRoleArns.filter(",
        replace: "return record.approvedRoleArns.slice(-1).filter(",
    },
    {
        name: "forgets-the-role-before",
        when: "the role is replaced, the update is killed, and the stack is destroyed",
        file: "handover/record.ts",
        find: "approvedRoleArns: union(record.approvedRoleArns, [seen.roleArn]),",
        replace: "approvedRoleArns: [seen.roleArn],",
    },
    {
        name: "forgets-named-roles",
        when: "nodeRoleNames is taken out of the program",
        file: "handover/record.ts",
        find: "namedNodeRoles: union(record.namedNodeRoles, seen.nodeRoleNames),",
        replace: "namedNodeRoles: seen.nodeRoleNames,",
    },
    {
        name: "takes-any-role-for-ours",
        when: "the role is replaced, so that pods still carry the one before",
        file: "handover/identity.ts",
        find: "identity.roleArn === roleArn &&",
        replace: "identity.roleArn !== undefined && roleArn !== undefined &&",
    },
    {
        name: "goes-back-to-what-is-there",
        when: "a canary fails after a run that was killed had annotated a role that does not work either",
        file: "handover/former.ts",
        find: "if (before === undefined || (roleArn !== undefined && !before.approvedRoleArns.includes(roleArn))) {",
        replace: "if (before === undefined || roleArn !== undefined) {",
    },
    {
        name: "leaves-the-canary",
        when: "the canary of a role that does not work on a node has failed",
        file: "handover/canary.ts",
        find: "!carriesAnyOf(pod, [subject.roleArn]);",
        replace: "!carriesAnyOf(pod, []);",
    },
    {
        name: "leaves-the-annotation",
        when: "a canary has failed",
        file: "handover/canary.ts",
        find: "if (cluster.serviceAccount !== undefined && differs) {",
        replace: "if (cluster.serviceAccount === undefined && differs) {",
    },
    {
        name: "does-not-settle",
        when: "policies came back on the node roles, and IAM does not enforce them yet",
        file: "handover/giveBack.ts",
        find: "export function hasSettled({ settledAt, attachedAt }: Memory): boolean {",
        replace: "export function hasSettled({ settledAt, attachedAt }: Memory): boolean {\n    return true;",
    },
];
