import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { Delivery } from "../../index";
import {
    addOnOf,
    CONFIGURATION,
    deliveredIn,
    DELIVERING,
    type Look,
    lookAt,
    NODE_ROLE,
    ROLE_ANNOTATION,
    rolesOfPods,
} from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { assertOrder, recordEvents, recordWarnings } from "./support/events";
import { watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { describeNightly, itNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const OWN_ROLE = "made-before";
const EKS_ALONE = ["eks Apply"];

/**
 * The sandbox's EKS writes by server-side apply here, as AWS documents it. handOver.addOn.variants.test.ts plays the other ways. The gate runs the
 * first group, EKS_CNI_NIGHTLY=1 all of them.
 */
describe("the hand-over with the managed add-on as the delivery", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watched: Awaited<ReturnType<typeof watchGaps>>;
    let begun: Look;

    const set = (args: PlainArgs) => setArgs(stack, sandbox, { delivery: Delivery.EksAddon, ...DELIVERING, ...args });
    const pods = async () => uids(await cluster.awsNodePods());
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;
    const makeOwnRole = async () => (await iam.createRole(OWN_ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
    const restartPods = async () => {
        await cluster.kubectl("rollout", "restart", "-n", "kube-system", "daemonset/aws-node");
        await cluster.settled();
    };
    const detachByHand = () =>
        iam.client.send(new DetachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
    /** The add-on alone delivers the role, every pod carries it, and the node role has lost the policy. */
    async function assertHandedOver(to: string): Promise<void> {
        assert.deepStrictEqual(await deliveredIn(sandbox), { roleArn: to, owners: EKS_ALONE });
        assert.deepStrictEqual(await rolesOfPods(sandbox), [to]);
        assert.strictEqual(await holdsPolicy(), false);
        const { serviceAccountRoleArn, addonVersion, configurationValues, status } = (await addOnOf(sandbox)) ?? {};
        assert.deepStrictEqual(
            { serviceAccountRoleArn, addonVersion, configurationValues, status },
            { ...begun.addOn, serviceAccountRoleArn: to },
        );
        assert.deepStrictEqual((await stack.outputs())["remainingSteps"]?.value, []);
    }
    async function assertQuiet(): Promise<void> {
        const before = await pods();
        const { warnings, onEvent } = recordWarnings();
        await stack.up({ expectNoChanges: true, onEvent });
        await stack.preview({ expectNoChanges: true, onEvent });
        await stack.refresh({ expectNoChanges: true, onEvent });
        assert.deepStrictEqual(warnings, []);
        assert.deepStrictEqual(await pods(), before);
    }
    async function assertAsBegun(): Promise<void> {
        await cluster.settled();
        assert.deepStrictEqual(await lookAt(sandbox), begun);
    }

    before(async () => {
        sandbox = await handOverSandbox("add-on", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
    });
    after(() => sandbox.stop());

    /** A cluster with the add-on, of which `prepare` makes the state before the component. */
    function onCluster(prepare: () => Promise<void>): void {
        before(async () => {
            await sandbox.reset();
            await prepare();
            stack = await handOverStack(sandbox);
            begun = await lookAt(sandbox);
            watched = await watchGaps(sandbox);
        });
        after(async () => {
            watched.stop();
            await stack.workspace.removeStack(stack.name, { force: true });
        });
        afterEach("no pod was without a path", () => {
            assert.deepStrictEqual(watched.gaps(), []);
        });
    }

    describe("that has no role yet", () => {
        onCluster(async () => {
            await sandbox.addOn.create({ configurationValues: CONFIGURATION });
            await cluster.settled();
        });

        it("moves the pods under the component's annotation, and leaves it to the add-on before it detaches", async () => {
            await set({});
            const { steps, onEvent } = recordEvents();
            await stack.up({ onEvent });
            assertOrder(
                steps,
                ...["credential-guard", "canary", "daemon-set", "add-on-role", "detachment"].map(
                    (child) => `create cni-${child}`,
                ),
            );
            await assertHandedOver(await roleArn());
        });

        it("a second up, a preview and a refresh change nothing", assertQuiet);

        it("another role moves the pods before the old one goes", async () => {
            const old = await roleArn();
            await set({ rolePath: "/another/" });
            await stack.up();
            const now = await roleArn();
            assert.notStrictEqual(now, old);
            await assertHandedOver(now);
            assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
            await assertQuiet();
        });

        itNightly("a fixed name refuses another role under the same name, and nothing moves", async () => {
            await set({ rolePath: "/another/", roleName: "cni" });
            await stack.up();
            const [before, carried] = [await pods(), await roleArn()];
            await set({ rolePath: "/third/", roleName: "cni" });
            assert.match((await failureOf(stack.up())) ?? "", /roleName/);
            assert.deepStrictEqual(await pods(), before);
            await assertHandedOver(carried);
            await set({ rolePath: "/another/", roleName: "cni" });
        });

        it("destroy gives everything back", async () => {
            await stack.destroy();
            await assertAsBegun();
        });
    });

    describeNightly("that carries the role of another owner", () => {
        onCluster(async () => {
            const serviceAccountRoleArn = await makeOwnRole();
            await sandbox.addOn.create({ serviceAccountRoleArn, configurationValues: CONFIGURATION });
            await restartPods();
        });

        it("is refused before anything moves, if the caller may not pass that role to EKS on the way back", async () => {
            const before = await pods();
            const allow = { Effect: "Allow", Action: "*", Resource: "*" };
            const deny = { Effect: "Deny", Action: "iam:PassRole", Resource: begun.addOn.serviceAccountRoleArn };
            const rights = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] });
            const { accessKeyId, secretAccessKey } = await sandbox.createUser("without-pass-role", [rights]);
            const { envVars } = stack.workspace;
            const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = envVars;
            Object.assign(envVars, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
            await set({});
            const failure = (await failureOf(stack.up())) ?? "";
            Object.assign(envVars, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY });
            assert.match(failure, new RegExp(`\\[add-on-update-failed\\].*may not pass \\S+/${OWN_ROLE} `, "s"));
            assert.deepStrictEqual(await pods(), before);
            assert.deepStrictEqual((await lookAt(sandbox)).delivered, begun.delivered);
        });

        it("gives that role up, and gets the component's", async () => {
            await set({});
            await stack.up();
            await assertHandedOver(await roleArn());
            await assertQuiet();
        });

        it("gets the former role back on destroy", async () => {
            await stack.destroy();
            await assertAsBegun();
        });
    });

    describeNightly("that carries the role of another owner: the policies are already detached", () => {
        onCluster(async () => {
            const serviceAccountRoleArn = await makeOwnRole();
            await sandbox.addOn.create({ serviceAccountRoleArn, configurationValues: CONFIGURATION });
            await restartPods();
            await detachByHand();
        });

        it("keeps that role until the pods have moved, and then gets the component's", async () => {
            await set({});
            await stack.up();
            await assertHandedOver(await roleArn());
            await assertQuiet();
        });

        it("gets the former role back on destroy, and no node role gets a policy that it did not hold", async () => {
            await stack.destroy();
            await assertAsBegun();
        });
    });

    for (const [what, isDetached] of [
        ["only the policies of the node role are left", false],
        ["the policies are already detached", true],
    ] as const) {
        describeNightly(`that carries this role already: ${what}`, () => {
            let existingRoleArn: string;
            onCluster(async () => {
                existingRoleArn = await makeOwnRole();
                await sandbox.addOn.create({
                    serviceAccountRoleArn: existingRoleArn,
                    configurationValues: CONFIGURATION,
                });
                await restartPods();
                if (isDetached) {
                    await detachByHand();
                }
            });

            it("verifies the pods without a restart, and detaches", async () => {
                const before = await pods();
                await set({ existingRoleArn });
                await stack.up();
                await assertHandedOver(existingRoleArn);
                assert.deepStrictEqual(await pods(), before);
                await assertQuiet();
            });

            it("leaves the role to the add-on on destroy", async () => {
                const before = await pods();
                await stack.destroy();
                await assertAsBegun();
                assert.deepStrictEqual(await pods(), before);
            });
        });
    }

    describeNightly("whose role differs from the annotation", () => {
        onCluster(async () => {
            const serviceAccountRoleArn = await makeOwnRole();
            await sandbox.addOn.create({ serviceAccountRoleArn, configurationValues: CONFIGURATION });
            await restartPods();
            const another = (await iam.createRole("another", trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
            const annotation = `${ROLE_ANNOTATION}=${another}`;
            await cluster.kubectl("annotate", "--overwrite", "sa/aws-node", "-n", "kube-system", annotation);
            begun = await lookAt(sandbox);
        });

        it("is refused before anything moves", async () => {
            const before = await pods();
            await set({});
            assert.match((await failureOf(stack.up())) ?? "", /\[role-not-delivered\].*has the role/s);
            assert.deepStrictEqual(await pods(), before);
            await stack.destroy();
            await assertAsBegun();
        });
    });

    describeNightly("that has written the annotation again since the pods carry it", () => {
        let existingRoleArn: string;
        onCluster(async () => {
            existingRoleArn = await makeOwnRole();
            await sandbox.addOn.create({
                serviceAccountRoleArn: existingRoleArn,
                configurationValues: CONFIGURATION,
            });
            await restartPods();
            await cluster.kubectl("annotate", "sa/aws-node", "-n", "kube-system", `${ROLE_ANNOTATION}-`);
            await sandbox.addOn.revertDrift();
        });

        it("is refused, until the pods are restarted as the message says", async () => {
            await set({ existingRoleArn });
            assert.match(
                (await failureOf(stack.up())) ?? "",
                /\[role-not-delivered\].*kubectl rollout restart daemonset\/aws-node -n kube-system/s,
            );
            assert.strictEqual(await holdsPolicy(), true);
            await restartPods();
            const { templateAnnotations } = await lookAt(sandbox);
            begun = { ...begun, templateAnnotations };
            await stack.up();
            await assertHandedOver(existingRoleArn);
            await stack.destroy();
            await assertAsBegun();
        });
    });

    describeNightly(
        "that another program gives the role of a component which annotates the service account itself",
        () => {
            onCluster(async () => {
                await sandbox.addOn.create({ configurationValues: CONFIGURATION });
                await sandbox.addOn.setBehavior({ write: "nothing" });
                await cluster.settled();
            });

            it("stops destroy before the role goes, which ends as it began once the add-on has given the role up", async () => {
                await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE] });
                await stack.up();
                const role = await roleArn();
                await sandbox.addOn.update({ serviceAccountRoleArn: role, configurationValues: CONFIGURATION });
                assert.match(
                    (await failureOf(stack.destroy())) ?? "",
                    /\[role-still-delivered\] The managed add-on vpc-cni still has the role .*Remove the role from the managed add-on: aws eks update-addon/s,
                );
                assert.ok((await iam.role(role.split("/").at(-1) ?? "")) !== undefined);
                assert.strictEqual(await holdsPolicy(), true);
                await sandbox.addOn.update({ configurationValues: CONFIGURATION });
                await stack.destroy();
                await assertAsBegun();
            });
        },
    );

    describeNightly("whose update EKS does not end, or does not carry out", () => {
        onCluster(async () => {
            await sandbox.addOn.create({ configurationValues: CONFIGURATION });
            await cluster.settled();
        });
        const hasMoved = async () => {
            const [role, ...others] = await rolesOfPods(sandbox);
            assert.ok(role !== undefined && others.length === 0);
            assert.strictEqual((await deliveredIn(sandbox)).roleArn, role);
            assert.strictEqual(await holdsPolicy(), true);
        };

        it("the run ends at its limit, the pods keep the role, and nothing is detached", async () => {
            await set({ timeouts: { ...DELIVERING.timeouts, deliverySeconds: 10 } });
            await sandbox.addOn.setNext({ update: "neverEnds" });
            assert.match((await failureOf(stack.up())) ?? "", /\[add-on-update-failed\]/);
            await hasMoved();
            assert.match((await failureOf(stack.up())) ?? "", /\[add-on-update-failed\].*has been UPDATING for 10 s/s);
            await hasMoved();
        });

        it("goes on once EKS has ended it, past an update that fails", async () => {
            // A deletion is what ends an update that EKS does not end.
            await sandbox.addOn.delete({ preserve: true });
            await sandbox.addOn.create({ configurationValues: CONFIGURATION });
            await sandbox.addOn.setNext({ update: "failed" });
            assert.match((await failureOf(stack.up())) ?? "", /\[add-on-update-failed\].*InternalFailure/s);
            await hasMoved();
            await sandbox.addOn.setNext({ update: "failedButApplied" });
            await stack.up();
            await assertHandedOver(await roleArn());
            await stack.destroy();
            await assertAsBegun();
        });
    });
});
