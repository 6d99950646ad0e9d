import type { Approval } from "../decide/preflight";
import { look, Site } from "../run/loop";

/** What the operator asks for, as far as it decides whether anything may move. */
export type Wishes = Pick<
    Approval,
    "overrideExistingServiceAccount" | "detachFromNodeRoles" | "injectionGuard" | "additionalPolicies"
>;

/** Looks at everything that must hold before anything moves. `issuer` is asked only where there is a service account. */
export async function seeGround(
    site: Site,
    wishes: Wishes,
    issuer: () => Promise<string | undefined>,
): Promise<Approval> {
    const { subject } = site;
    const { version } = await site.cluster.identity();
    const callerAccount = await site.aws.callerAccount();
    const world = await look(site, { searchElsewhere: wishes.detachFromNodeRoles.length > 0 });
    const otherDelivery =
        subject.clusterName === undefined
            ? undefined
            : await site.aws.otherDelivery(subject.clusterName, subject.serviceAccount);
    otherDelivery?.unread.forEach((line) => site.progress(line));
    return {
        ...{ subject, world, clusterVersion: version, callerAccount, otherDelivery },
        tokenIssuer: world.cluster.serviceAccount === undefined ? undefined : await issuer(),
        overrideExistingServiceAccount: wishes.overrideExistingServiceAccount,
        detachFromNodeRoles: wishes.detachFromNodeRoles,
        injectionGuard: wishes.injectionGuard,
        additionalPolicies: wishes.additionalPolicies,
        environment: process.env,
    };
}
