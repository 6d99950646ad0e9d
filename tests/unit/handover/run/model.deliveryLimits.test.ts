/** The limits of docs/limits.md about the managed add-on and other writers. */
import * as assert from "node:assert/strict";
import { attempt } from "../../../model/attempt";
import { Engine, type Program, REAL_RESOURCES } from "../../../model/engine";
import { ModelAddOn, WRITES } from "../../../model/managedAddOn";
import { Run } from "../../../model/run";
import { ModelWorld, ROLE_ARN } from "../../../model/world";
import { ModelWriter, type WriterKind } from "../../../model/writer";

const DETACH = ["a", "b"];
const program = (delivery?: Program["delivery"], more: Partial<Program> = {}): Program => ({
    roleName: "cni",
    detachFromNodeRoles: DETACH,
    ...(delivery === undefined ? {} : { delivery }),
    ...more,
});
const APPLY = {
    writes: "apply",
    restarts: true,
    reverts: false,
    keepsConfiguration: true,
    showsAtOnce: false,
    showsLate: false,
    outcomes: [],
} as const;

class Played {
    public readonly world = new ModelWorld();
    public readonly engine = new Engine(this.world, REAL_RESOURCES);

    /** A cluster with the managed add-on, and the tool that writes its role, if any. */
    public constructor(
        writer?: { readonly kind: WriterKind; readonly delayMilliseconds: number },
        writes: (typeof WRITES)[number] = "apply",
    ) {
        this.world.managedAddOn = new ModelAddOn(this.world, { ...APPLY, writes }, undefined);
        if (writer !== undefined) {
            this.world.writer = new ModelWriter(this.world, writer.kind, writer.delayMilliseconds);
        }
        DETACH.forEach((role) => this.world.join(role, true));
        this.world.advance(6000);
    }

    /** Its message if it fails. */
    public async up(of: Program, killedAt?: number, refresh = false): Promise<string> {
        const run = new Run(this.world, killedAt);
        return this.idle(
            await attempt(this.world, async () => {
                await (refresh ? this.engine.refresh(run) : undefined);
                await this.engine.up(of, run);
            }),
        );
    }

    public async destroy(): Promise<string> {
        return this.idle(await attempt(this.world, () => this.engine.destroy(new Run(this.world))));
    }

    public get problems(): readonly string[] {
        return this.world.problems;
    }

    private idle(message: string): string {
        this.world.advance(30_000);
        return message;
    }
}

const HELM = { kind: "apply", delayMilliseconds: 0 } as const;

