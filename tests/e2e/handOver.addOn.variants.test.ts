import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { addOnWrites, type Sandbox } from "local-eks";
import { Delivery } from "../../index";
import { addOnOf, CONFIGURATION, deliveredIn, DELIVERING, type Look, lookAt, rolesOfPods } from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, PlainArgs, setArgs } from "./support/handOver";
import { describeNightly } from "./support/quiet";

/** Each test runs the engine seven times. */
const LONG = 600_000;

/** What AWS does not document about EKS's updates of an add-on. */
interface Variant {
    readonly write: (typeof addOnWrites)[number];
    readonly restartsPods: boolean;
    readonly driftRevertSeconds: number | null;
    readonly configurationLeftOut: "kept" | "reset";
    readonly valuesShown: "written" | "atOnce";
    readonly statusDelaySeconds: number;
}

/**
 * Every pair of values occurs in one of them: a way to write has each value of the others, once in one combination and once in its opposite. No two of
 * the others always agree, or always differ.
 */
const VARIANTS: readonly Variant[] = addOnWrites.flatMap((write, index) =>
    [false, true].map((isOpposite): Variant => {
        const [one, two, four] = [1, 2, 4].map((bit) => (index & bit) !== 0);
        return {
            write,
            restartsPods: isOpposite,
            driftRevertSeconds: one !== isOpposite ? 3 : null,
            configurationLeftOut: two !== isOpposite ? "reset" : "kept",
            valuesShown: four !== isOpposite ? "atOnce" : "written",
            statusDelaySeconds: (one !== two) !== isOpposite ? 1 : 0,
        };
    }),
);
/** With the others, the component keeps its own annotation: its release would remove the value. */
const OWNED_BY_APPLY = ["apply", "forcedApply", "updateThenApply", "removesThoughCoOwned"];

/** EKS_CNI_NIGHTLY=1 runs them. The model of the gate plays all of them, too. */
describeNightly("the managed add-on as the delivery, however EKS writes it", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let stack: Stack;

    const set = (delivery: Delivery) => {
        const args: PlainArgs = { delivery, ...DELIVERING };
        return setArgs(stack, sandbox, args);
    };
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;
    const pods = async () => uids(await cluster.awsNodePods());

    before(async () => {
        sandbox = await handOverSandbox("add-on-variants", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
    });
    after(() => sandbox.stop());
    beforeEach(async () => {
        await sandbox.reset();
        stack = await handOverStack(sandbox);
    });
    afterEach(() => stack.workspace.removeStack(stack.name, { force: true }));

    async function assertQuiet(): Promise<void> {
        await cluster.settled();
        const before = await pods();
        await stack.up({ expectNoChanges: true });
        await stack.refresh({ expectNoChanges: true });
        assert.deepStrictEqual(await pods(), before);
    }

    /** EKS notes its restarts of the pods in the template. */
    const withoutRestarts = (look: Look) => ({ ...look, templateAnnotations: undefined });

    async function play(variant: Variant): Promise<void> {
        await sandbox.addOn.create({ configurationValues: CONFIGURATION });
        await cluster.settled();
        const begun = await lookAt(sandbox);
        await sandbox.addOn.setBehavior(variant);
        const watched = await watchGaps(sandbox);
        try {
            await set(Delivery.EksAddon);
            await stack.up();
            const { roleArn: delivered, owners } = await deliveredIn(sandbox);
            assert.strictEqual(delivered, await roleArn());
            assert.strictEqual(
                owners.some((owner) => owner.startsWith("eks-cni/")),
                !OWNED_BY_APPLY.includes(variant.write),
                owners.join(", "),
            );
            await assertQuiet();
            const { serviceAccountRoleArn, configurationValues } = (await addOnOf(sandbox)) ?? {};
            assert.deepStrictEqual([serviceAccountRoleArn, configurationValues], [delivered, CONFIGURATION]);

            await set(Delivery.ServiceAccountPatch);
            await stack.up();
            assert.strictEqual((await deliveredIn(sandbox)).roleArn, delivered);
            assert.strictEqual((await addOnOf(sandbox))?.serviceAccountRoleArn, undefined);
            await assertQuiet();

            await set(Delivery.EksAddon);
            await stack.up();
            assert.deepStrictEqual(await rolesOfPods(sandbox), [delivered]);
            await stack.destroy();
            await cluster.settled();
            assert.deepStrictEqual(withoutRestarts(await lookAt(sandbox)), withoutRestarts(begun));
            assert.deepStrictEqual(watched.gaps(), []);
        } finally {
            watched.stop();
        }
    }

    for (const variant of VARIANTS) {
        const { write, restartsPods, driftRevertSeconds, configurationLeftOut, valuesShown, statusDelaySeconds } =
            variant;
        const what = [
            `writes by ${write}`,
            ...(restartsPods ? ["restarts the pods"] : []),
            ...(driftRevertSeconds === null ? [] : ["writes its objects again and again"]),
            ...(configurationLeftOut === "reset" ? ["resets a configuration that is left out"] : []),
            ...(valuesShown === "atOnce" ? ["shows the new values at once"] : []),
            ...(statusDelaySeconds === 0 ? [] : ["shows the new status late"]),
        ];
        it(`EKS ${what.join(", ")}`, () => play(variant)).timeout(LONG);
    }
});
