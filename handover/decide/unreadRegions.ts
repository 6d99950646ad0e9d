import type { Refusal } from "../model/refusal";
import { regionRefusals } from "../model/regionRefusals";
import type { AccountSeen, NodeRoleSeen, UnreadRegion } from "../model/world";

/**
 * The regions that count as empty, although their instances could not be listed.
 *
 * An instance that runs is not stopped by a policy that denies calls, and the policy may exempt other principals than the operator. So a
 * region counts as empty only if
 *   a. a service control policy denies two services there, so that it denies the region and not a call,
 *   b. it is not the cluster's region, whose instances are always listed, and
 *   c. IAM did not see a node role used there last.
 */
export function emptyRegions(account: AccountSeen, roleNames: readonly string[]): readonly UnreadRegion[] {
    return deniedRegions(account).filter(({ region }) => rolesUsedIn(region, account, roleNames).length === 0);
}

/** Why a policy must not be detached from these node roles: an instance in a region that could not be read may use them. */
export function unreadRegionRefusals(account: AccountSeen, roleNames: readonly string[]): Refusal[] {
    const { unreadRegions = [] } = account;
    const others = unreadRegions.filter(({ cause }) => cause !== "serviceControlPolicy");
    const used = deniedRegions(account).flatMap(({ region }) =>
        rolesUsedIn(region, account, roleNames).map(({ name }) => ({ region, roleName: name })),
    );
    return others.length === 0 && used.length === 0 ? [] : [regionRefusals.unread(others, used)];
}

/** The lines of the plan and of the update about regions that are not looked at. */
export function regionLines(account: AccountSeen, roleNames: readonly string[]): string[] {
    const empty = emptyRegions(account, roleNames).map(({ region }) => region);
    const { searchedRegions } = account;
    const leftOut = rolesOf(account, roleNames).flatMap(({ name, lastUsedIn = [] }) =>
        lastUsedIn
            .filter((region) => searchedRegions?.includes(region) === false)
            .map((region) => `${name} in ${region}`),
    );
    return [
        ...(empty.length === 0
            ? []
            : [
                  `Counted as empty, since a service control policy denies ec2:DescribeInstances and eks:ListClusters there, and IAM did not see a ` +
                      `node role used there last: ${empty.join(", ")}. An instance that runs there with a node role loses the policy.`,
              ]),
        ...(leftOut.length === 0
            ? []
            : [
                  `Not looked at, since \`regions\` leaves it out, although IAM saw a node role used there last: ${leftOut.join(", ")}. ` +
                      "An instance that runs there with the role loses the policy.",
              ]),
    ];
}

function deniedRegions({ unreadRegions = [] }: AccountSeen): readonly UnreadRegion[] {
    return unreadRegions.filter(({ cause }) => cause === "serviceControlPolicy");
}

function rolesUsedIn(region: string, account: AccountSeen, roleNames: readonly string[]): readonly NodeRoleSeen[] {
    return rolesOf(account, roleNames).filter(({ lastUsedIn = [] }) => lastUsedIn.includes(region));
}

function rolesOf({ nodeRoles }: AccountSeen, roleNames: readonly string[]): readonly NodeRoleSeen[] {
    return nodeRoles.filter(({ name, exists }) => exists && roleNames.includes(name));
}
