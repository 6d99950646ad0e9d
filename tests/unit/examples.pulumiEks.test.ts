import * as pulumi from "@pulumi/pulumi";
import * as assert from "assert";
import * as path from "path";
import { PROVIDER_ARN } from "./support/standIn";
import { assertAccepted } from "./support/refusals";
import { Registered, Run, run } from "./support/underMocks";

const EXAMPLE = path.resolve(__dirname, "../../examples/new-cluster-pulumi-eks/index.ts");
const ISSUER = "https://oidc.eks.us-west-2.amazonaws.com/id/NEW";
const KUBECONFIG = JSON.stringify({ kind: "Config", clusters: [{ cluster: { server: "https://new" } }] });

/**
 * eks.Cluster and eks.ManagedNodeGroup are remote components, whose plugin is in no package registry. So only their inputs, and
 * the use of their outputs, are tested here.
 */
describe("the example of a new cluster with @pulumi/eks", () => {
    for (const preview of [false, true]) {
        describe(preview ? "in a preview" : "in an update", () => {
            let example: Run<unknown>;
            before(async () => {
                example = await runExample(preview);
                assertAccepted(example);
            });
            const find = (name: string, type: string): Registered => {
                const found = example.resources.find((one) => one.name === name && one.type.endsWith(type));
                assert.ok(found, `no ${type} ${name} among ${example.resources.map((one) => one.name).join(" ")}`);
                return found;
            };

            it("the cluster has an OIDC provider, and no node group of its own", () => {
                const { createOidcProvider, skipDefaultNodeGroup, authenticationMode } = find(
                    "cluster",
                    "eks:index:Cluster",
                ).inputs;
                assert.deepStrictEqual(
                    { createOidcProvider, skipDefaultNodeGroup, authenticationMode },
                    { createOidcProvider: true, skipDefaultNodeGroup: true, authenticationMode: "API" },
                );
            });

            it("the CNI is delivered in the cluster of kubeconfigJson, by a provider that waits for it", () => {
                const provider = find("cluster", "pulumi:providers:kubernetes");
                assert.deepStrictEqual(provider.dependsOn, ["cluster"]);
                for (const name of ["cni-service-account", "cni-daemon-set"]) {
                    const { request } = find(name, "Patch");
                    assert.match(String(request["provider"]), /::pulumi:providers:kubernetes::cluster::/);
                }
            });

            it("the nodes come after everything of the component, and after the policies of their role", () => {
                const { dependsOn } = find("nodes", "eks:index:ManagedNodeGroup");
                for (const name of [
                    "cni-role",
                    "cni-cni-policy",
                    "cni-service-account",
                    "cni-daemon-set",
                    "cni-canary",
                    "cni-detachment",
                    "nodes-worker",
                    "nodes-registry",
                ]) {
                    assert.ok(dependsOn.includes(name), `${name} is not among ${dependsOn.join(" ")}`);
                }
            });

            it("the node role never holds the CNI policy", () => {
                const policies = example.resources
                    .filter(({ type, name }) => type.endsWith("RolePolicyAttachment") && name.startsWith("nodes-"))
                    .map(({ inputs }) => inputs["policyArn"]);
                assert.deepStrictEqual(policies, [
                    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
                    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
                ]);
            });
        });
    }

    it("the role trusts the provider that the cluster made, and the Kubernetes provider has its kubeconfig", async () => {
        const { resources, lookups } = await runExample(false);
        const role = resources.find(({ name }) => name === "cni-role");
        assert.ok(String(role?.inputs["assumeRolePolicy"]).includes(`"Federated":"${PROVIDER_ARN}"`));
        const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
        assert.strictEqual(provider?.inputs["kubeconfig"], KUBECONFIG);
        assert.strictEqual(provider.inputs["clusterIdentifier"], ISSUER);
        assert.deepStrictEqual(lookups, [], "a lookup could run before the cluster exists");
    });
});

/** The program reads its configuration while it is loaded, so each run loads it again. */
async function runExample(preview: boolean): Promise<Run<unknown>> {
    const components = {
        "eks:index:Cluster": { oidcProviderArn: PROVIDER_ARN, oidcProviderUrl: ISSUER, kubeconfigJson: KUBECONFIG },
    };
    return run(
        () => {
            pulumi.runtime.setAllConfig({
                "project:vpcId": "vpc-1",
                "project:subnetIds": JSON.stringify(["subnet-1", "subnet-2"]),
            });
            Reflect.deleteProperty(require.cache, EXAMPLE);
            return import(EXAMPLE) as Promise<unknown>;
        },
        { preview, components },
    );
}
