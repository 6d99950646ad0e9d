import type { PreflightOptions } from "../model/preflight";
import type { Preflight } from "../model/preflight";
import { look } from "./look";
import { RunContext } from "./runContext";

/** Looks at everything that the preflight checks. `issuer` is called only if the service account exists. */
export async function observePreflight(
    context: RunContext,
    options: PreflightOptions,
    issuer: () => Promise<string | undefined>,
): Promise<Preflight> {
    const { subject } = context;
    const { version } = await context.cluster.identity();
    const callerAccount = await context.aws.callerAccount();
    const world = await look(context, { searchElsewhere: options.detachFromNodeRoles.length > 0 });
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
        overrideExistingServiceAccount: options.overrideExistingServiceAccount,
        detachFromNodeRoles: options.detachFromNodeRoles,
        injectionGuard: options.injectionGuard,
        additionalPolicies: options.additionalPolicies,
        environment: process.env,
    };
}
