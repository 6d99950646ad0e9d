/** What the cluster and the account look like when a hand-over or a hand-back is complete. */
import type { Engine, Program } from "./engine";
import { CUSTOMER_POLICY } from "./lentPolicies";
import { FOREIGN_ROLE, type ModelNode, type ModelPod, type ModelWorld, ROLE_ARN } from "./world";

/** @param stays The node roles that have neither nodes nor their policies, and that the program itself manages. */
export function handedOver(
    world: ModelWorld,
    engine: Engine,
    { detachFromNodeRoles }: Program,
    stays: readonly string[],
): string | undefined {
    const arn = engine.roleArn ?? "";
    const carries = (name: string) =>
        world.pods.some((pod) => pod.node === name && pod.roleArn === arn && world.isReady(pod));
    const wrong = world.nodes.filter((node) => !isComingOrGoing(world, node) && !carries(node.name));
    // A role that another cluster has begun to use since its detachment stays detached; before, it stays attached. The invariants watch this.
    const usedSince = (role: string) => world.usedElsewhere.has(role) && (detachFromNodeRoles ?? []).includes(role);
    // Nodes that have joined meanwhile may have come before the run looked, or after it.
    const joinedSince = (role: string) => stays.includes(role) && world.nodes.some((node) => node.role === role);
    const eitherWay = (role: string) => usedSince(role) || joinedSince(role);
    const without = [...(detachFromNodeRoles ?? []), ...stays];
    const attached = world.nodeRoles.filter(
        (role) => !eitherWay(role) && world.isAttached(role) === without.includes(role),
    );
    const former = world.serviceAccounts.filter((name) => name !== world.serviceAccountName);
    return firstOf([
        [wrong.length > 0, `nodes without a Ready pod with the role: ${wrong.map(({ name }) => name).join(", ")}`],
        [attached.length > 0, `the policies of ${attached.join(", ")} are not as expected`],
        [world.guard?.join() !== (detachFromNodeRoles && arn), "the injection guard is not as expected"],
        [[...world.cniRoles.keys()].join() !== arn, `roles: ${[...world.cniRoles.keys()].join(", ")}`],
        [world.patched?.digest !== arn, "the DaemonSet does not say what was rolled out"],
        [former.some((name) => isAnnotated(world, name)), "a former service account still delivers a role"],
    ]);
}

/** A node that has just joined has no Ready pod yet. One whose instance is terminated has none any more. */
function isComingOrGoing({ now, pods }: ModelWorld, { name, leaving, joinedAt, hasServed }: ModelNode): boolean {
    const isNew = !hasServed && now - joinedAt < FIRST_POD_MILLISECONDS;
    return (
        leaving !== undefined || (isNew && pods.every(({ node, roleArn }) => node !== name || roleArn !== undefined))
    );
}

const FIRST_POD_MILLISECONDS = 15_000;

const isAnnotated = (world: ModelWorld, name: string) => world.accountOf(name).annotations[ROLE_ARN] !== undefined;

/**
 * @param stays The node roles that get nothing back.
 * @param mayStay Those that may get something back, or not.
 */
export function handedBack(
    world: ModelWorld,
    engine: Engine,
    stays: readonly string[],
    mayStay: readonly string[],
): string | undefined {
    // Another party's role is no concern of the hand-back on pods that the live checks do not restart.
    const others = world.others.carriers.filter(({ roleArn }) => roleArn !== FOREIGN_ROLE);
    const responds = (node: string) => world.nodes.some(({ name, ready }) => name === node && ready);
    const isOfNoConcern = ({ node, roleArn, restart }: ModelPod) =>
        roleArn === FOREIGN_ROLE && (restart === undefined || !responds(node));
    const pods = world.pods.filter(
        (pod) => pod.roleArn !== undefined && !world.isTerminated(pod.node) && !isOfNoConcern(pod),
    );
    const carriers = [...pods, ...others];
    const sure = (roles: readonly string[]) => roles.filter((role) => !mayStay.includes(role));
    const warned = (role: string) =>
        world.log.some((line) => line.includes(`warning: ${role} has no nodes and belongs to this program`));
    return firstOf([
        [carriers.length > 0, `pods with a role: ${carriers.map(({ name }) => name).join(", ")}`],
        [!world.nodeRoles.every((role) => world.isAttached(role)), "a node role has lost its policy"],
        [
            sure(world.ownNodeRoles.leftWithout).join() !== sure(stays).join(),
            `other node roles than ${stays.join()} got nothing back`,
        ],
        [!sure(stays).every(warned), `there is no warning that ${stays.join()} got nothing back`],
        [hasLostCustomerPolicy(world), "the node role a has lost the customer's policy"],
        [world.guard !== undefined, "the injection guard still exists"],
        [hasAnnotations(world), "a service account still has annotations"],
        [world.template !== undefined, "the pod template still has the rollout annotation"],
        [world.patched !== undefined, "the DaemonSet still has the annotations of the patch"],
        [world.woken, "the DaemonSet still has the wake annotation"],
        [world.cniRoles.size > 0 || !engine.isEmpty, "a role still exists"],
    ]);
}

function hasAnnotations(world: ModelWorld): boolean {
    return world.serviceAccounts.some((name) => Object.keys(world.accountOf(name).annotations).length > 0);
}

function hasLostCustomerPolicy({ conditions, gonePolicies }: ModelWorld): boolean {
    const { a: policies } = conditions.otherPolicies ?? {};
    return policies !== undefined && !policies.includes(CUSTOMER_POLICY) && !gonePolicies.has(CUSTOMER_POLICY);
}

function firstOf(findings: readonly [boolean, string][]): string | undefined {
    return findings.find(([found]) => found)?.[1];
}
