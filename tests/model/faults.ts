import { addNode } from "./ownNodeRoles";
import { FOREIGN_OWNER, FOREIGN_ROLE, type ModelNode, ModelWorld, POD_IDENTITY, ROLE_ARN } from "./world";

/** Faults that happen to the cluster. */
export type Fault =
    | { readonly kind: "nodeJoins"; readonly role: string }
    | { readonly kind: "nodeLost" | "nodeNotReady" | "podDeleted"; readonly which: number }
    | { readonly kind: "nodesReturn" | "webhookDown" | "webhookUp" | "annotationWiped" | "roleAnnotated" }
    | { readonly kind: "associationMade" | "associationDeleted" }
    | { readonly kind: "addOnGetsRole" | "addOnLosesRole" }
    /** A subnet has no way to STS any more, as after the deletion of its VPC endpoint or of its route. */
    | { readonly kind: "subnetCloses"; readonly which: number }
    | { readonly kind: "subnetsOpen" }
    /** A node's kubelet cannot get the image of new pods. */
    | { readonly kind: "imageMissing"; readonly which: number }
    | { readonly kind: "imagesReturn" }
    /** The pods of a node take longer to stop: its next pod is created later than the others of a wave. */
    | { readonly kind: "stopsSlowly"; readonly which: number }
    /** The readiness probe of a Ready pod fails for some seconds. */
    | { readonly kind: "podFlips"; readonly which: number; readonly milliseconds: number }
    /** All nodes of a node role are NotReady. */
    | { readonly kind: "roleNotReady"; readonly role: string }
    | { readonly kind: "webhookLate"; readonly milliseconds: number };

export function injectFault(world: ModelWorld, fault: Fault, maxNodes = world.mostNodes): void {
    world.note(`** ${Object.values(fault).join(" ")}`);
    switch (fault.kind) {
        case "nodeJoins":
            if (world.nodes.length < maxNodes) {
                addNode(world, fault.role);
            }
            break;
        case "nodeLost":
            oneOf(world.nodes, fault.which, (node) => {
                if (mayLeave(world, node)) {
                    world.lose(node);
                }
            });
            break;
        case "nodeNotReady":
            oneOf(world.nodes, fault.which, (node) => world.setReady(node, false));
            break;
        case "nodesReturn":
            world.nodes.forEach((node) => world.setReady(node, true));
            break;
        case "podDeleted":
            oneOf(world.pods, fault.which, ({ uid }) => world.stop(uid, false));
            break;
        case "webhookDown":
            world.webhook = { ...world.webhook, up: false };
            break;
        case "webhookUp":
            world.webhook = { up: true, lateMilliseconds: 0 };
            break;
        case "webhookLate":
            world.webhook = { up: true, lateMilliseconds: fault.milliseconds };
            break;
        case "addOnGetsRole":
            world.addOn = { roleArn: "arn:aws:iam::111122223333:role/of-the-add-on", since: world.now };
            break;
        case "addOnLosesRole":
            world.addOn = undefined;
            break;
        case "subnetCloses":
            world.closedSubnets.add(`subnet-${String(fault.which % world.subnets)}`);
            break;
        case "subnetsOpen":
            world.closedSubnets.clear();
            break;
        case "imageMissing":
            oneOf(world.nodes, fault.which, (node) => (node.lacksImage = true));
            break;
        case "stopsSlowly":
            oneOf(world.nodes, fault.which, (node) => (node.stopsSlowly = true));
            break;
        case "imagesReturn":
            world.nodes.forEach((node) => (node.lacksImage = false));
            break;
        case "podFlips":
            oneOf(
                world.pods.filter((pod) => world.isReady(pod) && !pod.stoppingSince),
                fault.which,
                (pod) => world.flip(pod, fault.milliseconds),
            );
            break;
        case "roleNotReady":
            world.nodes.filter(({ role }) => role === fault.role).forEach((node) => world.setReady(node, false));
            break;
        case "annotationWiped":
            wipe(world, world.serviceAccountName);
            break;
        case "roleAnnotated":
            world.patch(FOREIGN_OWNER, { [ROLE_ARN]: FOREIGN_ROLE });
            break;
        case "associationMade":
        case "associationDeleted":
            world.association = fault.kind === "associationMade";
    }
}

/**
 * Ends every fault that lasts. The operator removes another party's role, and restarts the pods of a Pod Identity association, as
 * the messages of the refusals say.
 */
export function endFaults(world: ModelWorld): void {
    world.cancelScheduled();
    injectFault(world, { kind: "nodesReturn" });
    injectFault(world, { kind: "webhookUp" });
    world.endOutsiders();
    injectFault(world, { kind: "addOnLosesRole" });
    injectFault(world, { kind: "subnetsOpen" });
    injectFault(world, { kind: "imagesReturn" });
    injectFault(world, { kind: "associationDeleted" });
    world.nodes.forEach((node) => (node.stopsSlowly = false));
    world.pods.filter(({ roleArn }) => roleArn === POD_IDENTITY).forEach(({ uid }) => world.stop(uid, false));
    world.serviceAccounts
        .filter((name) => world.accountOf(name).annotations[ROLE_ARN] === FOREIGN_ROLE)
        .forEach((name) => wipe(world, name));
}

/** One node stays, whose instance does too: without nodes, no canary can show that a role does not work. */
export function mayLeave({ nodes }: ModelWorld, node: ModelNode): boolean {
    return nodes.some((other) => other !== node && other.leaving === undefined);
}

function wipe(world: ModelWorld, account: string): void {
    world.patch(FOREIGN_OWNER, { [ROLE_ARN]: null }, account);
}

function oneOf<T>(things: readonly T[], which: number, act: (thing: T) => void): void {
    const thing = things[which % Math.max(things.length, 1)];
    if (thing !== undefined) {
        act(thing);
    }
}
