import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import { type Sandbox, startSandbox } from "local-eks";
import { operatorKubeconfig } from "local-eks/kubernetes";
import * as path from "path";
import { Delivery } from "../../index";
import { clusterOf } from "./support/cluster";
import { withExample } from "./support/examples";
import { handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { MODES, operatorWith, rightsOf } from "./support/leastRights";
import { resourcesOf } from "./support/states";

const NODE_ROLE = "sandbox-nodes";

describe("an operator with the rights of docs/rights and no others", function () {
    this.timeout(240_000);
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let fieldManager: string;

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-least-rights-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.2,
            enforcementDelaySeconds: 1,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
        fieldManager = `eks-cni/hand-over/${stack.name}/cni`;
        const kubeconfig = path.join(sandbox.directory, "operator.kubeconfig");
        fs.writeFileSync(kubeconfig, operatorKubeconfig(sandbox));
        stack.workspace.envVars["KUBECONFIG"] = kubeconfig;
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    /** From now on the engine, its providers and the live checks have only these rights. */
    async function useRights(mode: keyof typeof MODES, args: PlainArgs): Promise<void> {
        const keys = await operatorWith(sandbox, rightsOf(MODES[mode], sandbox, fieldManager));
        stack.workspace.envVars["AWS_ACCESS_KEY_ID"] = keys.accessKeyId;
        stack.workspace.envVars["AWS_SECRET_ACCESS_KEY"] = keys.secretAccessKey;
        await setArgs(stack, sandbox, args);
    }

    const podsWithRole = async () =>
        (await cluster.awsNodePods()).filter(({ containers }) =>
            containers.every(({ roleArn }) => roleArn?.includes(":role/cni-role-")),
        ).length;

    it("brings the plain shape up", async () => {
        await useRights("plain", { liveChecks: false });
        await stack.up();
        assert.strictEqual(await podsWithRole(), 3);
    });

    it("turns the live checks on", async () => {
        await useRights("liveChecks", {});
        await stack.up();
        assert.strictEqual(await podsWithRole(), 3);
    });

    it("hands over, changes nothing a second time, and refreshes", async () => {
        await useRights("detachFromNodeRoles", { detachFromNodeRoles: [NODE_ROLE] });
        await stack.up();
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        await stack.up({ expectNoChanges: true });
        const { stdout } = await stack.refresh({ expectNoChanges: true });
        assert.doesNotMatch(stdout, /is not known/, "the refresh may not prove the role again");
    });

    it("destroys", async () => {
        await stack.destroy();
        assert.deepStrictEqual(await resourcesOf(stack), []);
        assert.strictEqual(await podsWithRole(), 0);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("gives the managed add-on the role, and on destroy the role that it had before", async () => {
        // The name that docs/rights/iam-add-on.json has in its place.
        const { Arn = "" } = await iam.createRole("FORMER_ROLE_OF_THE_ADD_ON", trustOf(sandbox), [MANAGED_CNI_POLICY]);
        await sandbox.addOn.create({ serviceAccountRoleArn: Arn });
        await cluster.kubectl("rollout", "restart", "daemonset/aws-node", "-n", "kube-system");
        await cluster.settled();
        await useRights("eksAddon", { detachFromNodeRoles: [NODE_ROLE], delivery: Delivery.EksAddon });
        await stack.up();
        assert.strictEqual(await podsWithRole(), 3);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        await stack.up({ expectNoChanges: true });
        await stack.destroy();
        assert.strictEqual((await cluster.annotations())["eks.amazonaws.com/role-arn"], Arn);
        assert.deepStrictEqual(await resourcesOf(stack), []);
        await sandbox.addOn.update({});
        await sandbox.addOn.delete({ preserve: true });
    });

    it("waits for another writer with the rights of the hand-over, and needs no more", async () => {
        const sync = (...annotation: string[]) => {
            const account = ["serviceaccount/aws-node", "-n", "kube-system", "--field-manager=another-writer"];
            return cluster.kubectl("annotate", ...account, "--overwrite", ...annotation);
        };
        await useRights("detachFromNodeRoles", { detachFromNodeRoles: [NODE_ROLE], delivery: Delivery.External });
        let written: Promise<string> | undefined;
        await stack.up({
            onEvent: ({ diagnosticEvent }) => {
                const [, arn] =
                    /waiting for another writer to deliver (arn:\S+):/.exec(diagnosticEvent?.message ?? "") ?? [];
                written ??= arn === undefined ? undefined : sync(`eks.amazonaws.com/role-arn=${arn}`);
            },
        });
        await written;
        assert.strictEqual(await podsWithRole(), 3);
        let removed: Promise<string> | undefined;
        await stack.destroy({
            onEvent: ({ diagnosticEvent }) => {
                if (diagnosticEvent?.message.includes("no longer gives")) {
                    removed ??= sync("eks.amazonaws.com/role-arn-");
                }
            },
        });
        await removed;
        assert.strictEqual(await podsWithRole(), 0);
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("gives the role to an add-on of the same program, with the rights for this add-on", async () => {
        const name = "managed-addon-same-program";
        const manager = `eks-cni/${name}/e2e-${String(process.pid)}/cni`;
        const keys = await operatorWith(sandbox, rightsOf(MODES.addOnOfTheProgram, sandbox, manager));
        const environment = {
            KUBECONFIG: stack.workspace.envVars["KUBECONFIG"],
            AWS_ACCESS_KEY_ID: keys.accessKeyId,
            AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        };
        const config = { clusterName: sandbox.clusterName, nodeRoleName: NODE_ROLE };
        await withExample(sandbox, { name, config, environment }, async (example) => {
            await example.up();
            assert.strictEqual(await podsWithRole(), 3);
            await example.up({ expectNoChanges: true });
            await example.destroy();
            assert.strictEqual(await podsWithRole(), 0);
        });
    });
});
