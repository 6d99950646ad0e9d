import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { Delivery } from "../../index";
import { addOnOf, deliveredIn, DELIVERING, NODE_ROLE, rolesOfPods } from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { watchGaps } from "./support/faults";
import { handOverSandbox, MANAGED_CNI_POLICY, PlainArgs, QUICK, writeYaml, yamlStackOf } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const EXTERNAL = { ...QUICK, ...DELIVERING, delivery: Delivery.External };
const OUTPUTS = { roleArn: "${cni.roleArn}", remainingSteps: "${cni.remainingSteps}" };
const STOPS =
    /The update would stop, for this reason:\s+\[role-not-delivered\] .*runs the component through the plugin/s;
const USE_EKS_ADDON = /Use delivery: "eksAddon", and let the add-on take serviceAccountRoleArn: \$\{cni\.ready\}: /;

/** The SDK answers with the outputs of a component when all of them are known, so that nothing of the program can act in between. */
describeNightly("the hand-over through the plugin with an add-on of the same program as the delivery", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watched: Awaited<ReturnType<typeof watchGaps>>;

    const pods = async () => uids(await cluster.awsNodePods());
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;
    const addOn = (serviceAccountRoleArn: string | undefined, options: object) => {
        const properties = {
            clusterName: sandbox.clusterName,
            addonName: "vpc-cni",
            serviceAccountRoleArn,
            resolveConflictsOnUpdate: "PRESERVE",
            preserve: true,
        };
        return { resources: { "vpc-cni": { type: "aws:eks:Addon", properties, options } } };
    };
    /** Writes the program for the next operation. Without arguments, it has no component. */
    const write = (args: PlainArgs | undefined, takes?: string, options = {}) =>
        writeYaml(stack.workspace.workDir, sandbox, args, {
            ...addOn(takes, options),
            outputs: args === undefined ? {} : OUTPUTS,
        });
    const preview = async (): Promise<string> => {
        const { diagnostics, onEvent } = recordEvents();
        await stack.preview({ onEvent });
        return diagnostics.filter((line) => !line.startsWith("debug")).join("\n");
    };
    async function assertHandedOver(to: string): Promise<void> {
        assert.deepStrictEqual(await deliveredIn(sandbox), { roleArn: to, owners: ["eks Apply"] });
        assert.strictEqual((await addOnOf(sandbox))?.serviceAccountRoleArn, to);
        assert.deepStrictEqual(await rolesOfPods(sandbox), [to]);
        assert.strictEqual(await holdsPolicy(), false);
        assert.deepStrictEqual((await stack.outputs())["remainingSteps"]?.value, []);
    }
    async function assertNothingToDo(): Promise<void> {
        const before = await pods();
        await stack.up({ expectNoChanges: true });
        await stack.preview({ expectNoChanges: true });
        assert.deepStrictEqual(await pods(), before);
    }
    async function assertDestroyed(): Promise<void> {
        const role = (await roleArn()).split("/").at(-1) ?? "";
        await stack.destroy();
        await cluster.settled();
        assert.deepStrictEqual(await deliveredIn(sandbox), { roleArn: undefined, owners: [] });
        assert.deepStrictEqual(await rolesOfPods(sandbox), [undefined]);
        assert.strictEqual(await holdsPolicy(), true);
        assert.strictEqual(await iam.role(role), undefined);
    }

    before(async () => {
        sandbox = await handOverSandbox("external-yaml", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
    });
    after(() => sandbox.stop());

    /** A cluster whose managed add-on the program has imported. */
    function onCluster(): void {
        before(async () => {
            await sandbox.reset();
            await sandbox.addOn.create();
            await cluster.settled();
            stack = await yamlStackOf(sandbox, EXTERNAL);
            stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
            watched = await watchGaps(sandbox);
            write(undefined, undefined, { import: `${sandbox.clusterName}:vpc-cni` });
            await stack.up();
        });
        after(async () => {
            watched.stop();
            await stack.workspace.removeStack(stack.name, { force: true });
        });
        afterEach("no pod was without a path", () => {
            assert.deepStrictEqual(watched.gaps(), []);
        });
    }

    describe("in a new stack", () => {
        onCluster();

        it("the preview says that the update would stop, and what to do", async () => {
            const before = await pods();
            write(EXTERNAL, "${cni.provedRoleArn}");
            const shown = await preview();
            assert.match(shown, STOPS);
            assert.match(shown, /Use delivery: "eksAddon": the component then gives the add-on the role\./);
            assert.match(
                shown,
                /Or run two updates: the first with liveChecks: false and without detachFromNodeRoles, in which the add-on takes serviceAccountRoleArn: \$\{cni\.provedRoleArn\}; the second with the program as it is now\./,
            );
            assert.deepStrictEqual(await pods(), before);
        });

        it("two updates hand over, as it says: the first one gives the role to the add-on, and the second one moves the pods", async () => {
            const before = await pods();
            const withoutLiveChecks = Object.fromEntries(
                Object.keys({ ...QUICK, ...DELIVERING }).map((key) => [key, undefined]),
            );
            write({ ...withoutLiveChecks, delivery: Delivery.External, liveChecks: false }, "${cni.provedRoleArn}");
            await stack.up();
            assert.deepStrictEqual(await deliveredIn(sandbox), { roleArn: await roleArn(), owners: ["eks Apply"] });
            assert.deepStrictEqual(await pods(), before);
            assert.strictEqual(await holdsPolicy(), true);

            write(EXTERNAL, "${cni.provedRoleArn}");
            assert.match(await preview(), /Plan for the cluster:\s+\[canary\] .*\[detach\] /s);
            await stack.up();
            await assertHandedOver(await roleArn());
            await assertNothingToDo();
        });

        it("the preview of another role advises against liveChecks: false, and for eksAddon, which moves the pods", async () => {
            const old = await roleArn();
            write({ ...EXTERNAL, rolePath: "/another/" }, "${cni.provedRoleArn}");
            const shown = await preview();
            assert.match(shown, STOPS);
            assert.match(shown, USE_EKS_ADDON);
            assert.match(shown, / Do not set liveChecks: false: /);
            assert.doesNotMatch(shown, /two updates/);

            write({ ...EXTERNAL, delivery: Delivery.EksAddon, rolePath: "/another/" }, "${cni.ready}");
            await stack.up();
            const now = await roleArn();
            assert.match(now, /:role\/another\//);
            await assertHandedOver(now);
            assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
            await assertNothingToDo();
        });

        it("destroy gives everything back", assertDestroyed);
    });

    for (const way of ["the ARN as text", "eksAddon"] as const) {
        describe(`in a stack whose update has ended at its time limit: ${way}`, () => {
            let as: string;
            onCluster();

            it("that update moved nothing", async () => {
                const before = await pods();
                write(
                    { ...EXTERNAL, timeouts: { ...DELIVERING.timeouts, deliverySeconds: 3 } },
                    "${cni.provedRoleArn}",
                );
                assert.match(
                    (await failureOf(stack.up())) ?? "",
                    /\[role-not-delivered\] No other writer gave .* within 3 s/,
                );
                assert.deepStrictEqual(await pods(), before);
                assert.strictEqual(await holdsPolicy(), true);
                assert.deepStrictEqual(await deliveredIn(sandbox), { roleArn: undefined, owners: [] });
            });

            it("the next preview advises against liveChecks: false, and for eksAddon or the ARN as text", async () => {
                write(EXTERNAL, "${cni.provedRoleArn}");
                const shown = await preview();
                assert.match(shown, STOPS);
                assert.doesNotMatch(shown, /two updates/);
                assert.match(shown, / Do not set liveChecks: false: /);
                assert.match(shown, USE_EKS_ADDON);
                [, as = ""] = /Or set serviceAccountRoleArn: (\S+) as text in this update/.exec(shown) ?? [];
                assert.notStrictEqual(as, "", shown);
            });

            it("this way hands over, and then nothing is left to do", async () => {
                if (way === "eksAddon") {
                    write({ ...EXTERNAL, delivery: Delivery.EksAddon }, "${cni.ready}");
                    await stack.up();
                    await assertHandedOver(as);
                } else {
                    write(EXTERNAL, as);
                    await stack.up();
                    await assertHandedOver(as);
                    write(EXTERNAL, "${cni.provedRoleArn}");
                }
                await assertNothingToDo();
            });

            it("destroy gives everything back", assertDestroyed);
        });
    }
});
