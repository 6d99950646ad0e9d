import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { assertTwoBadArguments } from "../e2e/support/badArguments";
import { kubeconfigWith, uids } from "../e2e/support/cluster";
import { recordEvents } from "../e2e/support/events";
import { describeNightly } from "../e2e/support/quiet";
import { failureOf } from "../e2e/support/stacks";
import { LANGUAGES } from "./support/languages";
import { documentedProgram } from "./support/programs";
import { makeStack, useLanguages } from "./support/useLanguages";

/** The role, the annotation and the restart, by the programs of docs/installation-configuration.md. The gate runs those in Python. */
for (const language of LANGUAGES) {
    const group = language.name === "python" ? describe : describeNightly;
    group(`a program in ${language.name} without live checks`, () => {
        const languages = useLanguages();
        const roleName = `plain-${language.name}`;
        let stack: Stack;
        const configure = (config: Record<string, string>) =>
            stack.setAllConfig(Object.fromEntries(Object.entries(config).map(([name, value]) => [name, { value }])));
        const useKubeconfig = (disableCompression: boolean) => {
            const value = kubeconfigWith(languages.sandbox, disableCompression);
            return stack.setConfig("kubernetes:kubeconfig", { value, secret: true });
        };
        const carriedRoles = async () => [
            ...new Set(
                (await languages.cluster.awsNodePods()).flatMap(({ containers }) =>
                    containers.map(({ roleArn }) => roleArn),
                ),
            ),
        ];

        before(async () => {
            await languages.sandbox.reset();
            stack = await makeStack(languages, language, "plain-shape", documentedProgram("plain-shape", language));
            const { clusterName } = languages.sandbox;
            await configure({ clusterName, roleName, maxSessionDuration: "3600" });
            await useKubeconfig(true);
        });
        after(async () => {
            await stack.destroy();
            await stack.workspace.removeStack(stack.name);
        });

        it("reports bad arguments with their path, the expected value, the given value, and the fix", async () => {
            await configure({ roleName: "no spaces", maxSessionDuration: "60" });
            const failure = (await failureOf(stack.up())) ?? "";
            const shown = assertTwoBadArguments(failure, '"cni": 2 invalid arguments. Nothing was created');
            assert.doesNotMatch(shown, /^ +at |\.[jt]s:\d+/m);
            assert.strictEqual(await languages.iam.role("no spaces").catch(() => undefined), undefined);
            await configure({ roleName, maxSessionDuration: "3600" });
        });

        it("makes the role, annotates the service account and restarts the pods", async () => {
            const { steps, onEvent } = recordEvents();
            const { outputs } = await stack.up({ onEvent });
            assert.deepStrictEqual(
                steps.filter((step) => step.startsWith("end create cni-")),
                ["role", "cni-policy", "service-account", "daemon-set"].map((child) => `end create cni-${child}`),
            );
            assert.match(String(outputs["roleArn"]?.value), new RegExp(`:role/${roleName}$`));
            assert.deepStrictEqual(await carriedRoles(), [outputs["roleArn"]?.value]);
        });

        it("changes what another argument asks for, and restarts nothing", async () => {
            const before = uids(await languages.cluster.awsNodePods());
            await configure({ maxSessionDuration: "7200" });
            const { done, onEvent } = recordEvents();
            await stack.up({ onEvent });
            assert.deepStrictEqual(
                done().filter((step) => step.includes("cni-")),
                ["update cni-role"],
            );
            assert.strictEqual((await languages.iam.role(roleName))?.MaxSessionDuration, 7200);
            assert.deepStrictEqual(uids(await languages.cluster.awsNodePods()), before);
        });

        it("changes nothing in a second up", async () => {
            const { summary } = await stack.up({ expectNoChanges: true });
            assert.deepStrictEqual(Object.keys(summary.resourceChanges ?? {}), ["same"]);
        });

        it("stops an update that replaces the Kubernetes provider, and the next one goes on with annotation and pods as they are", async () => {
            const before = uids(await languages.cluster.awsNodePods());
            const annotations = await languages.cluster.annotations();
            await useKubeconfig(false);
            const stopped = (await failureOf(stack.up())) ?? "";
            assert.match(stopped, /run pulumi up again: the annotation and the pods stay as they are/);
            await stack.up();
            await languages.cluster.settled();
            assert.deepStrictEqual(uids(await languages.cluster.awsNodePods()), before);
            assert.deepStrictEqual(await languages.cluster.annotations(), annotations);
        });

        it("takes the role and the annotations back", async () => {
            await stack.destroy();
            assert.strictEqual(await languages.iam.role(roleName), undefined);
            const { spec } = await languages.cluster.daemonSet();
            const annotations = { ...(await languages.cluster.annotations()), ...spec?.template.metadata?.annotations };
            assert.deepStrictEqual(
                Object.keys(annotations).filter((name) => /eks|pulumi/.test(name)),
                [],
            );
        });
    });
}
