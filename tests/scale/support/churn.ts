import type { Sandbox } from "local-eks";
import { setTimeout as sleep } from "timers/promises";

/** How often a node joins, and one leaves. */
const EVERY_MILLISECONDS = 3000;
const LIVES_MILLISECONDS = 60_000;

/** What has come and gone, by the nodes' names. */
export interface Churned {
    readonly joined: readonly string[];
    readonly left: readonly string[];
}

/**
 * Runs while a node joins and one leaves every 3 s. The nodes that join live for a minute each. Until the first of them is due, others of
 * the cluster leave. They join with each node role and in each subnet in turn.
 */
export async function amidChurn<T>(sandbox: Sandbox, run: () => Promise<T>): Promise<{ result: T; churned: Churned }> {
    const { nodes, nodeRoleNames, subnetIds } = sandbox;
    const inTurn = (all: readonly string[], turn: number) => all[turn % all.length];
    const began = Date.now();
    const first = Object.keys(await nodes.subnets())
        .sort()
        .slice(0, LIVES_MILLISECONDS / EVERY_MILLISECONDS);
    const leaves = first.map((name, nth) => ({ name, at: began + (nth + 1) * EVERY_MILLISECONDS }));
    const churned = { joined: new Array<string>(), left: new Array<string>() };
    const state = { goesOn: true };
    const turns = async () => {
        for (let turn = 0; ; turn++) {
            await sleep(Math.max(0, began + (turn + 1) * EVERY_MILLISECONDS - Date.now()));
            if (!state.goesOn) {
                return;
            }
            const instanceProfile = inTurn(nodeRoleNames, turn);
            const name = await nodes.add({ instanceProfile, subnetId: inTurn(subnetIds, turn) });
            churned.joined.push(name);
            leaves.push({ name, at: Date.now() + LIVES_MILLISECONDS });
            const [next] = leaves;
            if (next !== undefined && next.at <= Date.now()) {
                leaves.shift();
                await nodes.remove(next.name);
                churned.left.push(next.name);
            }
        }
    };
    const done = turns();
    // A failure of the fleet is reported when the run has ended.
    done.catch(() => undefined);
    try {
        return { result: await run(), churned };
    } finally {
        state.goesOn = false;
        await done;
    }
}
