import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import type { Sandbox } from "local-eks";
import * as path from "path";
import { Delivery } from "../../index";
import { deliveredIn, DELIVERING, type Look, lookAt, NODE_ROLE, ROLE_ANNOTATION, rolesOfPods } from "./support/addOn";
import { clusterOf, uids } from "./support/cluster";
import { assertOrder, assertShown, recordEvents, recordWarnings } from "./support/events";
import { watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const OWN_ROLE = "made-before";
const ROLE_PREFIX = "arn:aws:iam::111122223333:role/";
const WRITER = "gitops";

describe("the hand-over with another writer as the delivery", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watched: Awaited<ReturnType<typeof watchGaps>>;
    let begun: Look;

    const set = (args: PlainArgs) => setArgs(stack, sandbox, { delivery: Delivery.External, ...DELIVERING, ...args });
    const pods = async () => uids(await cluster.awsNodePods());
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const roleArn = async () => (await stack.outputs())["roleArn"]?.value as string;
    async function assertHandedOver(to: string, by: string): Promise<void> {
        assert.deepStrictEqual(await deliveredIn(sandbox), { roleArn: to, owners: [by] });
        assert.deepStrictEqual(await rolesOfPods(sandbox), [to]);
        assert.strictEqual(await holdsPolicy(), false);
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

    /** What a pipeline has in its repository, and applies as its own field manager. */
    async function applyByWriter(annotations?: Readonly<Record<string, string>>): Promise<void> {
        const file = path.join(sandbox.directory, "service-account.json");
        const metadata = { name: "aws-node", namespace: "kube-system", annotations };
        fs.writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata }));
        await cluster.kubectl("apply", "--server-side", `--field-manager=${WRITER}`, "-f", file);
    }
    const deliver = (to: string) => applyByWriter({ [ROLE_ANNOTATION]: to });

    /** The writer acts once the command waits for it. */
    async function whileWaiting(
        command: (options: { onOutput: (text: string) => void }) => Promise<unknown>,
        words: RegExp,
        act: () => Promise<void>,
    ): Promise<void> {
        let output = "";
        let acted: Promise<void> | undefined;
        const onOutput = (text: string) => {
            output += text;
            acted ??= words.test(output) ? act() : undefined;
        };
        await command({ onOutput });
        assert.ok(acted !== undefined, `the command did not wait:\n${output}`);
        await acted;
    }

    before(async () => {
        sandbox = await handOverSandbox("external", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
    });
    after(() => sandbox.stop());

    /** A cluster, of which `prepare` makes the state before the component. */
    function onCluster(program: string, prepare: () => Promise<void>): void {
        before(async () => {
            await sandbox.reset();
            await prepare();
            stack = await handOverStack(sandbox, program);
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

    describeNightly("that is an add-on of the same program", () => {
        onCluster("external", () => Promise.resolve());

        it("the component proves the role, the add-on delivers it, and the component goes on", async () => {
            await set({});
            // The engine would have no worker left for the add-on.
            const startedAt = Date.now();
            const refused = await failureOf(stack.up({ parallel: 1 }));
            assert.match(refused ?? "", /\[role-not-delivered\].*\(--parallel 1\).*Run pulumi up --parallel 2\./s);
            assert.ok(Date.now() - startedAt < 120_000);
            await stack.up({ parallel: 2 });
            await assertHandedOver(await roleArn(), "eks Apply");
            await assertQuiet();
        });

        it("another role reaches the pods through the add-on before the old one goes", async () => {
            const old = await roleArn();
            await set({ rolePath: "/another/" });
            await stack.up();
            const now = await roleArn();
            assert.notStrictEqual(now, old);
            await assertHandedOver(now, "eks Apply");
            assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
        });

        it("destroy ends as it began: EKS leaves the objects, and the component removes the role that is left on them", async () => {
            await stack.destroy();
            await cluster.settled();
            assert.deepStrictEqual(await lookAt(sandbox), begun);
        });
    });

    describeNightly("that is a patch of the same program", () => {
        onCluster("external-patch", () => Promise.resolve());

        it("the component proves the role, the patch delivers it, and the component goes on", async () => {
            await set({});
            const { steps, onEvent } = recordEvents();
            await stack.up({ onEvent });
            assertOrder(steps, "create cni-credential-guard", "create aws-node", "create cni-daemon-set");
            await assertHandedOver(await roleArn(), "platform Apply");
            await assertQuiet();
        });

        it("another role reaches the pods through the patch before the old one goes", async () => {
            const old = await roleArn();
            await set({ rolePath: "/another/" });
            await stack.up();
            const now = await roleArn();
            assert.notStrictEqual(now, old);
            await assertHandedOver(now, "platform Apply");
            assert.strictEqual(await iam.role(old.split("/").at(-1) ?? ""), undefined);
        });

        it("destroy ends as it began", async () => {
            await stack.destroy();
            await cluster.settled();
            assert.deepStrictEqual(await lookAt(sandbox), begun);
        });
    });

    describe("that is another tool's server-side apply", () => {
        onCluster("hand-over", () => Promise.resolve());

        it("is refused while nothing delivers the role, and goes on as the message says", async () => {
            const timeouts = { ...DELIVERING.timeouts, deliverySeconds: 2 };
            const before = await pods();
            await set({ roleName: "cni", timeouts });
            const failure = (await failureOf(stack.up())) ?? "";
            assert.match(failure, /\[role-not-delivered\].*the service account has no role annotation/s);
            const [, advised = ""] = new RegExp(`Let the writer set ${ROLE_ANNOTATION}: (\\S+) `).exec(failure) ?? [];
            assert.strictEqual(advised, `${ROLE_PREFIX}cni`);
            assert.deepStrictEqual(await pods(), before);
            assert.strictEqual(await holdsPolicy(), true);
            await deliver(advised);
            await stack.up();
            await assertHandedOver(advised, `${WRITER} Apply`);
        });

        it("a second up, a preview and a refresh change nothing", assertQuiet);

        it("waits with another role until the writer delivers that one", async () => {
            await set({ roleName: "cni-2" });
            await whileWaiting(
                (options) => stack.up(options),
                /waiting for another writer to deliver \S+\/cni-2: the service account is annotated with \S+\/cni,/,
                () => deliver(`${ROLE_PREFIX}cni-2`),
            );
            await assertHandedOver(`${ROLE_PREFIX}cni-2`, `${WRITER} Apply`);
            assert.strictEqual(await iam.role("cni"), undefined);
        });

        it("destroy does not end while the writer names the role, and ends as it began once it does not", async () => {
            await set({ roleName: "cni-2", timeouts: { ...DELIVERING.timeouts, deliverySeconds: 2 } });
            await stack.up();
            assert.match((await failureOf(stack.destroy())) ?? "", /\[role-still-delivered\].*"gitops"/s);
            assert.notStrictEqual(await iam.role("cni-2"), undefined);
            assert.strictEqual(await holdsPolicy(), true);
            await applyByWriter();
            await stack.destroy();
            await cluster.settled();
            assert.deepStrictEqual(await lookAt(sandbox), begun);
        });
    });

    describeNightly("that the component takes over from, with another role", () => {
        const taken = { delivery: Delivery.ServiceAccountPatch, roleName: "cni-2" };
        onCluster("hand-over", () => Promise.resolve());

        it("is refused while the writer owns the annotation, and the message says how to go on", async () => {
            await set({ roleName: "cni" });
            await whileWaiting(
                (options) => stack.up(options),
                /waiting for another writer to deliver \S+\/cni:/,
                () => deliver(`${ROLE_PREFIX}cni`),
            );
            const before = await pods();
            await set(taken);
            assert.match(
                (await failureOf(stack.up())) ?? "",
                new RegExp(`\\[annotation-owned-by-another\\].*"${WRITER}".*overrideExistingServiceAccount: true`, "s"),
            );
            assert.deepStrictEqual(await pods(), before);
            await assertHandedOver(`${ROLE_PREFIX}cni`, `${WRITER} Apply`);
        });

        it("the node roles get their policies first, and then the pods move by canaries", async () => {
            await set({ ...taken, overrideExistingServiceAccount: true });
            const { steps, diagnostics, onEvent } = recordEvents();
            await stack.up({ onEvent });
            assertOrder(steps, "update cni-credential-guard", "create cni-service-account", "update cni-canary");
            assertShown(
                diagnostics,
                /attaching the recorded policies again to sandbox-nodes/,
                /waiting 3 s for IAM to enforce the policies of the node roles/,
                /canary aws-node-\S+ on \S+ .*restarts first, with the role/,
                /detaching the policies from sandbox-nodes/,
            );
            await assertHandedOver(`${ROLE_PREFIX}cni-2`, `eks-cni/hand-over/${stack.name}/cni Apply`);
            assert.strictEqual(await iam.role("cni"), undefined);
        });

        it("a second up, a preview and a refresh change nothing", assertQuiet);

        it("the writer's next apply conflicts, and without the annotation it changes nothing", async () => {
            await assert.rejects(deliver(`${ROLE_PREFIX}cni`), /conflict/);
            await applyByWriter();
            await assertHandedOver(`${ROLE_PREFIX}cni-2`, `eks-cni/hand-over/${stack.name}/cni Apply`);
            await assertQuiet();
        });

        it("destroy ends as it began", async () => {
            await stack.destroy();
            await cluster.settled();
            assert.deepStrictEqual(await lookAt(sandbox), begun);
        });
    });

    describeNightly("that delivers a role with a fixed name", () => {
        /** What another role needs, under the same name, and the message. */
        const refused: Readonly<Record<string, readonly [PlainArgs, RegExp]>> = {
            "another path": [
                { rolePath: "/another/" },
                /A role with this name already exists\. Nothing was changed\. Choose a roleName other than cni, .* with a new rolePath, it needs another name, too/s,
            ],
            "a permissions boundary": [
                { permissionsBoundary: MANAGED_CNI_POLICY },
                /\[role-narrowed\].*Set roleName to a new name in the same update/s,
            ],
        };
        const moves = async (args: PlainArgs, to: string) => {
            await set(args);
            await whileWaiting(
                (options) => stack.up(options),
                new RegExp(`waiting for another writer to deliver ${to}:`),
                () => deliver(to),
            );
            await assertHandedOver(to, `${WRITER} Apply`);
        };
        onCluster("hand-over", () => Promise.resolve());

        it("is handed over", () => moves({ roleName: "cni" }, `${ROLE_PREFIX}cni`));

        for (const [what, [args, message]] of Object.entries(refused)) {
            it(`${what} is refused under the same name, and nothing moves`, async () => {
                const before = await pods();
                await set({ roleName: "cni", ...args });
                assert.match((await failureOf(stack.up())) ?? "", message);
                assert.deepStrictEqual(await pods(), before);
                await assertHandedOver(`${ROLE_PREFIX}cni`, `${WRITER} Apply`);
                await set({ roleName: "cni" });
                await stack.up();
                await assertQuiet();
                assert.deepStrictEqual(await pods(), before);
            });
        }

        it("another path and another name, as the message says, wait for the writer", async () => {
            await moves({ roleName: "cni-2", rolePath: "/another/" }, `${ROLE_PREFIX}another/cni-2`);
            assert.strictEqual(await iam.role("cni"), undefined);
        });

        it("a permissions boundary and another name, as the message says, wait for the writer", async () => {
            const permissionsBoundary = MANAGED_CNI_POLICY;
            await moves(
                { roleName: "cni-3", rolePath: "/another/", permissionsBoundary },
                `${ROLE_PREFIX}another/cni-3`,
            );
            assert.strictEqual(await iam.role("cni-2"), undefined);
            assert.strictEqual(
                (await iam.role("cni-3"))?.PermissionsBoundary?.PermissionsBoundaryArn,
                permissionsBoundary,
            );
            await assertQuiet();
        });

        it("destroy ends as it began", async () => {
            await whileWaiting(
                (options) => stack.destroy(options),
                /waiting until gitops no longer gives \S+\/cni-3 /,
                () => applyByWriter(),
            );
            await cluster.settled();
            assert.deepStrictEqual(await lookAt(sandbox), begun);
        });
    });

    for (const [what, isDetached] of [
        ["only the policies of the node role are left", false],
        ["the policies are already detached", true],
    ] as const) {
        describeNightly(`that delivers this role already: ${what}`, () => {
            let existingRoleArn: string;
            onCluster("hand-over", async () => {
                existingRoleArn = (await iam.createRole(OWN_ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
                await deliver(existingRoleArn);
                await cluster.kubectl("rollout", "restart", "-n", "kube-system", "daemonset/aws-node");
                await cluster.settled();
                if (isDetached) {
                    const policy = { RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY };
                    await iam.client.send(new DetachRolePolicyCommand(policy));
                }
            });

            it("verifies the pods without a restart, and destroy leaves the role to the writer", async () => {
                const before = await pods();
                await set({ existingRoleArn });
                await stack.up();
                await assertHandedOver(existingRoleArn, `${WRITER} Apply`);
                await assertQuiet();
                await stack.destroy();
                await cluster.settled();
                assert.deepStrictEqual(await lookAt(sandbox), begun);
                assert.deepStrictEqual(await pods(), before);
            });
        });
    }
});
