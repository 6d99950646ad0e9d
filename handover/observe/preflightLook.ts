import type { OtherDelivery } from "../model/otherDelivery";
import type { PreflightOptions } from "../model/preflight";
import type { Preflight } from "../model/preflight";
import { look, withOtherDelivery } from "./look";
import { lookAtOtherDelivery } from "./otherDeliveryLook";
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
    const detaches = options.detachFromNodeRoles.length > 0;
    const world = await look(context, { searchElsewhere: detaches });
    const tokenIssuer = world.cluster.serviceAccount === undefined ? undefined : await issuer();
    const otherDelivery = await lookAtOtherDelivery(context, world.account, () =>
        Promise.resolve(tokenIssuer ?? subject.issuers[0]),
    );
    if (!detaches) {
        unreadLines(otherDelivery).forEach((line) => context.progress(line));
    }
    return {
        subject,
        world: detaches ? withOtherDelivery(world, otherDelivery) : world,
        clusterVersion: version,
        callerAccount,
        otherDelivery,
        tokenIssuer,
        overrideExistingServiceAccount: options.overrideExistingServiceAccount,
        detachFromNodeRoles: options.detachFromNodeRoles,
        injectionGuard: options.injectionGuard,
        additionalPolicies: options.additionalPolicies,
        environment: process.env,
    };
}

/** The lines of a run that detaches nothing, and so goes on, about other deliveries that it could not read. */
function unreadLines({ clusterNameUnknown, unread }: OtherDelivery): string[] {
    return [
        ...(clusterNameUnknown === undefined
            ? []
            : [`${clusterNameUnknown} So the add-on vpc-cni and the Pod Identity associations are not looked at.`]),
        ...unread.map(({ why }) => why),
    ];
}
