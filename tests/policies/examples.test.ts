import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { KubeConfig } from "@kubernetes/client-node";
import { type Sandbox, startSandbox } from "local-eks";
import { version } from "../../package.json";
import { policyEnvironment } from "./support/engine";
import { type Preview, preview } from "./support/preview";
import { usePolicies } from "./support/usePolicies";

const EXAMPLES = path.resolve(__dirname, "../../examples");
/** eks.Cluster is a remote component. No package registry has its plugin. */
const WITHOUT_PLUGIN = ["new-cluster-pulumi-eks"];

/** Previews the example's program. The program is loaded again each time, since it reads its configuration while it loads. */
function example(name: string, environment: Record<string, string>, config: Record<string, string>): Promise<Preview> {
    const program = () => {
        const folder = path.join(EXAMPLES, name);
        for (const file of Object.keys(require.cache).filter((loaded) => loaded.startsWith(folder))) {
            Reflect.deleteProperty(require.cache, file);
        }
        return import(folder);
    };
    return preview(environment, { program, project: name, config });
}

describe("our examples, under the policy pack", () => {
    const policies = usePolicies();
    const tried: string[] = [];
    const context = ({ kubeconfigPath }: Sandbox) => {
        const config = new KubeConfig();
        config.loadFromFile(kubeconfigPath);
        return config.getCurrentContext();
    };
    const configs: Record<string, (sandbox: Sandbox) => Record<string, string>> = {
        "existing-cluster-ipv4": ({ clusterName }) => ({ clusterName }),
        "embedded-component": ({ clusterName }) => ({ clusterName }),
        "hand-over": ({ clusterName }) => ({
            clusterName,
            nodeRoleName: `${clusterName}-nodes`,
            iamPropagationSeconds: "1",
            stableSeconds: "1",
        }),
        gitops: ({ clusterName }) => ({
            clusterName,
            nodeRoleName: `${clusterName}-nodes`,
            roleName: "my-cluster-cni",
        }),
        "managed-addon": ({ clusterName }) => ({ clusterName, nodeRoleName: `${clusterName}-nodes` }),
        "managed-addon-same-program": ({ clusterName }) => ({ clusterName, nodeRoleName: `${clusterName}-nodes` }),
        "pod-identity": ({ clusterName }) => ({ clusterName, nodeRoleName: `${clusterName}-nodes` }),
        "new-cluster-aws": ({ subnetIds }) => ({
            clusterName: "new",
            ...Object.fromEntries(subnetIds.map((id, index) => [`subnetIds[${String(index)}]`, id])),
        }),
        "one-role-several-clusters": (sandbox) => ({
            firstOidcProviderArn: sandbox.oidcProviderArn,
            secondOidcProviderArn: sandbox.oidcProviderArn.replace(/[^/]+$/, "SECOND"),
            firstContext: context(sandbox),
            secondContext: context(sandbox),
        }),
        "own-providers": (sandbox) => ({
            clusterName: sandbox.clusterName,
            region: sandbox.region,
            kubeconfig: fs.readFileSync(sandbox.kubeconfigPath, "utf8"),
        }),
    };

    for (const [name, configOf] of Object.entries(configs)) {
        it(`${name}: nothing at the level mandatory`, async () => {
            tried.push(name);
            assertClean(name, await example(name, policies.environment, configOf(policies.sandbox)));
        });
    }

    it("existing-cluster-ipv6: nothing at the level mandatory", async () => {
        tried.push("existing-cluster-ipv6");
        const { tools } = policies;
        const sandbox = await startSandbox({
            name: `policies-ipv6-${String(process.pid)}`,
            ipFamily: "ipv6",
            nodes: 1,
            ownerPid: process.pid,
            tools,
        });
        try {
            const { clusterName } = sandbox;
            const environment = policyEnvironment(sandbox, tools);
            assertClean("existing-cluster-ipv6", await example("existing-cluster-ipv6", environment, { clusterName }));
        } finally {
            await sandbox.stop();
        }
    });

    it("are all tried, except the one whose plugin is not available here", () => {
        const all = fs.readdirSync(EXAMPLES).filter((name) => fs.existsSync(path.join(EXAMPLES, name, "Pulumi.yaml")));
        assert.deepStrictEqual([...tried, ...WITHOUT_PLUGIN].sort(), all.sort());
    });
});

function assertClean(name: string, { violations, succeeded, output }: Preview): void {
    // EKS's own launch template has a hop limit that lets pods reach the node role, which the rule advises against.
    const advised = name === "new-cluster-aws" ? ["node-group-keeps-pods-from-the-node-role advisory nodes"] : [];
    assert.deepStrictEqual(
        violations.map(({ rule, level, resource }) => `${rule} ${level} ${resource}`),
        advised,
    );
    assert.ok(succeeded, output);
    assert.match(output, new RegExp(`(✅|⚠️) +eks-cni@v${version}`), `the output shows no policy pack:\n${output}`);
}
