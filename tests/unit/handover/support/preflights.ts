import { deepStrictEqual } from "node:assert/strict";
import { preflightRefusals } from "../../../../handover/decide/preflightRefusals";
import { Preflight } from "../../../../handover/model/preflight";
import type { DaemonSetSeen, ServiceAccountSeen, World } from "../../../../handover/model/world";
import { ACCOUNT, daemonSet, ISSUER, onNodeRole, serviceAccount, subject, world } from "./worlds";

/** The service account before any hand-over. */
const untouched: ServiceAccountSeen = { ...serviceAccount, annotations: {}, roleArnOwners: [] };

export const seen = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}): World =>
    world(onNodeRole, { cluster: { serviceAccount: untouched, ...cluster }, account });

export const withServiceAccount = (more: Partial<ServiceAccountSeen>): Partial<Preflight> => ({
    world: seen({ serviceAccount: { ...untouched, ...more } }),
});

export const withDaemonSet = (more: Partial<DaemonSetSeen>): Partial<Preflight> => ({
    world: seen({ daemonSet: { ...daemonSet, ...more } }),
});

/** A preflight without any reason to refuse. */
export const passingPreflight: Preflight = {
    subject,
    world: seen(),
    clusterVersion: { major: 1, minor: 30 },
    callerAccount: ACCOUNT,
    tokenIssuer: ISSUER,
    otherDelivery: undefined,
    overrideExistingServiceAccount: false,
    detachFromNodeRoles: ["nodes"],
    injectionGuard: true,
    additionalPolicies: false,
    environment: {},
};

export type Reason = [code: string, seen: string];

export function reasons(change: Partial<Preflight>): Reason[] {
    return preflightRefusals({ ...passingPreflight, ...change }).map(({ code, seen: what }) => [code, what]);
}

export function table(title: string, rows: [string, Partial<Preflight>, Reason[]][]): void {
    describe(title, () => {
        for (const [what, change, expected] of rows) {
            it(what, () => {
                deepStrictEqual(reasons(change), expected);
            });
        }
    });
}
