/** Scales up after a hand-over, a move or a hand-back: the nodes that join later have to work, too. */
import * as assert from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import type { Gap } from "./monitor/gaps";

/** The cluster that is scaled up. */
export interface Scalable {
    /** Launches an instance with this node role. Returns the node's name. */
    join(nodeRole: string): Promise<string>;
    /** Whether the node has a Ready pod of aws-node. */
    isReady(node: string): Promise<boolean>;
    /** The times in which pods had no path since `from`. */
    gaps(from: number): readonly Gap[];
    leave(node: string): Promise<void>;
}

/** A pod that is refused waits for the next try of the DaemonSet's controller. */
const LIMIT_SECONDS = 30;

/** With each node role, a node joins, gets a Ready pod that has had its path all the time, and leaves. Throws if one is left out. */
export async function scaleUp(
    nodeRoles: readonly string[],
    cluster: Scalable,
    limitSeconds = LIMIT_SECONDS,
): Promise<void> {
    await Promise.all(nodeRoles.map((nodeRole) => scaleUpWith(nodeRole, cluster, limitSeconds)));
}

async function scaleUpWith(nodeRole: string, cluster: Scalable, limitSeconds: number): Promise<void> {
    const from = Date.now();
    const leftOut = (why: string) => `a node with the node role ${nodeRole} was left out: ${why}`;
    const node = await cluster.join(nodeRole).catch((error: unknown) => assert.fail(leftOut(String(error))));
    while (!(await cluster.isReady(node))) {
        const waited = Date.now() - from;
        assert.ok(waited < limitSeconds * 1000, leftOut(`${node} has no Ready pod after ${String(limitSeconds)} s`));
        await sleep(100);
    }
    const gap = cluster.gaps(from).find((one) => one.node === node);
    assert.ok(gap === undefined, leftOut(`${gap?.pod ?? ""} on ${node} had no path: ${gap?.reason ?? ""}`));
    await cluster.leave(node);
}
