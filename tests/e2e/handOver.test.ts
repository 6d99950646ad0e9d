import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { execFile } from "child_process";
import { readFileSync, writeFileSync } from "fs";
import { type Sandbox, startSandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import * as path from "path";
import { promisify } from "util";
import { injectionGuardName } from "../../components/live/injectionGuardName";
import { injectionGuardSpec } from "../../documents/injectionGuard";
import { Proof } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents, recordWarnings } from "./support/events";
import { handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";

describe("the hand-over of a live cluster", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    const pods = () => podCredentials(sandbox.kubeconfigPath);
    const roles = async () =>
        (await pods()).map(({ ready, containers }) => ({
            ready,
            roles: [...new Set(containers.map(({ roleArn }) => roleArn))],
        }));
    const guards = () =>
        cluster.kubectl("get", "validatingadmissionpolicy,validatingadmissionpolicybinding", "-o", "name");

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-hand-over-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
            agents: true,
            failedStartFactor: 0.02,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE] });
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("does all three steps of AWS's page in one up, in their order", async () => {
        const { steps, onEvent } = recordEvents();
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
        const roleArn: unknown = outputs["ready"]?.value;
        assert.deepStrictEqual(await roles(), Array(3).fill({ ready: true, roles: [roleArn] }));
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("a second preview and up change nothing and restart nothing", async () => {
        const before = uids(await pods());
        await stack.preview({ expectNoChanges: true });
        await stack.up({ expectNoChanges: true });
        assert.deepStrictEqual(uids(await pods()), before);
    });

    it("has nothing left to do, as README's command prints", async () => {
        const { name, workspace } = stack;
        const args = ["stack", "output", "remainingSteps", "--stack", name];
        const env = { ...process.env, ...workspace.envVars };
        const { stdout } = await promisify(execFile)("pulumi", args, { cwd: workspace.workDir, env });
        assert.strictEqual(stdout.trim(), "[]");
    });

    it("keeps no secret in the state, and no code but the way to the package", async () => {
        const state = JSON.stringify(await stack.exportStack());
        assert.ok(!/eyJhbGciOi/.test(state), "a token is in the state");
        assert.ok(!state.includes("test-secret"), "a credential is in the state");
        const providers = [...state.matchAll(/"__provider":"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);
        assert.ok(providers.length > 0);
        for (const text of providers) {
            assert.ok(text.length < 600 && text.includes("eks-cni/handover"), text);
        }
    });

    it("from then on no pod is born without its identity: the webhook is down, and the pod waits for it", async () => {
        const [victim] = await pods();
        await sandbox.webhook.stop();
        await cluster.kubectl("delete", "pod", "-n", "kube-system", victim?.pod ?? "");
        await waitUntil(async () =>
            (await cluster.kubectl("get", "events", "-n", "kube-system")).includes(
                "The pod does not have the approved CNI role",
            ),
        );
        assert.ok((await roles()).every(({ roles: [role] }) => role !== undefined));
    });

    it("the line for an emergency in that message, which is also an output, lets the pod run on its node role", async () => {
        const line = (await stack.outputs())["emergencyCommand"]?.value as string;
        const events = await cluster.kubectl(
            "get",
            "events",
            "-n",
            "kube-system",
            "-o",
            "jsonpath={.items[*].message}",
        );
        assert.ok(events.includes(`In an emergency, this line lets pods run without the role: ${line}`), events);
        const attachment = `aws iam attach-role-policy --role-name ${NODE_ROLE} --policy-arn ${MANAGED_CNI_POLICY} && sleep 120 && `;
        assert.ok(line.startsWith(attachment), line);
        await iam.attachPolicy(NODE_ROLE, MANAGED_CNI_POLICY);
        await promisify(execFile)("bash", ["-c", line.slice(attachment.length)], {
            env: { ...process.env, ...sandbox.environment, KUBECONFIG: sandbox.kubeconfigPath },
        });
        const startedAt = Date.now();
        await waitUntil(async () => (await roles()).filter(({ ready }) => ready).length === 3);
        assert.ok(Date.now() - startedAt < 20_000, "the controller retried only after a pause");
        assert.strictEqual((await roles()).filter(({ roles: [role] }) => role === undefined).length, 1);
    });

    it("in an outage of STS, with that line run, a pod runs on its node role if the annotation went before its restart", async () => {
        await sandbox.webhook.start();
        await sandbox.setStsReachableFromNodes(false);
        await cluster.removeAnnotation();
        const withRole = (await pods()).find(({ containers }) => containers[0]?.roleArn !== undefined);
        await cluster.kubectl("delete", "pod", "-n", "kube-system", withRole?.pod ?? "");
        await waitUntil(
            async () => (await roles()).filter(({ ready, roles: [role] }) => ready && role === undefined).length === 2,
        );
    });

    it("the next up brings the guard, the role and the detachment back, once the webhook and STS work", async () => {
        await sandbox.setStsReachableFromNodes(true);
        await stack.up({ refresh: true });
        assert.ok((await roles()).every(({ ready, roles: [role] }) => ready && role !== undefined));
        assert.match(await guards(), /binding/);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("a policy that another tool attached again shows in a refresh with the reason, and the next up detaches it", async () => {
        await iam.client.send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        const { warnings, onEvent } = recordWarnings();
        const shown: unknown[] = [];
        await stack.refresh({
            onEvent: (event) => {
                onEvent(event);
                const { urn, old, new: now } = event.resOutputsEvent?.metadata ?? {};
                if (urn?.endsWith("::cni-detachment")) {
                    shown.push([old?.outputs["drift"], now?.outputs["drift"]]);
                }
            },
        });
        // The engine shows both outputs in its diff.
        assert.match(
            JSON.stringify(shown),
            /^\[\["none","arn:aws:iam::aws:policy\/AmazonEKS_CNI_Policy is attached to sandbox-nodes again\. /,
        );
        // Dynamic providers can name the component alone.
        assert.ok(
            warnings.some((line) => /^cni: /.test(line) && line.includes("is attached to sandbox-nodes again. ")),
            warnings.join("\n"),
        );
        const state = JSON.stringify(await stack.exportStack());
        assert.match(
            state,
            /"drift":"arn:aws:iam::aws:policy\/AmazonEKS_CNI_Policy is attached to sandbox-nodes again\. /,
        );
        await stack.up();
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("a new role name moves the pods to the new role before the old one goes", async () => {
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], roleName: "cni-new" });
        const { steps, onEvent } = recordEvents();
        const { outputs } = await stack.up({ onEvent });
        assert.ok(steps.indexOf("end update cni-detachment") < steps.indexOf("begin delete-replaced cni-role"));
        assert.deepStrictEqual(
            await roles(),
            Array(3).fill({ ready: true, roles: ["arn:aws:iam::111122223333:role/cni-new"] }),
        );
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("a node role that leaves detachFromNodeRoles gets its policy back, and the injection guard goes", async () => {
        await setArgs(stack, sandbox, { roleName: "cni-new" });
        const { outputs } = await stack.up();
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.strictEqual(await guards(), "");
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, []);
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, [
            '[detach] The node role sandbox-nodes still holds the CNI policy. To detach it, set detachFromNodeRoles: ["sandbox-nodes"]',
        ]);
    });

    it("leaves a policy of another party with the guard's name alone, until it is deleted as the message says", async () => {
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], roleName: "cni-new" });
        const before = uids(await pods());
        const name = injectionGuardName(`eks-cni/hand-over/${stack.name}/cni`);
        const serviceAccount = { namespace: "kube-system", name: "aws-node" };
        const theirs = path.join(sandbox.directory, "theirs.json");
        const kind = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy" };
        const spec = injectionGuardSpec({ serviceAccount, roleArns: [] });
        writeFileSync(theirs, JSON.stringify({ ...kind, metadata: { name }, spec }));
        await cluster.kubectl("create", "-f", theirs);
        const failure = (await failureOf(stack.up())) ?? "";
        assert.match(failure, /\[injection-guard-of-another\].* Its field managers: kubectl-create\./s);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        const [, command = ""] = /delete it: kubectl (delete .*? --ignore-not-found)/.exec(failure) ?? [];
        await cluster.kubectl(...command.split(" "));
        await stack.up();
        assert.strictEqual((await guards()).trim().split("\n").length, 2);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.deepStrictEqual(uids(await pods()), before);
    });

    it("goes on after a destroy that the cluster has refused: the engine no longer knows what is still there", async () => {
        const before = [uids(await pods()), await guards(), await cluster.annotations()];
        const { KUBECONFIG = "" } = stack.workspace.envVars;
        const refused = path.join(sandbox.directory, "refused.kubeconfig");
        writeFileSync(refused, readFileSync(KUBECONFIG, "utf8").replace(/("token": ")[^"]+/, "$1wrong"));
        stack.workspace.envVars["KUBECONFIG"] = refused;
        assert.match((await failureOf(stack.destroy())) ?? "", /\[cluster-credentials-refused\]/);
        stack.workspace.envVars["KUBECONFIG"] = KUBECONFIG;
        await stack.up();
        assert.deepStrictEqual([uids(await pods()), await guards(), await cluster.annotations()], before);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("hands over again where the state was lost", async () => {
        const before = await guards();
        const state = await stack.exportStack();
        const { resources = [], ...rest } = state.deployment as { resources?: { type: string }[] };
        const deployment = { ...rest, resources: resources.filter(({ type }) => type === "pulumi:pulumi:Stack") };
        await stack.importStack({ ...state, deployment });
        // Before, the record had it.
        await iam.client.send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE] });
        const { outputs } = await stack.up();
        assert.deepStrictEqual(await roles(), Array(3).fill({ ready: true, roles: [outputs["ready"]?.value] }));
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.strictEqual(await guards(), before);
    });

    it("destroy gives everything back and leaves nothing", async () => {
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], roleName: "cni-newest" });
        await stack.up();
        // Another party may write the state, and not the account.
        const everything = await iam.createPolicy("everything", "*");
        const state = await stack.exportStack();
        const before = JSON.stringify(state.deployment);
        const changed = before.replaceAll(`"${NODE_ROLE}":[`, `"${NODE_ROLE}":["${everything}",`);
        assert.notStrictEqual(changed, before);
        await stack.importStack({ ...state, deployment: JSON.parse(changed) as object });
        const { stdout } = await stack.destroy();
        assert.ok(stdout.includes(`warning: ${everything} does not get attached to ${NODE_ROLE}`), stdout);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(everything));
        assert.deepStrictEqual(await roles(), Array(3).fill({ ready: true, roles: [undefined] }));
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.strictEqual(await iam.role("cni-newest"), undefined);
        assert.deepStrictEqual(await cluster.annotations(), {});
        assert.strictEqual(await guards(), "");
        const { metadata, spec } = await cluster.daemonSet();
        const left = { ...metadata?.annotations, ...spec?.template.metadata?.annotations };
        assert.deepStrictEqual(
            Object.keys(left).filter((name) => /eks-cni|pulumi/.test(name)),
            [],
        );
    });

    it("a role that does not work reaches one pod, which is reverted, and the next up starts again", async () => {
        await iam.createRole("without-permissions", trustOf(sandbox), []);
        const before = uids(await pods());
        await setArgs(stack, sandbox, {
            existingRoleArn: "arn:aws:iam::111122223333:role/without-permissions",
            detachFromNodeRoles: [NODE_ROLE],
        });
        assert.match((await failureOf(stack.up())) ?? "", /\[permission-missing\].*Nothing on the cluster was changed/);
        assert.deepStrictEqual(uids(await pods()), before);
        await setArgs(stack, sandbox, {
            existingRoleArn: "arn:aws:iam::111122223333:role/without-permissions",
            detachFromNodeRoles: [NODE_ROLE],
            proof: Proof.AssumeRole,
        });
        assert.match((await failureOf(stack.up())) ?? "", /\[canary-failed\].*ec2:DescribeNetworkInterfaces/s);
        assert.deepStrictEqual(await roles(), Array(3).fill({ ready: true, roles: [undefined] }));
        assert.strictEqual(uids(await pods()).filter((uid) => before.includes(uid)).length, 2);
        assert.strictEqual((await cluster.annotations())["eks.amazonaws.com/role-arn"], undefined);
        await iam.client.send(
            new AttachRolePolicyCommand({ RoleName: "without-permissions", PolicyArn: MANAGED_CNI_POLICY }),
        );
        const { outputs } = await stack.up();
        assert.deepStrictEqual(outputs["detachedFrom"]?.value, [NODE_ROLE]);
        await stack.destroy();
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("a node role that is not named stops before anything moves, and the message has its name", async () => {
        await iam.createRole("other-nodes", trustOf(sandbox), []);
        await setArgs(stack, sandbox, { detachFromNodeRoles: ["other-nodes"] });
        const failure = (await failureOf(stack.up())) ?? "";
        assert.match(failure, /\[node-role-not-named\].*Add "sandbox-nodes" to detachFromNodeRoles/s);
        assert.deepStrictEqual(await cluster.annotations(), {});
        await stack.destroy();
    });
});

async function waitUntil(holds: () => Promise<boolean>, seconds = 60): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await holds())) {
        assert.ok(Date.now() < deadline, `not so after ${String(seconds)} s`);
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
}
