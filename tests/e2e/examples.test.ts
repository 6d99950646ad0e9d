import { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { execFile } from "child_process";
import { readFile, writeFile } from "fs/promises";
import { delimiter, join } from "path";
import { promisify } from "util";
import type { Sandbox } from "local-eks";
import { clusterOf } from "./support/cluster";
import { assertAfter, Example, resourcesOf, upInOrder, withExample } from "./support/examples";
import { decoded, iamOf } from "./support/iam";
import { itNightly } from "./support/quiet";
import { sandboxOf } from "./support/sandboxes";

const COMPONENT = "eks-cni:index:CniServiceAccountRole";
const PATCHES = { "cni-service-account": "ServiceAccountPatch", "cni-daemon-set": "DaemonSetPatch" };
const LIVE_CHECKS = {
    "cni-credential-guard": "CredentialGuard",
    "cni-canary": "Canary",
    "cni-deletion-order-1": "DeletionOrder",
    "cni-deletion-order-2": "DeletionOrder",
    "cni-detachment": "Detachment",
};
const ROLE = { "cni-role": "Role", "cni-cni-policy": "RolePolicyAttachment" };
/** With detachFromNodeRoles unset. */
const REMAINING = /^\[detach\]/;

/**
 * The examples for existing clusters. Those that create their cluster, and those of the managed add-on and GitOps, have suites of their own. `npm run
 * demo` runs hand-over.
 */
describe("the examples for an existing cluster", () => {
    it("existing-cluster-ipv4: role, annotation and restart", async () => {
        const sandbox = await sandboxOf("ipv4");
        await runExample(
            sandbox,
            exampleOn(sandbox, "existing-cluster-ipv4"),
            { ...ROLE, ...PATCHES, ...LIVE_CHECKS },
            async (stack) => {
                const { roleArn, ready, remainingSteps } = await stack.outputs();
                assert.match(String(remainingSteps?.value), REMAINING);
                assert.strictEqual(roleArn?.value, ready?.value);
                await assertPodsHave(sandbox, String(ready?.value));
            },
        );
    });

    itNightly("existing-cluster-ipv6: the same with a policy of its own", async () => {
        const sandbox = await sandboxOf("ipv6");
        const expected = { ...ROLE, "cni-ipv6-policy": "Policy", ...PATCHES, ...LIVE_CHECKS };
        await runExample(sandbox, exampleOn(sandbox, "existing-cluster-ipv6"), expected, async (stack) => {
            const { roleArn, policyArns, remainingSteps } = await stack.outputs();
            assert.match(String(remainingSteps?.value), REMAINING);
            await assertPodsHave(sandbox, String(roleArn?.value));
            const attached = await iamOf(sandbox).attachedPolicies(String(roleArn?.value).split("/").at(-1) ?? "");
            assert.deepStrictEqual(attached, policyArns?.value);
        });
    });

    itNightly("own-providers: default tags on the role, and the namespace after ready", async () => {
        const sandbox = await sandboxOf("ipv4");
        const { clusterName, region } = sandbox;
        const config = { clusterName, region };
        const secrets = { kubeconfig: await readFile(sandbox.kubeconfigPath, "utf8") };
        const example = { name: "own-providers", config, secrets, environment: ownSettingsOnly };
        const expected = { ...ROLE, ...PATCHES, ...LIVE_CHECKS, applications: "Namespace" };
        await runExample(sandbox, example, expected, async (stack, order) => {
            assertAfter(order, "applications:Namespace", "cni-daemon-set:DaemonSetPatch");
            const { roleArn } = await stack.outputs();
            await assertPodsHave(sandbox, String(roleArn?.value));
            const role = await iamOf(sandbox).role(String(roleArn?.value).split("/").at(-1) ?? "");
            const tags: unknown = Object.fromEntries((role?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
            assert.deepStrictEqual(tags, { team: "network", cluster: clusterName });
        });
    });

    it("embedded-component: the component is a child of the outer one, and the namespaces come after it", async () => {
        const sandbox = await sandboxOf("ipv4");
        const expected = {
            ...prefixed("baseline-", { ...ROLE, ...PATCHES, ...LIVE_CHECKS }),
            "baseline-payments": "Namespace",
            "baseline-search": "Namespace",
            baseline: "ClusterBaseline",
        };
        await runExample(sandbox, exampleOn(sandbox, "embedded-component"), expected, async (stack, order) => {
            assertAfter(order, "baseline-payments:Namespace", "baseline-cni-daemon-set:DaemonSetPatch");
            assertAfter(order, "baseline-search:Namespace", "baseline-cni-daemon-set:DaemonSetPatch");
            const component = (await resourcesOf(stack)).find(({ type }) => type.endsWith(COMPONENT));
            assert.strictEqual(component?.parent, "baseline");
            await assertPodsHave(sandbox, String((await stack.outputs())["cniRoleArn"]?.value));
        });
    });

    it("one-role-several-clusters: one role that trusts both clusters, delivered in both", async () => {
        // The IPv6 sandbox is the second cluster. It has an AWS account of its own, so the test only reads its pods.
        const [sandbox, other] = [await sandboxOf("ipv4"), await sandboxOf("ipv6")];
        const config = {
            firstOidcProviderArn: sandbox.oidcProviderArn,
            secondOidcProviderArn: other.oidcProviderArn,
            firstContext: clusterOf(sandbox).config.getCurrentContext(),
            secondContext: clusterOf(other).config.getCurrentContext(),
        };
        const environment = { KUBECONFIG: await bothKubeconfigs(sandbox, other) };
        const expected = { ...prefixed("first-", { ...ROLE, ...PATCHES }), ...prefixed("second-", PATCHES) };
        const example = { name: "one-role-several-clusters", config, environment };
        await runExample(sandbox, example, expected, async (stack, order) => {
            assertAfter(order, "second-cni-service-account:ServiceAccountPatch", "first-cni-daemon-set:DaemonSetPatch");
            const roleArn = String((await stack.outputs())["roleArn"]?.value);
            await assertPodsHave(sandbox, roleArn);
            await assertPodsHave(other, roleArn);
            const role = await iamOf(sandbox).role(roleArn.split("/").at(-1) ?? "");
            const { Statement } = decoded(role?.AssumeRolePolicyDocument) as {
                Statement: { Principal: { Federated: string } }[];
            };
            assert.deepStrictEqual(
                Statement.map(({ Principal }) => Principal.Federated),
                [sandbox.oidcProviderArn, other.oidcProviderArn].sort(),
            );
        });
    });
});

/** Unsets the region and the kubeconfig of the environment, so that they must come from the program's own configuration. */
const ownSettingsOnly = { AWS_REGION: "", AWS_DEFAULT_REGION: "", KUBECONFIG: "/nonexistent" };

function exampleOn({ clusterName }: Sandbox, name: string): Example {
    return { name, config: { clusterName } };
}

/** One file with the contexts of two clusters, since the Kubernetes provider does not accept a list of files in KUBECONFIG. */
async function bothKubeconfigs(first: Sandbox, second: Sandbox): Promise<string> {
    const KUBECONFIG = [first.kubeconfigPath, second.kubeconfigPath].join(delimiter);
    const view = ["config", "view", "--flatten"];
    const { stdout } = await promisify(execFile)("kubectl", view, { env: { ...first.environment, KUBECONFIG } });
    const file = join(first.directory, "both-clusters.kubeconfig");
    await writeFile(file, stdout, { mode: 0o600 });
    return file;
}

function prefixed(prefix: string, names: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(names).map(([name, type]) => [`${prefix}${name}`, type]));
}

/** Runs an update, compares the created resources, runs an update without changes, and destroys everything. */
async function runExample(
    sandbox: Sandbox,
    example: Example,
    expected: Record<string, string>,
    look: (stack: Stack, order: string[]) => Promise<void>,
): Promise<void> {
    await withExample(sandbox, example, async (stack) => {
        const { order } = await upInOrder(stack);
        const created = (await resourcesOf(stack)).filter(({ type }) => !type.endsWith(COMPONENT));
        const types = Object.fromEntries(created.map(({ name, type }) => [name, type.split(":").at(-1)]));
        assert.deepStrictEqual(types, expected);
        await look(stack, order);
        const again = await stack.up({ expectNoChanges: true });
        assert.deepStrictEqual(Object.keys(again.summary.resourceChanges ?? {}), ["same"]);
        await stack.destroy();
        assert.deepStrictEqual(await resourcesOf(stack), []);
    });
}

async function assertPodsHave(sandbox: Sandbox, roleArn: string): Promise<void> {
    const pods = await clusterOf(sandbox).awsNodePods();
    assert.deepStrictEqual(
        pods.map(({ ready, containers }) => ({ ready, roles: [...new Set(containers.map((one) => one.roleArn))] })),
        Array.from({ length: 3 }, () => ({ ready: true, roles: [roleArn] })),
    );
}
