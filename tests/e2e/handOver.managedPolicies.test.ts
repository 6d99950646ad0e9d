import * as assert from "assert";
import { uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { NODE_ROLE, type OwnNodeRole, startOwnNodeRole } from "./support/ownNodeRole";

/** How the program manages all policies of its node role, and its stages. */
const MANAGED_BY = {
    managedPolicyArns: { before: "managed", released: "released", changes: /^create nodes-Amazon/ },
    "exclusive attachments": {
        before: "exclusive",
        released: "exclusive-released",
        changes: /^delete nodes-exclusive$/,
    },
} as const;

Object.entries(MANAGED_BY).forEach(([by, stages], index) => {
    describe(`a program whose node role has ${by}, and that hands over in two updates`, () => {
        let program: OwnNodeRole;

        const up = async (stage: string) => {
            await program.stack.setConfig("stage", { value: stage });
            const { done, onEvent } = recordEvents();
            const { outputs } = await program.stack.up({ onEvent });
            return { outputs, done: done() };
        };

        before(async () => {
            program = await startOwnNodeRole(`managed-policies-${String(index)}`);
        });
        after(() => program.stop());

        it("takes it out first: the role does not change, and keeps the CNI policy", async () => {
            await up(stages.before);
            assert.strictEqual(await program.holdsPolicy(), true);
            const before = uids(await program.pods());
            const { done } = await up(stages.released);
            assert.deepStrictEqual(
                done.filter((step) => !stages.changes.test(step)),
                [],
            );
            assert.notDeepStrictEqual(done, []);
            assert.strictEqual(await program.holdsPolicy(), true);
            assert.deepStrictEqual(uids(await program.pods()), before);
        });

        it("adds the component next, which detaches the policy when every pod carries the role", async () => {
            const { outputs, done } = await up("handed-over");
            assert.ok(!done.includes("update nodes"), done.join(", "));
            assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
            assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
            assert.strictEqual(await program.holdsPolicy(), false);
            for (const { ready, containers } of await program.pods()) {
                assert.ok(ready && containers.every(({ roleArn }) => roleArn !== undefined));
            }
        });
    });
});
