import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { type Sandbox, startSandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import { assertTwoBadArguments } from "./support/badArguments";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents, recordWarnings } from "./support/events";
import { MANAGED_CNI_POLICY, withProgram, yamlStack } from "./support/handOver";
import { iamOf } from "./support/iam";
import { failureOf } from "./support/stacks";
import { filesOf, resourcesOf } from "./support/states";

const NODE_ROLE = "sandbox-nodes";
/** In the stack's `aws:` configuration, which the live checks use. The sandbox accepts any key. */
const SECRET_KEY = "the-secret-key-of-the-yaml-test";

/** The hand-over by a program in another language: with the engine, its YAML language host, and the plugin. */
describe("a program in YAML", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    const pods = () => podCredentials(sandbox.kubeconfigPath);
    const setConfig = (name: string, value: string, secret = false) => stack.setConfig(name, { value, secret });
    const carriedRoles = async () => [
        ...new Set((await pods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];

    /** The lines that an operation shows. */
    const shownBy = async (operate: (onEvent: ReturnType<typeof recordEvents>["onEvent"]) => Promise<unknown>) => {
        const { diagnostics, onEvent } = recordEvents();
        await operate(onEvent);
        return diagnostics.join("\n");
    };

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-yaml-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await yamlStack(sandbox, NODE_ROLE);
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        await setConfig("roleName", "first");
        await setConfig("aws:accessKey", "test");
        await setConfig("aws:secretKey", SECRET_KEY, true);
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("shows bad arguments by their path, what was expected, what was given, and how to fix it", async () => {
        await setConfig("roleName", "no spaces");
        await setConfig("maxSessionDuration", "60");
        const failure = (await failureOf(stack.up())) ?? "";
        const shown = assertTwoBadArguments(failure, '"cni": 2 invalid arguments. Nothing was created');
        assert.strictEqual(shown.split("roleName:").length - 1, 1, shown);
        assert.doesNotMatch(shown, /^ +at /m);
        await setConfig("roleName", "first");
        await setConfig("maxSessionDuration", "3600");
    });

    it("shows in a preview what the update does on the cluster", async () => {
        const { diagnostics, onEvent } = recordEvents();
        await stack.preview({ onEvent });
        assert.match(
            diagnostics.join(""),
            /info: .*Plan for the cluster:.*\[canary\] aws-node-\w+ on ip-.*\[detach\] \S+ is detached from sandbox-nodes /s,
        );
    });

    it("does all three steps of AWS's page in one up, and shows the progress of each live check", async () => {
        const { steps, diagnostics, onEvent } = recordEvents();
        const { outputs } = await stack.up({ onEvent });
        assert.deepStrictEqual(
            steps.filter((step) => /^end create cni-(?!deletion-order)/.test(step)),
            ["role", "cni-policy", "credential-guard", "service-account", "canary", "daemon-set", "detachment"].map(
                (child) => `end create cni-${child}`,
            ),
        );
        assert.strictEqual(outputs["verifiedPods"]?.value, 3);
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
        assert.deepStrictEqual(await carriedRoles(), [outputs["ready"]?.value]);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.ok(
            diagnostics.some((line) =>
                /^info: .*canary aws-node-\S+ on ip-.* restarts first, with the role/.test(line),
            ),
            diagnostics.join(""),
        );
    });

    it("a second preview and up change nothing and restart nothing", async () => {
        const before = uids(await pods());
        await stack.preview({ expectNoChanges: true });
        const { stdout } = await stack.up({ expectNoChanges: true });
        assert.match(stdout, /Resources:\n +11 unchanged\n/);
        assert.deepStrictEqual(uids(await pods()), before);
    });

    it("refuses a change of the role in place that could cut off its pods, in the preview too", async () => {
        const before = uids(await pods());
        const role = await iam.role("first");
        await setConfig("serviceAccountName", "another");
        const refusal =
            /\[role-narrowed\] The update would change \S+:role\/first in place: its trust policy loses \S+:sub":"system:serviceaccount:kube-system:aws-node"\S+\. The engine .*Set roleName to a new name/s;
        assert.match((await failureOf(stack.preview())) ?? "", refusal);
        assert.match((await failureOf(stack.up())) ?? "", refusal);
        await setConfig("serviceAccountName", "aws-node");
        assert.deepStrictEqual(await iam.role("first"), role);
        const { stdout } = await stack.up();
        // The component keeps the arguments of the update that failed.
        assert.match(stdout, /Resources:\n +~ 1 updated\n +10 unchanged\n/);
        assert.deepStrictEqual(uids(await pods()), before);
    });

    it("a refresh finds the world as the state has it", async () => {
        const { stdout } = await stack.refresh({ expectNoChanges: true });
        assert.match(stdout, /Resources:\n +11 unchanged\n/);
    });

    it("has one provider of eks-cni in its state, which serves all live checks", async () => {
        const resources = await resourcesOf(stack);
        const providers = resources.filter(({ type }) => type === "pulumi:providers:eks-cni");
        assert.strictEqual(providers.length, 1);
        const reference = providers.map(({ urn, id = "" }) => `${urn}::${id}`).join();
        const served = resources.filter(({ provider }) => provider === reference).map(({ type }) => type);
        assert.deepStrictEqual(served.sort(), [
            "eks-cni:index:Canary",
            "eks-cni:index:CredentialGuard",
            ...Array<string>(2).fill("eks-cni:index:DeletionOrder"),
            "eks-cni:index:Detachment",
        ]);
        assert.deepStrictEqual(
            resources.filter(({ type }) => type.startsWith("pulumi-nodejs:")),
            [],
        );
    });

    it("keeps no secret in the clear in anything that the backend has", async () => {
        const guard = (await resourcesOf(stack)).find(({ type }) => type === "eks-cni:index:CredentialGuard");
        for (const properties of [guard?.inputs, guard?.outputs]) {
            assert.ok(JSON.stringify(properties?.["aws"]).includes(SECRET_KEY), "the stack's passphrase gives it back");
        }
        const token = /"?token"?: "?([^"\s]+)/.exec(fs.readFileSync(sandbox.kubeconfigPath, "utf8"))?.[1] ?? "";
        assert.ok(token.length > 8);
        for (const { file, text } of await filesOf(sandbox, stack)) {
            assert.ok(!text.includes(SECRET_KEY), `the secret key is in ${file}`);
            assert.ok(!text.includes(token), `the token of the kubeconfig is in ${file}`);
        }
    });

    it("what another tool takes away is found by a refresh and repaired by the next up", async () => {
        await cluster.removeAnnotation();
        const [victim] = await pods();
        await cluster.kubectl("delete", "validatingadmissionpolicybinding", "--all");
        await cluster.kubectl("delete", "pod", "-n", "kube-system", victim?.pod ?? "");
        await cluster.settled();
        assert.strictEqual((await carriedRoles()).length, 2);
        const { warnings, onEvent } = recordWarnings();
        const { outputs } = await stack.up({ refresh: true, onEvent });
        assert.deepStrictEqual(await carriedRoles(), [outputs["ready"]?.value]);
        const found = [
            "cni-canary: The service account kube-system/aws-node has lost its annotation with ",
            "cni-detachment: The service account kube-system/aws-node has lost its annotation with ",
        ];
        for (const beginning of found) {
            const said = warnings.find((line) => line.replace(/<\{%.*?%\}>/g, "").startsWith(beginning)) ?? "";
            assert.match(said, / pods does not carry .*Run pulumi up --refresh: it /s, warnings.join("\n"));
        }
    });

    it("refuses to deliver a new role that the credential guard has not approved, and keeps the old one", async () => {
        const before = uids(await pods());
        const guard = (await resourcesOf(stack)).find(({ type }) => type === "eks-cni:index:CredentialGuard");
        await setConfig("roleName", "second");
        const failure = (await failureOf(stack.up({ exclude: [guard?.urn ?? ""] }))) ?? "";
        assert.match(failure, /\[role-not-approved\] .*role\/second.*Run pulumi up without --target and --exclude\./s);
        assert.deepStrictEqual(uids(await pods()), before);
        assert.notStrictEqual(await iam.role("first"), undefined);
    });

    it("a new role goes through all of it again before the old one goes, as the preview shows", async () => {
        const plan = await shownBy((onEvent) => stack.preview({ onEvent }));
        assert.match(
            plan,
            /\[attach\] \S+ is attached again to sandbox-nodes, before the service account gets another role\./,
        );
        assert.match(plan, /\[canary\] aws-node-\w+ on ip-/);
        const { outputs } = await stack.up();
        assert.match(String(outputs["ready"]?.value), /role\/second$/);
        assert.deepStrictEqual(await carriedRoles(), [outputs["ready"]?.value]);
        assert.strictEqual(await iam.role("first"), undefined);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("leaves the pods on the role when the live checks are turned off as the refusal advises, and restarts none when they are on again", async () => {
        const plain = await withProgram(stack, "yaml-without-live-checks");
        const refused =
            /\[policies-detached\] .* detached from these node roles: sandbox-nodes\..* remove detachFromNodeRoles/s;
        assert.match((await failureOf(plain.preview())) ?? "", refused);
        assert.match((await failureOf(plain.up())) ?? "", refused);
        await plain.setConfig("liveChecks", { value: "true" });
        await plain.up();
        await plain.setConfig("liveChecks", { value: "false" });
        assert.match(await shownBy((onEvent) => plain.preview({ onEvent })), /\[restart\] .*\[live-checks-off\] /s);
        await plain.up();
        fs.rmSync(path.join(plain.workspace.workDir, `Pulumi.${stack.name}.yaml`));
        assert.deepStrictEqual(await carriedRoles(), ["arn:aws:iam::111122223333:role/second"]);
        // The pod template has got the digest, so that the pods have restarted once.
        const before = uids(await pods());
        assert.strictEqual((await cluster.annotations())["eks-cni/live-checks"], "off");
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        await stack.up();
        assert.deepStrictEqual(uids(await pods()), before);
        assert.strictEqual((await cluster.annotations())["eks-cni/live-checks"], undefined);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("destroy gives everything back before the role goes", async () => {
        await stack.destroy();
        assert.deepStrictEqual(await carriedRoles(), [undefined]);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.strictEqual(await iam.role("second"), undefined);
        const left = Object.keys(await cluster.annotations()).filter((name) =>
            /^(eks\.amazonaws|pulumi)\.com\//.test(name),
        );
        assert.deepStrictEqual(left, []);
        const guards = await cluster.kubectl("get", "validatingadmissionpolicy", "-o", "name");
        assert.strictEqual(guards.trim(), "");
    });
});
