import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import type { Sandbox } from "local-eks";
import * as path from "path";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, QUICK, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { describeNightly } from "./support/quiet";
import { withoutSummaries } from "./support/stacks";
import { resourcesOf } from "./support/states";

const NODE_ROLE = "sandbox-nodes";
const PLUGIN = path.resolve(__dirname, "../../bin");

/** One stack, written in TypeScript, then in YAML, then in TypeScript again: dynamic provider, plugin, dynamic provider. */
describeNightly("a program that is rewritten in another language", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let inTypeScript: Stack;
    let inYaml: Stack;
    let pods: string[];
    const bindings = async () =>
        (await resourcesOf(inTypeScript)).flatMap(({ urn, type }) =>
            /cni-(credential-guard|canary|deletion-order-\d|detachment)$/.test(urn) ? [type] : [],
        );
    const world = async () => ({
        samePods: JSON.stringify(uids(await cluster.awsNodePods())) === JSON.stringify(pods),
        nodeRoleHoldsPolicy: (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY),
    });
    const up = async (stack: Stack) => {
        const { done, onEvent } = recordEvents();
        await stack.up({ onEvent });
        return done().filter((line) => /(create|delete|replace).* cni/.test(line));
    };

    before(async () => {
        sandbox = await handOverSandbox("another-binding");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        inTypeScript = await handOverStack(sandbox);
        await setArgs(inTypeScript, sandbox, { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" });
        await inTypeScript.up();
        pods = uids(await cluster.awsNodePods());
        inYaml = await sameStackInYaml();
    });
    after(async () => {
        await inTypeScript.workspace.removeStack(inTypeScript.name, { force: true });
        await sandbox.stop();
    });

    /** The same project, stack, names and arguments. */
    async function sameStackInYaml(): Promise<Stack> {
        const workDir = path.join(sandbox.directory, "in-yaml");
        fs.mkdirSync(workDir);
        const program = {
            name: "hand-over",
            runtime: "yaml",
            plugins: { providers: [{ name: "eks-cni", path: PLUGIN }] },
            resources: {
                cni: {
                    type: "eks-cni:index:CniServiceAccountRole",
                    properties: {
                        clusterName: sandbox.clusterName,
                        ...QUICK,
                        detachFromNodeRoles: [NODE_ROLE],
                        roleName: "cni",
                    },
                },
            },
        };
        fs.writeFileSync(path.join(workDir, "Pulumi.yaml"), JSON.stringify(program));
        const settings = `Pulumi.${inTypeScript.name}.yaml`;
        fs.copyFileSync(path.join(inTypeScript.workspace.workDir, settings), path.join(workDir, settings));
        const { envVars } = inTypeScript.workspace;
        return withoutSummaries(
            await LocalWorkspace.selectStack({ stackName: inTypeScript.name, workDir }, { envVars }),
        );
    }

    it("continues with the live checks of the TypeScript program, through the plugin, and moves nothing", async () => {
        assert.deepStrictEqual(await up(inYaml), []);
        assert.deepStrictEqual((await bindings()).sort(), [
            "eks-cni:index:Canary",
            "eks-cni:index:CredentialGuard",
            ...Array<string>(2).fill("eks-cni:index:DeletionOrder"),
            "eks-cni:index:Detachment",
        ]);
        assert.deepStrictEqual(await world(), { samePods: true, nodeRoleHoldsPolicy: false });
    });

    it("and back, by dynamic providers", async () => {
        assert.deepStrictEqual(await up(inTypeScript), []);
        assert.deepStrictEqual((await bindings()).sort(), [
            "pulumi-nodejs:dynamic/eks-cni:Canary",
            "pulumi-nodejs:dynamic/eks-cni:CredentialGuard",
            ...Array<string>(2).fill("pulumi-nodejs:dynamic/eks-cni:DeletionOrder"),
            "pulumi-nodejs:dynamic/eks-cni:Detachment",
        ]);
        assert.deepStrictEqual(await world(), { samePods: true, nodeRoleHoldsPolicy: false });
        await inTypeScript.up({ expectNoChanges: true });
    });

    it("is destroyed in any of them, with everything given back", async () => {
        await up(inYaml);
        await inYaml.destroy();
        assert.deepStrictEqual(await world(), { samePods: false, nodeRoleHoldsPolicy: true });
        assert.strictEqual(await iam.role("cni"), undefined);
    });
});
