/** The operator who makes no mistake any more: runs the last program, and follows the advice of each message. */
import type { Engine, Program } from "./engine";
import { named } from "./moves";
import { changeServiceAccount, restartOthers } from "./otherPods";
import { staysWithout } from "./ownNodeRoles";
import type { Run } from "./run";
import { ENFORCEMENT_MILLISECONDS, FOREIGN_ROLE, type ModelWorld } from "./world";

export class Operator {
    public program: Program;
    /** The node roles that the last update found without nodes and without their policies, and that it has left so. */
    public stays: readonly string[] = [];
    /** To run before the next update. */
    private first: ((run: Run) => Promise<unknown>) | undefined;

    public constructor(
        private readonly world: ModelWorld,
        private readonly engine: Engine,
        last: Program,
        /** What it does about other refusals, by code. */
        private readonly more: Readonly<Record<string, () => void>> = {},
    ) {
        this.program = named(world, last);
    }

    public async handOver(run: Run): Promise<void> {
        await this.first?.(run);
        this.first = undefined;
        const { detachFromNodeRoles = [] } = this.program;
        const { engine } = this;
        const { hasReplacedGuard } = engine;
        if (hasReplacedGuard && this.lacksPolicies) {
            // Each update would detach the policies before it deletes the guard. A destroy attaches them, and deletes it.
            await engine.destroy(run);
        }
        this.stays = staysWithout(this.world).filter((role) => !detachFromNodeRoles.includes(role));
        await engine.refresh(run);
        await engine.up(this.program, run);
        if (hasReplacedGuard) {
            // Its delete has handed back at the end of this update.
            await engine.refresh(run);
            await engine.up(this.program, run);
        }
    }

    /** Attaches the policies that a message names. */
    public attachPolicies(message: string): void {
        const { world } = this;
        if (message.includes("[node-role-without-permissions]")) {
            world.nodeRoles.forEach((role) => world.setAttached(role, true));
        }
    }

    /** Whether the last run ended since the record of a credential guard has no policies for the node roles. */
    private get lacksPolicies(): boolean {
        const ended = this.world.log.filter((line) => line.includes("== ended: ")).at(-1);
        return ended?.includes("[node-role-without-permissions]") ?? false;
    }

    /** Takes the role out of the other clusters, and removes their issuers. */
    public leaveOtherClusters(): void {
        this.program = { ...this.program, otherIssuers: [] };
    }

    /** Does what the message of a refusal says. Returns whether it has an advice that this operator knows. */
    public follow(message: string): boolean {
        const advice: Record<string, () => void> = {
            "other-clusters": () => this.leaveFirst(),
            "role-narrowed": () => this.replaceRole(),
            "role-still-carried": () => this.restartCarriers(message),
            "service-account-in-use": () => (this.first = (run) => this.engine.destroy(run)),
            "force-destroy-with-pods": () => this.takeBack(),
            "node-role-not-named": () => (this.program = { ...this.program, ...this.allNodeRoles() }),
            ...this.more,
        };
        const known = Object.entries(advice).filter(([code]) => message.includes(`[${code}]`));
        known.forEach(([code, act]) => {
            this.world.note(`** the operator follows the advice of ${code}`);
            act();
        });
        return known.length > 0 || restartForeign(this.world, message);
    }

    /** The message names the component's DaemonSet too, if the program names another one. */
    private restartCarriers(message: string): void {
        const { world } = this;
        world.advance(ENFORCEMENT_MILLISECONDS + 1000);
        restartOthers(world);
        if (message.includes(`daemonset/${world.daemonSetName} `)) {
            world.pods.forEach(({ uid }) => world.stop(uid, false));
        }
    }

    private leaveFirst(): void {
        this.leaveOtherClusters();
        this.takeBack();
    }

    /** Another role; or, after a first update that came to no hand-over, destroy and up: no pod carries the present one. */
    private replaceRole(): void {
        if (this.engine.record === undefined) {
            this.world.note("** no pod carries the role: destroy, then up");
            this.first = (run) => this.engine.destroy(run);
        } else {
            this.program = { ...this.program, roleName: `${this.program.roleName}-2` };
        }
    }

    /**
     * If the hand-back of a former service account is refused, the plugin's owner takes its change back, and restarts the pods of other
     * DaemonSets: they may carry roles of both service accounts.
     */
    private takeBack(): void {
        if (this.first !== undefined) {
            this.first = undefined;
            this.takeServiceAccountBack();
        }
    }

    private takeServiceAccountBack(): void {
        changeServiceAccount(this.world);
        restartOthers(this.world);
        this.program = named(this.world, this.program);
    }

    private allNodeRoles(): Pick<Program, "detachFromNodeRoles"> {
        const used = this.world.nodes.map(({ role }) => role);
        return { detachFromNodeRoles: [...new Set([...(this.program.detachFromNodeRoles ?? []), ...used])] };
    }
}

/** "Fix the cause": pods that are not Ready since they carry another tool's role, whose annotation is gone, start without it. */
export function restartForeign(world: ModelWorld, message: string): boolean {
    const named = new Set(message.includes("[time-limit]") ? message.match(/\bpod\d+\b/g) : []);
    const pods = world.pods.filter(({ name, roleArn }) => roleArn === FOREIGN_ROLE && named.has(name));
    pods.forEach(({ uid }) => world.stop(uid, false));
    return pods.length > 0;
}
