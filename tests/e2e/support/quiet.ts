import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import { uids } from "./cluster";

/** Whether the tests that only the nightly workflow runs are asked for. */
export const isNightly = process.env["EKS_CNI_NIGHTLY"] === "1";
/** In the place of `describe` and `it`: the gate has no time for these tests. */
export const describeNightly = isNightly ? describe : describe.skip;
export const itNightly = isNightly ? it : it.skip;

/** Asserts that nothing is left to say or to do about a finished stack, before and after a refresh, and that no pod restarts. */
export async function assertQuiet(stack: Stack, sandbox: Sandbox): Promise<void> {
    const before = uids(await podCredentials(sandbox.kubeconfigPath));
    await stack.preview({ expectNoChanges: true });
    await stack.up({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
    await stack.preview({ expectNoChanges: true });
    await stack.up({ expectNoChanges: true, refresh: true });
    assert.deepStrictEqual(uids(await podCredentials(sandbox.kubeconfigPath)), before);
}
