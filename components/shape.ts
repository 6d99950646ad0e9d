import { givenProperties } from "./arguments/knownArgs";
import { CniServiceAccountRoleArgs, Delivery, IpFamily } from "./cniServiceAccountRoleArgs";

/**
 * Which resources a component consists of.
 *
 * Only plain arguments decide this, so that the preview of a cluster that does not exist yet shows every resource.
 */
export interface Shape {
    /** The role with its attachments. Otherwise the component uses `existingRoleArn`. */
    readonly role: boolean;
    /** The component's own CNI policy, because AWS has no managed one for IPv6. */
    readonly ipv6Policy: boolean;
    /** The patch that annotates the service account. */
    readonly serviceAccountPatch: boolean;
    /** The patch that makes the DaemonSet restart its pods. */
    readonly daemonSetPatch: boolean;
    /** The Pod Identity association. */
    readonly association: boolean;
    /** The live check that gives the managed add-on the role. */
    readonly addOnRole: boolean;
    /** The credential guard, the canary and the detachment. */
    readonly liveChecks: boolean;
    /** The admission policy and its binding. */
    readonly injectionGuard: boolean;
}

export function shapeOf(args: CniServiceAccountRoleArgs): Shape {
    const { existingRoleArn, ipFamily, delivery, rollout, liveChecks, detachFromNodeRoles, injectionGuard } =
        givenProperties(args);
    const role = existingRoleArn === undefined;
    // With another delivery, the annotation goes when another writer has it, so no resource of the program may want it.
    const serviceAccountPatch = delivery === undefined || delivery === Delivery.ServiceAccountPatch;
    const association = delivery === Delivery.PodIdentity;
    const restarts = rollout?.enabled !== false;
    // Without a rollout no pod gets the role, so there is nothing to check.
    const live = restarts && liveChecks !== false;
    return {
        role,
        ipv6Policy: role && ipFamily === IpFamily.Ipv6,
        serviceAccountPatch,
        association,
        daemonSetPatch: restarts && (serviceAccountPatch || association || live),
        addOnRole: live && delivery === Delivery.EksAddon,
        liveChecks: live,
        injectionGuard: live && detachFromNodeRoles !== undefined && injectionGuard !== false,
    };
}
