import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stage } from "./stage";

/** As an autoscaler or an AMI rotation does it without a pause. */
const EVERY_MILLISECONDS = 3000;
const LIVES_MILLISECONDS = 60_000;

/** A slow machine may miss some turns. */
const LEAST_SHARE_OF_TURNS = 0.8;

/** A node joins, and one leaves. Each lives for a minute. Returns a function that ends it, and checks how often a node has joined. */
function churn(stage: Stage, nodes: readonly string[]): () => Promise<void> {
    const began = Date.now();
    const leaves = nodes.map((name, nth) => ({ name, at: began + (nth + 1) * EVERY_MILLISECONDS }));
    let goesOn = true;
    let joined = 0;
    const turns = async () => {
        for (let turn = 1; goesOn; turn++) {
            await sleep(Math.max(0, began + turn * EVERY_MILLISECONDS - Date.now()));
            leaves.push({ name: await stage.faults.joinNode(), at: Date.now() + LIVES_MILLISECONDS });
            joined += 1;
            const [first] = leaves;
            if (first !== undefined && first.at <= Date.now()) {
                leaves.shift();
                await stage.faults.loseNode(first.name);
            }
        }
    };
    const done = turns();
    return async () => {
        goesOn = false;
        const wanted = Math.floor((Date.now() - began) / EVERY_MILLISECONDS);
        await done;
        const counted = `${String(joined)} nodes joined in ${String(wanted)} turns`;
        assert.ok(joined >= LEAST_SHARE_OF_TURNS * wanted, counted);
        await stage.scheduledOnAllNodes();
    };
}

/** Runs while nodes join and leave, from right before it begins until it has ended. */
export async function amidChurn<T>(stage: Stage, act: () => Promise<T>): Promise<T> {
    const end = churn(stage, await nodesOf(stage));
    try {
        return await act();
    } finally {
        await end();
    }
}

/** Nodes leave until as many are left as at first. */
export async function endSurplus(stage: Stage): Promise<void> {
    const nodes = await nodesOf(stage);
    for (const name of nodes.slice(stage.props.sizes.nodes)) {
        await stage.faults.loseNode(name);
    }
}

const nodesOf = async (stage: Stage) => [...(await stage.pods()).keys()].sort();