describe("A limit of another delivery", function () {
    this.timeout(60_000);

    it("the add-on loses its role in the update that removes the component: the guard refuses pods, and the hand-back goes on", async () => {
        const played = new Played({ kind: "addOn", delayMilliseconds: 0 });
        assert.equal(await played.up(program("external")), "");
        assert.equal(played.world.managedAddOn?.roleArn, played.engine.roleArn);
        // The engine updates the aws.eks.Addon before it deletes the component.
        played.world.writer?.letGo();
        played.world.advance(20_000);
        const podsBefore = played.world.pods.filter((pod) => played.world.isReady(pod)).length;
        assert.ok(podsBefore < DETACH.length, "the guard has refused no pod");
        assert.equal(await played.destroy(), "");
        assert.deepEqual(played.problems, []);
        assert.equal(played.world.annotations[ROLE_ARN], undefined);
    });

    const unguarded = program("eksAddon", { injectionGuard: false });
    /** The add-on is deleted without `preserve`, and its owner creates it again after an update has refused. */
    const deletedAndCreated = async (withRole: boolean): Promise<Played> => {
        const played = new Played();
        const { world, engine } = played;
        assert.equal(await played.up(unguarded), "");
        world.managedAddOn?.delete();
        world.advance(20_000);
        assert.match(await played.up(unguarded, undefined, true), /\[service-account-missing\]/);
        world.managedAddOn?.createAgain(withRole ? engine.roleArn : undefined);
        world.advance(20_000);
        return played;
    };

    it("the add-on comes back without its role and without an injection guard: its pods have no path until the next update", async () => {
        const played = await deletedAndCreated(false);
        assert.match(played.problems.join(), /has no path: it carries the node role/);
        assert.equal(await played.up(unguarded, undefined, true), "");
        const { world, engine } = played;
        assert.deepEqual(
            world.pods.map((pod) => [pod.roleArn, world.isReady(pod)]),
            DETACH.map(() => [engine.roleArn, true]),
        );
        assert.equal(world.managedAddOn?.roleArn, engine.roleArn);
    });

    it("the add-on that comes back with its role costs no pod its path", async () => {
        const played = await deletedAndCreated(true);
        assert.equal(await played.up(unguarded, undefined, true), "");
        assert.deepEqual(played.problems, []);
        assert.deepEqual(
            DETACH.map((role) => played.world.isAttached(role)),
            [false, false],
        );
    });

    it("liveChecks: false with another writer hands back, and waits for the writer that goes on", async () => {
        const played = new Played(HELM);
        assert.equal(await played.up(program("external")), "");
        delete played.world.writer;
        assert.match(await played.destroy(), /\[role-still-delivered\]/);
        assert.deepEqual(
            DETACH.map((role) => played.world.isAttached(role)),
            [true, true],
        );
        assert.deepEqual(played.problems, []);
    });

    it("a writer that begins after the last look of the hand-back gives new pods a role that is gone", async () => {
        const played = new Played(HELM);
        assert.equal(await played.up(program("external")), "");
        const { roleArn = "" } = played.engine;
        assert.equal(await played.destroy(), "");
        assert.deepEqual(played.problems, []);
        played.world.apply(ModelWriter.MANAGER, { [ROLE_ARN]: roleArn });
        played.world.advance(6000);
        const [pod] = played.world.pods;
        played.world.stop(pod?.uid ?? "", false);
        played.world.advance(20_000);
        assert.match(played.problems.join(), /has no path: it carries arn:.*role\/cni/);
    });

    it("a return to the add-on before the guard of a killed update was saved leaves it without the role until pulumi up --refresh", async () => {
        const outcomes = new Set<string>();
        for (let moment = 0; moment < 130; moment += 3) {
            const played = new Played();
            assert.equal(await played.up(program("eksAddon")), "");
            await played.up(program(), moment);
            assert.equal(await played.up(program("eksAddon")), "");
            outcomes.add(played.world.managedAddOn?.roleArn === undefined ? "without the role" : "with the role");
            assert.equal(await played.up(program("eksAddon"), undefined, true), "");
            assert.equal(played.world.managedAddOn?.roleArn, played.engine.roleArn, `killed at ${String(moment)}`);
            assert.deepEqual(played.problems, []);
        }
        assert.deepEqual([...outcomes].sort(), ["with the role", "without the role"]);
    });

    it("the same, where EKS has removed the annotation with the role: the guard refuses pods until pulumi up --refresh", async () => {
        const refused = [];
        for (let moment = 60; moment < 80; moment += 2) {
            const played = new Played(undefined, "removal");
            assert.equal(await played.up(program("eksAddon")), "");
            await played.up(program(), moment);
            assert.equal(await played.up(program("eksAddon")), "");
            const { world } = played;
            const isLost = world.annotations[ROLE_ARN] === undefined;
            refused.push(...(isLost && world.pods.length === DETACH.length - 1 ? [moment] : []));
            assert.equal(await played.up(program("eksAddon"), undefined, true), "");
            assert.equal(world.annotations[ROLE_ARN], played.engine.roleArn);
            assert.equal(world.pods.length, DETACH.length);
            assert.deepEqual(played.problems, []);
        }
        assert.ok(refused.length > 0, "no kill leaves the service account without the annotation");
    });
});
