import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { uids } from "../e2e/support/cluster";
import { recordEvents } from "../e2e/support/events";
import { MANAGED_CNI_POLICY } from "../e2e/support/handOver";
import { resourcesOf } from "../e2e/support/states";
import { LANGUAGES } from "./support/languages";
import { handOverProgram, writeProgram } from "./support/programs";
import { startMonitor } from "./support/startMonitor";
import { makeStack, useLanguages } from "./support/useLanguages";

const NODE_ROLE = "sandbox-nodes";

/**
 * All three steps of AWS's page and the hand-back, by the programs of docs/_index.md, under an outside monitor. In YAML,
 * tests/e2e/yaml.test.ts and tests/package/fromRegistry.test.ts do the same.
 */
for (const language of LANGUAGES.filter(({ name }) => name !== "yaml")) {
    describe(`a program in ${language.name}, with live checks`, () => {
        const languages = useLanguages();
        const [first, second] = [`first-${language.name}`, `second-${language.name}`];
        let stack: Stack;
        let monitor: Awaited<ReturnType<typeof startMonitor>>;
        const pods = () => languages.cluster.awsNodePods();
        const carriedRoles = async () => [
            ...new Set((await pods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
        ];
        const nodeRoleHoldsPolicy = async () =>
            (await languages.iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);

        before(async () => {
            await languages.sandbox.reset();
            stack = await makeStack(languages, language, "hand-over", handOverProgram(language, first));
            await stack.setConfig("clusterName", { value: languages.sandbox.clusterName });
            await stack.setConfig("nodeRoleName", { value: NODE_ROLE });
            monitor = await startMonitor(languages.sandbox);
        });
        after(async () => {
            monitor.stop();
            await stack.destroy();
            await stack.workspace.removeStack(stack.name);
        });

        it("hands over in one up: every pod is seen with the role, and the policy leaves the node role last", async () => {
            const { steps, onEvent } = recordEvents();
            const { outputs } = await stack.up({ onEvent });
            assert.deepStrictEqual(
                // Without the chain before the credential guard, and without the stack, whose name begins with `cni-` too.
                steps.filter((step) => /^end create cni-(?!deletion-order|\w+-hand-over)/.test(step)),
                ["role", "cni-policy", "credential-guard", "service-account", "canary", "daemon-set", "detachment"].map(
                    (child) => `end create cni-${child}`,
                ),
            );
            assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
            assert.deepStrictEqual(
                (await carriedRoles()).map((arn) => arn?.replace(/^.*\//, "")),
                [first],
            );
            assert.strictEqual(await nodeRoleHoldsPolicy(), false);
        });

        it("has its live checks served by the plugin", async () => {
            const checks = (await resourcesOf(stack)).filter(({ urn }) =>
                /cni-(credential-guard|canary|deletion-order-\d|detachment)$/.test(urn),
            );
            assert.deepStrictEqual(checks.map(({ type }) => type).sort(), [
                "eks-cni:index:Canary",
                "eks-cni:index:CredentialGuard",
                ...Array<string>(2).fill("eks-cni:index:DeletionOrder"),
                "eks-cni:index:Detachment",
            ]);
        });

        it("changes nothing in a second up, and restarts nothing", async () => {
            const before = uids(await pods());
            const { summary } = await stack.up({ expectNoChanges: true });
            assert.deepStrictEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
            assert.deepStrictEqual(uids(await pods()), before);
        });

        it("moves the pods to a new role before the old one goes", async () => {
            writeProgram(stack.workspace.workDir, language, handOverProgram(language, second));
            await stack.up();
            assert.deepStrictEqual(
                (await carriedRoles()).map((arn) => arn?.replace(/^.*\//, "")),
                [second],
            );
            assert.strictEqual(await languages.iam.role(first), undefined);
            assert.strictEqual(await nodeRoleHoldsPolicy(), false);
        });

        it("gives everything back before the role goes", async () => {
            await stack.destroy();
            assert.deepStrictEqual(await carriedRoles(), [undefined]);
            assert.strictEqual(await nodeRoleHoldsPolicy(), true);
            assert.strictEqual(await languages.iam.role(second), undefined);
            assert.deepStrictEqual(await languages.cluster.annotations(), {});
            assert.strictEqual(await languages.cluster.kubectl("get", "validatingadmissionpolicy", "-o", "name"), "");
        });

        it("left no pod without a path to its permissions at any moment", () => {
            const { problems, probes, figures } = monitor.verdict();
            assert.deepStrictEqual(problems, []);
            assert.strictEqual(figures.podSeconds + figures.canaryPodSeconds + figures.blindSeconds, 0);
            assert.ok(probes > 50, `there were ${String(probes)} probes`);
        });
    });
}
