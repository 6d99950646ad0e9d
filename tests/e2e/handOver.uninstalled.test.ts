import * as assert from "assert";
import { mkdtempSync, renameSync, rmSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import type { Stack } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";
import { copyPackage, Program } from "../continuity/engine/program";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, QUICK } from "./support/handOver";
import { iamOf } from "./support/iam";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";

describe("the npm package that is uninstalled before the stack is destroyed", () => {
    let sandbox: Sandbox;
    let stack: Stack;
    let directory: string;

    const installed = () => join(directory, "program/node_modules/eks-cni");
    const world = async () => ({
        pods: uids(await clusterOf(sandbox).awsNodePods()),
        annotations: await clusterOf(sandbox).annotations(),
        nodeRole: await iamOf(sandbox).attachedPolicies(NODE_ROLE),
        guards: await clusterOf(sandbox).kubectl("get", "validatingadmissionpolicy", "-o", "name"),
    });

    before(async () => {
        sandbox = await handOverSandbox("uninstalled");
        directory = mkdtempSync(join(tmpdir(), "eks-cni-uninstalled-"));
        copyPackage(join(directory, "package"));
        const program = new Program(join(directory, "program"), join(directory, "package"));
        program.use({ ...QUICK, clusterName: sandbox.clusterName, detachFromNodeRoles: [NODE_ROLE] });
        stack = await handOverStack(sandbox, program.directory);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
        rmSync(directory, { recursive: true, force: true });
    });

    it("moves nothing, says what to install, and goes back in order once it is there again", async () => {
        const before = await world();
        await stack.up();
        const handedOver = await world();
        assert.ok(!handedOver.nodeRole.includes(MANAGED_CNI_POLICY));

        renameSync(installed(), `${installed()}-uninstalled`);
        for (const run of [() => stack.destroy(), () => stack.refresh()]) {
            const failure = (await failureOf(run())) ?? "";
            assert.match(
                failure,
                /This stack needs the npm package eks-cni\. In the folder of the program, run: npm install eks-cni/,
            );
            assert.deepStrictEqual(await world(), handedOver);
        }

        renameSync(`${installed()}-uninstalled`, installed());
        await stack.destroy();
        assert.deepStrictEqual({ ...(await world()), pods: [] }, { ...before, pods: [] });
    });
});
