import type { PreflightOptions } from "../model/preflight";
import type { Preflight } from "../model/preflight";
import { look } from "./look";
import { RunContext } from "./runContext";

/** Looks at everything that must hold before anything moves. `issuer` is asked only where there is a service account. */
export async function observePreflight(
    context: RunContext,
    wishes: PreflightOptions,
    issuer: () => Promise<string | undefined>,
): Promise<Preflight> {
    const { subject } = context;
    const { version } = await context.cluster.identity();
    const callerAccount = await context.aws.callerAccount();
    const world = await look(context, { searchElsewhere: wishes.detachFromNodeRoles.length > 0 });
    const otherDelivery =
        subject.clusterName === undefined
            ? undefined
            : await context.aws.otherDelivery(subject.clusterName, subject.serviceAccount);
    otherDelivery?.unread.forEach((line) => context.progress(line));
    return {
        subject,
        world,
        clusterVersion: version,
        callerAccount,
        otherDelivery,
        tokenIssuer: world.cluster.serviceAccount === undefined ? undefined : await issuer(),
        overrideExistingServiceAccount: wishes.overrideExistingServiceAccount,
        detachFromNodeRoles: wishes.detachFromNodeRoles,
        injectionGuard: wishes.injectionGuard,
        additionalPolicies: wishes.additionalPolicies,
        environment: process.env,
    };
}
