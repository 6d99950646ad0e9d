import type { Role } from "@aws-sdk/client-iam";

/**
 * The regions in which IAM saw a role used last, at each look of a run.
 *
 * IAM tells one region, and recent activity appears within hours. A role that is used in two regions shows now one of them and now the
 * other, so a region that was seen once counts for the rest of the run.
 *
 * Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html;
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html for the hours
 */
export function lastUsedRegions(): (role: Role | undefined) => readonly string[] {
    const byRole = new Map<string, Set<string>>();
    return (role) => {
        const { RoleId = "", RoleLastUsed } = role ?? {};
        const seen = byRole.get(RoleId) ?? new Set();
        byRole.set(RoleId, seen);
        if (RoleLastUsed?.Region) {
            seen.add(RoleLastUsed.Region);
        }
        return [...seen].sort();
    };
}
