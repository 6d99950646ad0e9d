import * as assert from "node:assert/strict";
import { Engine, type Program, REAL_RESOURCES } from "../../../model/engine";
import { handedOver } from "../../../model/goals";
import { Run } from "../../../model/run";
import { FOREIGN_OWNER, FOREIGN_ROLE, ModelWorld, ROLE_ARN } from "../../../model/world";

/** The program takes the annotation back from its new owner. */
const PROGRAM: Program = {
    roleName: "cni",
    detachFromNodeRoles: ["a", "b"],
    overrideExistingServiceAccount: true,
};
/** Longer than IAM and the API server need to enforce a change, and than a pod needs to restart. */
const SETTLED_MILLISECONDS = 20_000;
/**
 * The policies are enforced, one wave restarts, and all pods are verified. The longest repair takes 42 s, so that none waits for a limit of
 * TIMEOUTS (120 s), or for something that only a later resource repairs.
 */
const LONGEST_SECONDS = 45;

const PODS = {
    "no pod": undefined,
    "a pod without the role": "none",
    "a pod with another role": FOREIGN_ROLE,
} as const;
const ANNOTATIONS = ["as it was", "removed", "changed", "written again by hand"] as const;
const GUARDS = ["as it was", "deleted"] as const;
const POLICIES = ["as it was", "put back"] as const;

interface Drift {
    readonly pod: keyof typeof PODS;
    readonly annotation: (typeof ANNOTATIONS)[number];
    readonly guard: (typeof GUARDS)[number];
    readonly policy: (typeof POLICIES)[number];
}

const DRIFTS: readonly Drift[] = (Object.keys(PODS) as Drift["pod"][]).flatMap((pod) =>
    ANNOTATIONS.flatMap((annotation) =>
        GUARDS.flatMap((guard) => POLICIES.map((policy) => ({ pod, annotation, guard, policy }))),
    ),
);

/** Others make the changes. Until then, the pod of the changes is born in an order that leaves it a path. */
function change(world: ModelWorld, engine: Engine, { pod, annotation, guard, policy }: Drift): void {
    const { roleArn = "" } = engine;
    const { annotations, owner } = world;
    const withRole = (arn: string | undefined) => ({
        ...Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== ROLE_ARN)),
        ...(arn === undefined ? {} : { [ROLE_ARN]: arn }),
    });
    const settle = () => world.advance(SETTLED_MILLISECONDS);
    if (PODS[pod] !== undefined) {
        world.nodeRoles.forEach((role) => world.setAttached(role, true));
        world.guard = undefined;
        settle();
        const arn = PODS[pod] === FOREIGN_ROLE ? FOREIGN_ROLE : undefined;
        world.annotate(withRole(arn), arn && FOREIGN_OWNER);
        settle();
        world.stop(world.pods[0]?.uid ?? "", false);
        settle();
        world.annotate(annotations, owner);
        world.guard = [roleArn];
        settle();
    }
    world.nodeRoles.forEach((role) => world.setAttached(role, policy === "put back"));
    world.guard = guard === "deleted" ? undefined : [roleArn];
    if (annotation !== "as it was") {
        const arn = { removed: undefined, changed: FOREIGN_ROLE, "written again by hand": roleArn }[annotation];
        world.annotate(withRole(arn), arn && FOREIGN_OWNER);
    }
}

describe("Any combination of changes by others is repaired by one up --refresh, which restarts the wrong pod alone, on the model:", function () {
    this.timeout(60_000);

    for (const drift of DRIFTS) {
        const { pod, annotation, guard, policy } = drift;
        it(`${pod}, annotation ${annotation}, guard ${guard}, policy ${policy}`, async () => {
            const world = new ModelWorld();
            ["a", "a", "b", "b"].forEach((role) => world.join(role));
            world.advance(5000);
            const engine = new Engine(world, REAL_RESOURCES);
            await engine.up(PROGRAM, new Run(world));
            world.advance(SETTLED_MILLISECONDS);
            const before = world.pods.map(({ uid }) => uid);
            change(world, engine, drift);
            const [wrong] = world.pods.filter(({ uid }) => !before.includes(uid));
            const [began, problems] = [world.now, world.problems.length];

            const run = new Run(world);
            await engine.refresh(run);
            await engine.up(PROGRAM, run);
            const seconds = (world.now - began) / 1000;
            assert.equal(handedOver(world, engine, PROGRAM, []), undefined);
            // The wrong pod has no path until it restarts: its node role has lost the policy, or its role is not the component's.
            const isItsOwn = (line: string) => wrong !== undefined && line.includes(`${wrong.name} on `);
            assert.deepEqual(
                world.problems.slice(problems).filter((line) => !isItsOwn(line)),
                [],
            );
            const stayed = world.pods.filter(({ uid }) => before.includes(uid)).length;
            assert.equal(stayed, wrong === undefined ? 4 : 3);
            assert.ok(seconds < LONGEST_SECONDS, `it took ${String(seconds)} s`);
        });
    }
});
