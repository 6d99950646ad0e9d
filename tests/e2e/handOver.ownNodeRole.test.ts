import * as assert from "assert";
import type { Stack } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";
import { uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { MANAGED_CNI_POLICY } from "./support/handOver";
import { iamOf } from "./support/iam";
import { NODE_ROLE, type OwnNodeRole, startOwnNodeRole } from "./support/ownNodeRole";
import { itNightly } from "./support/quiet";

const ATTACHMENT = "nodes-AmazonEKS_CNI_Policy";

describe("a program that has cluster, node role, its policies and node group, and hands over", () => {
    let sandbox: Sandbox;
    let stack: Stack;

    let program: OwnNodeRole;
    const holdsPolicy = () => program.holdsPolicy();
    const pods = () => program.pods();
    const setStage = (stage: string) => stack.setConfig("stage", { value: stage });
    const up = async (options: { refresh?: boolean } = {}) => {
        const { done, onEvent } = recordEvents();
        const { outputs } = await stack.up({ ...options, onEvent });
        // The engine may update a default provider's version.
        return { outputs, done: done().filter((step) => step !== "update default") };
    };

    before(async () => {
        program = await startOwnNodeRole("own-node-role");
        ({ sandbox, stack } = program);
    });
    after(() => program.stop());

    it("begins as AWS's page finds it", async () => {
        await setStage("before");
        await up();
        assert.strictEqual(await holdsPolicy(), true);
        assert.deepStrictEqual(
            (await pods()).map(({ ready, containers }) => [ready, containers[0]?.roleArn]),
            [
                [true, undefined],
                [true, undefined],
            ],
        );
    });

    it("hands over in the same up in which the attachment leaves the program, whose late delete finds it gone", async () => {
        await setStage("handed-over");
        const { outputs, done } = await up();
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
        assert.strictEqual(done.at(-1), `delete ${ATTACHMENT}`);
        assert.strictEqual(await holdsPolicy(), false);
        for (const { ready, containers } of await pods()) {
            assert.ok(ready && containers.every(({ roleArn }) => roleArn !== undefined));
        }
    });

    it("has nothing to do in an up with refresh", async () => {
        const before = uids(await pods());
        const { done } = await up({ refresh: true });
        assert.deepStrictEqual(done, []);
        assert.deepStrictEqual(uids(await pods()), before);
    });

    it("shows in a refresh what attaches the policy again, if it keeps the attachment", async () => {
        await setStage("attachment-kept");
        assert.deepStrictEqual((await up()).done, [`create ${ATTACHMENT}`]);
        assert.strictEqual(await holdsPolicy(), true);
        const { stdout } = await stack.refresh();
        assert.match(
            stdout,
            /AmazonEKS_CNI_Policy is attached to own-nodes again\. If a program attaches it \(aws\.iam\.RolePolicyAttachment\), remove/,
        );
        assert.deepStrictEqual((await up()).done, ["update cni-detachment"]);
        assert.strictEqual(await holdsPolicy(), false);
    });

    itNightly(
        "gives a role without nodes nothing back when it leaves the list and the program, so that IAM deletes it",
        async () => {
            await setStage("handed-over");
            await stack.setConfig("spare", { value: "true" });
            await up({ refresh: true });
            const iam = iamOf(sandbox);
            await iam.attachPolicy("own-spare", MANAGED_CNI_POLICY);
            await up({ refresh: true });
            assert.deepStrictEqual(await iam.attachedPolicies("own-spare"), []);
            await stack.setConfig("spare", { value: "false" });
            await up();
            assert.strictEqual(await iam.role("own-spare"), undefined);
        },
    );

    itNightly(
        "leaves by an up while its pool has no nodes: a warning has the command that the next nodes need",
        async () => {
            await stack.setConfig("pools", { value: "[]" });
            await up();
            await setStage("left");
            const { stdout } = await stack.up();
            const command = `aws iam attach-role-policy --role-name ${NODE_ROLE} --policy-arn ${MANAGED_CNI_POLICY}`;
            assert.ok(stdout.includes(`run before its next node joins: ${command}`), stdout);
            assert.strictEqual(await holdsPolicy(), false);
            await iamOf(sandbox).attachPolicy(NODE_ROLE, MANAGED_CNI_POLICY);
            await stack.setConfig("pools", { value: '["nodes"]' });
            await up();
            assert.deepStrictEqual(
                (await pods()).map(({ ready, containers }) => [ready, containers[0]?.roleArn]),
                [
                    [true, undefined],
                    [true, undefined],
                ],
            );
        },
    );

    it("is destroyed as a whole: nodes first, then the component, whose node role is given nothing back", async () => {
        await setStage("handed-over");
        await up({ refresh: true });
        await stack.destroy();
        assert.strictEqual(await iamOf(sandbox).role(NODE_ROLE), undefined);
    });

    itNightly("can be created in its final form from nothing, and destroyed again", async () => {
        const { outputs } = await up();
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, [
            "[no-nodes] No pod was tested with the role, since the cluster has no nodes.",
        ]);
        assert.strictEqual(await holdsPolicy(), false);
        for (const { ready, containers } of await pods()) {
            assert.ok(ready && containers.every(({ roleArn }) => roleArn !== undefined));
        }
        await stack.destroy();
        assert.strictEqual(await iamOf(sandbox).role(NODE_ROLE), undefined);
    });
});
