import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import { type Sandbox, startSandbox } from "local-eks";
import { operatorKubeconfig } from "local-eks/kubernetes";
import * as path from "path";
import { clusterOf } from "./support/cluster";
import { handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
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
});
