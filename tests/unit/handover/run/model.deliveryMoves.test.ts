/** Single histories of another delivery that a random one rarely plays: each has cost pods their path, or left the add-on with a role that was deleted. */
import * as assert from "node:assert/strict";
import { attempt } from "../../../model/attempt";
import { Engine, type Program, REAL_RESOURCES } from "../../../model/engine";
import { ModelAddOn } from "../../../model/managedAddOn";
import { Run } from "../../../model/run";
import { ModelWorld, ROLE_ARN } from "../../../model/world";
import { ModelWriter } from "../../../model/writer";

const NODE_ROLES = ["a", "b"];
const THEIRS = "arn:aws:iam::111122223333:role/theirs";
const program = (delivery?: Program["delivery"], more: Partial<Program> = {}): Program => ({
    roleName: "cni",
    detachFromNodeRoles: NODE_ROLES,
    ...(delivery === undefined ? {} : { delivery }),
    ...more,
});

class Played {
    public readonly world = new ModelWorld();
    public readonly engine = new Engine(this.world, REAL_RESOURCES);

    /**
     * A cluster with one node of each node role.
     *
     * @param options addOn: how EKS writes. Missing: it has no managed add-on. hasTheirs: eksctl has given the pods a role, so that the node roles hold no
     * policy.
     */
    public constructor({ addOn, hasTheirs = false }: { addOn?: "apply" | "update"; hasTheirs?: boolean } = {}) {
        const { world } = this;
        if (hasTheirs) {
            world.cniRoles.set(THEIRS, { createdAt: 0, works: true });
            world.createdBy.set(THEIRS, "another owner");
        }
        if (addOn !== undefined) {
            const behaviour = { writes: addOn, restarts: true, reverts: false, keepsConfiguration: true } as const;
            const shown = { showsAtOnce: false, showsLate: false, outcomes: [] };
            world.managedAddOn = new ModelAddOn(world, { ...behaviour, ...shown }, hasTheirs ? THEIRS : undefined);
        } else if (hasTheirs) {
            world.patch("eksctl", { [ROLE_ARN]: THEIRS });
        }
        NODE_ROLES.forEach((role) => world.join(role, !hasTheirs));
        world.advance(6000);
    }

    /** Its message if it fails. */
    public up(of: Program): Promise<string> {
        return this.act((run) => this.engine.up(of, run));
    }

    public destroy(): Promise<string> {
        return this.act((run) => this.engine.destroy(run));
    }

    private async act(act: (run: Run) => Promise<void>): Promise<string> {
        const message = await attempt(this.world, () => act(new Run(this.world)));
        this.world.advance(30_000);
        return message;
    }
}

describe("A history of another delivery", function () {
    this.timeout(60_000);

    it("does not ask another writer to let go before the node roles hold policies, if it alone can restore the former role", async () => {
        const played = new Played({ hasTheirs: true });
        const { world } = played;
        world.writer = new ModelWriter(world, "apply", 0);
        assert.equal(await played.up(program("external")), "");
        assert.match(await played.destroy(), /\[node-role-without-permissions\].* Let the writer .* restore .*theirs/);
        assert.equal(world.annotations[ROLE_ARN], played.engine.roleArn);
        NODE_ROLES.forEach((role) => world.setAttached(role, true));
        world.advance(20_000);
        assert.equal(await played.destroy(), "");
        assert.deepEqual(world.problems, []);
    });

    it("does not delete a role that another program has given the add-on again, although EKS owns nothing of the annotation", async () => {
        const played = new Played({ addOn: "update" });
        const { world } = played;
        assert.equal(await played.up(program("eksAddon")), "");
        assert.equal(await played.up(program()), "");
        const { roleArn = "" } = played.engine;
        world.managedAddOn?.updateByAnother(roleArn);
        world.advance(30_000);
        assert.match(
            await played.destroy(),
            /\[role-still-delivered\] The managed add-on vpc-cni still has the role .*cni/,
        );
        assert.ok(world.cniRoles.has(roleArn));
        world.managedAddOn?.updateByAnother(undefined);
        world.advance(30_000);
        assert.equal(await played.destroy(), "");
        assert.deepEqual(world.problems, []);
    });

    it("does not delete the former role under an add-on that still has it, when another writer delivers the next one", async () => {
        const played = new Played({ addOn: "apply" });
        const { world } = played;
        const of = (delivery: Program["delivery"], roleName: string): Program => ({
            roleName,
            detachFromNodeRoles: undefined,
            ...(delivery === undefined ? {} : { delivery }),
        });
        assert.equal(await played.up(of("eksAddon", "cni")), "");
        const { roleArn: former = "" } = played.engine;
        world.writer = new ModelWriter(world, "apply", 0);
        assert.match(
            await played.up(of("external", "next")),
            /\[add-on-owns-the-role\] .* gives aws-node the role .*cni/,
        );
        assert.ok(world.cniRoles.has(former));
        world.managedAddOn?.updateByAnother(played.engine.roleArn);
        world.advance(30_000);
        assert.equal(await played.up(of("external", "next")), "");
        assert.ok(!world.cniRoles.has(former));
        assert.deepEqual(world.problems, []);
    });

    it("does not annotate beside an add-on that has kept another owner's role, since the update to eksAddon has failed", async () => {
        const played = new Played({ addOn: "apply", hasTheirs: true });
        const { world } = played;
        assert.match(await played.up(program("eksAddon", { roleName: "bad" })), /\[canary-failed\]/);
        assert.deepEqual([world.managedAddOn?.roleArn], [THEIRS]);
        // Nothing is to be detached: no look before a detachment finds the add-on's role.
        const of = program(undefined, { detachFromNodeRoles: undefined });
        assert.match(
            await played.up(of),
            /\[add-on-owns-the-role\] The managed add-on vpc-cni gives aws-node the role .*theirs/,
        );
        assert.equal(await played.up(program("eksAddon")), "");
        assert.equal(world.managedAddOn?.roleArn, played.engine.roleArn);
        assert.deepEqual(world.problems, []);
    });
});
