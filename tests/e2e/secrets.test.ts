import * as assert from "assert";
import * as pulumi from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { Sandbox } from "local-eks";
import { CniServiceAccountRole } from "../../index";
import { clusterOf } from "./support/cluster";
import { iamOf, tagsOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { filesOf, resourcesOf } from "./support/states";
import { createStack } from "./support/stacks";

const DESCRIPTION = "of the merger with Example Corp";
const TAG = "project-moonshot";

describe("secret arguments", () => {
    let sandbox: Sandbox;
    let stack: Awaited<ReturnType<typeof createStack>>;
    let shown = "";

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        await clusterOf(sandbox).settled();
        stack = await createStack(sandbox, () => {
            const cni = new CniServiceAccountRole("cni", {
                clusterName: sandbox.clusterName,
                roleDescription: pulumi.secret(DESCRIPTION),
                tags: { reason: pulumi.secret(TAG) },
                rollout: { enabled: false },
            });
            return { ready: cni.ready, name: cni.roleName };
        });
        // The SDK's debug messages contain each response of the engine. The CLI shows them only with --debug.
        const onEvent = (event: EngineEvent) => {
            shown += event.diagnosticEvent?.prefix === "debug: " ? "" : JSON.stringify(event);
        };
        const preview = await stack.preview({ diff: true, onEvent });
        const up = await stack.up({ diff: true, onEvent });
        const refresh = await stack.refresh({ onEvent });
        shown += [preview, up, refresh].map(({ stdout, stderr }) => stdout + stderr).join("");
    });
    after(() => stack.destroy());

    it("reach IAM", async () => {
        const role = await iamOf(sandbox).role(String((await stack.outputs())["name"]?.value));
        assert.strictEqual(role?.Description, DESCRIPTION);
        assert.deepStrictEqual(tagsOf(role), { reason: TAG });
    });

    it("are in the state encrypted by the stack's passphrase, and in no file of the backend in clear", async () => {
        const files = await filesOf(sandbox, stack);
        assert.ok(files.some(({ text }) => /"type": *"passphrase"/.test(text)));
        for (const { file, text } of files) {
            assert.ok(!text.includes(DESCRIPTION) && !text.includes(TAG), `${file} shows a secret`);
        }
        const role = (await resourcesOf(stack)).find(({ type }) => type === "aws:iam/role:Role");
        assert.ok(JSON.stringify(role?.inputs?.["description"]).includes(DESCRIPTION), "the passphrase gives it back");
        assert.ok(JSON.stringify(role?.outputs?.["tagsAll"]).includes(TAG), "the passphrase gives it back");
    });

    it("are not shown by preview, up and refresh, and not in their events", () => {
        assert.match(shown, /cni-role/);
        assert.ok(!shown.includes(DESCRIPTION));
        assert.ok(!shown.includes(TAG));
    });

    it("make no secret of what does not come from them", async () => {
        const outputs = await stack.outputs();
        assert.deepStrictEqual([outputs["ready"]?.secret, outputs["name"]?.secret], [false, false]);
    });
});
