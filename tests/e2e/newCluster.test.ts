import * as assert from "assert";
import * as fs from "fs";
import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import type { Sandbox } from "local-eks";
import { CniServiceAccountRole } from "../../index";
import { clusterOf } from "./support/cluster";
import { assertOrder, recordEvents } from "./support/events";
import { decoded, iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { createStack } from "./support/stacks";

const NEW = "brand-new";
const CHILDREN = ["cni-cni-policy", "cni-daemon-set", "cni-role", "cni-service-account"];

/**
 * The program creates the EKS cluster, so its issuer and its endpoint are unknown in the preview. Once the kubeconfig is
 * known, it points to the API server of the sandbox.
 */
function program(sandbox: Sandbox) {
    const kubeconfig = fs.readFileSync(sandbox.kubeconfigPath, "utf8");
    const service = (name: string, principal: string, policies: string[]) => {
        const assumeRolePolicy = aws.iam.assumeRolePolicyForPrincipal({ Service: principal });
        const role = new aws.iam.Role(name, { assumeRolePolicy });
        const attach = (policy: string) =>
            new aws.iam.RolePolicyAttachment(`${name}-${policy}`, {
                role: role.name,
                policyArn: `arn:aws:iam::aws:policy/${policy}`,
            });
        return { arn: role.arn, attached: policies.map(attach) };
    };
    return () => {
        const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: "10.9.0.0/16" });
        const subnetIds = ["a", "b"].map(
            (zone, i) =>
                new aws.ec2.Subnet(`subnet-${zone}`, {
                    vpcId: vpc.id,
                    cidrBlock: `10.9.${String(i)}.0/24`,
                    availabilityZone: `us-west-2${zone}`,
                }).id,
        );
        const clusterRole = service("cluster-role", "eks.amazonaws.com", ["AmazonEKSClusterPolicy"]);
        const nodeRole = service("node-role", "ec2.amazonaws.com", ["AmazonEKSWorkerNodePolicy"]);
        const cluster = new aws.eks.Cluster(
            "cluster",
            { name: NEW, roleArn: clusterRole.arn, vpcConfig: { subnetIds } },
            { dependsOn: clusterRole.attached },
        );
        const issuer = cluster.identities.apply(([identity]) => identity?.oidcs[0]?.issuer ?? "");
        const oidc = new aws.iam.OpenIdConnectProvider("oidc", { url: issuer, clientIdLists: ["sts.amazonaws.com"] });
        const provider = new kubernetes.Provider("kubernetes", {
            kubeconfig: cluster.endpoint.apply(() => kubeconfig),
        });
        const cni = new CniServiceAccountRole(
            "cni",
            { clusterName: cluster.name, oidcProviderArn: oidc.arn, liveChecks: false },
            { providers: [provider] },
        );
        new aws.eks.NodeGroup(
            "nodes",
            {
                clusterName: cluster.name,
                nodeRoleArn: nodeRole.arn,
                subnetIds,
                scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 1 },
            },
            { dependsOn: [cni, ...nodeRole.attached] },
        );
        return { issuer, name: cni.roleName, ready: cni.ready };
    };
}

describe("a cluster that the program itself makes", () => {
    let sandbox: Sandbox;
    let stack: Awaited<ReturnType<typeof createStack>>;

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        await clusterOf(sandbox).settled();
        stack = await createStack(sandbox, program(sandbox));
    });
    after(() => stack.destroy());

    it("is previewed with every resource, though nothing of it is known yet", async () => {
        const { onEvent, steps } = recordEvents();
        await stack.preview({ onEvent });
        const planned = steps
            .filter((step) => step.startsWith("begin create "))
            .map((step) => step.split(" ")[2] ?? "");
        assert.deepStrictEqual(planned.filter((name) => name.startsWith("cni-")).sort(), CHILDREN);
        assert.ok(planned.includes("nodes"));
    });

    it("up makes what the preview showed, and the nodes after the last step of the component", async () => {
        const preview = recordEvents();
        await stack.preview({ onEvent: preview.onEvent });
        const { onEvent, steps, done } = recordEvents();
        const { outputs } = await stack.up({ onEvent });
        const resources = (steps: string[]) => steps.filter((step) => !step.includes(" default_"));
        assert.deepStrictEqual(resources(done()), resources(preview.done()));
        assertOrder(
            steps,
            "create cluster",
            "create oidc",
            "create cni-role",
            "create cni-cni-policy",
            "create cni-service-account",
            "create cni-daemon-set",
            "create nodes",
        );
        const role = await iamOf(sandbox).role(String(outputs["name"]?.value));
        const issuer = String(outputs["issuer"]?.value).replace("https://", "");
        assert.notStrictEqual(issuer, sandbox.issuer.replace("https://", ""));
        const trust = decoded(role?.AssumeRolePolicyDocument) as { Statement: { Principal: unknown }[] };
        assert.deepStrictEqual(
            trust.Statement.map(({ Principal }) => Principal),
            [{ Federated: `arn:aws:iam::111122223333:oidc-provider/${issuer}` }],
        );
    });

    it("a second up takes no step", async () => {
        await stack.up({ expectNoChanges: true });
    });
});
