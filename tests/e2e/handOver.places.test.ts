import { DeleteClusterCommand, DeleteNodegroupCommand, EKSClient, ListNodegroupsCommand } from "@aws-sdk/client-eks";
import { CreateOpenIDConnectProviderCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, type Credentials, STSClient } from "@aws-sdk/client-sts";
import * as kubernetes from "@pulumi/kubernetes";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { writeFile } from "fs/promises";
import { type Sandbox, startSandbox } from "local-eks";
import { join } from "path";
import { CniServiceAccountRole } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { eventually } from "./support/leastRights";
import { ApiServerProxy, apiServerProxy } from "./support/proxy";
import { itNightly } from "./support/quiet";
import { createStack, failureOf } from "./support/stacks";
import { filesOf, resourcesOf } from "./support/states";

const NODE_ROLE = "sandbox-nodes";
const NAMED: PlainArgs = { detachFromNodeRoles: [NODE_ROLE], roleName: "cni" };
const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";

describe("the cluster and the account of the live checks", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    /** Between the live checks and the cluster. The Kubernetes provider uses the ambient kubeconfig, and stays connected. */
    let network: ApiServerProxy;
    let throughTheNetwork: string;
    let yamlKubeconfig: string;
    const roleOfPods = async () => [
        ...new Set((await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];
    /** The role, and the policy of the node role. A refused destroy must not change them. */
    const account = async () => ({
        role: (await iam.role("cni")) !== undefined,
        nodeRoleHoldsPolicy: (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY),
    });

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-places-${String(process.pid)}`,
            ownerPid: process.pid,
            nodes: 2,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
            agents: true,
            failedStartFactor: 0.02,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        network = await apiServerProxy(sandbox);
        throughTheNetwork = join(sandbox.directory, "through-the-network.kubeconfig");
        await writeFile(throughTheNetwork, network.kubeconfig);
        yamlKubeconfig = await cluster.kubectl(
            "config",
            "view",
            "--raw",
            "-o",
            "yaml",
            "--kubeconfig",
            throughTheNetwork,
        );
        stack = await handOverStack(sandbox);
        await writeFile(join(sandbox.directory, "aws-config"), await profiles());
        stack.workspace.envVars["AWS_CONFIG_FILE"] = join(sandbox.directory, "aws-config");
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await network.close();
        await sandbox.stop();
    });

    /**
     * Profiles for the shared configuration file: a user with all permissions, one without any, and a session of the global endpoint of STS
     * with all permissions.
     */
    async function profiles(): Promise<string> {
        const anything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
        const users = {
            operator: await sandbox.createUser("operator", [JSON.stringify(anything)]),
            stranger: await sandbox.createUser("stranger", []),
        };
        const sessionOf = { "global-session": await globalSession(JSON.stringify(anything)) };
        return Object.entries({ ...users, ...sessionOf })
            .map(([name, keys]) => {
                const { accessKeyId, secretAccessKey, sessionToken } = { sessionToken: undefined, ...keys };
                const token = sessionToken === undefined ? "" : `aws_session_token = ${sessionToken}\n`;
                return `[profile ${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n${token}`;
            })
            .join("\n");
    }

    /** The SDK signs for us-east-1 when it calls the global endpoint. */
    async function globalSession(PolicyDocument: string) {
        const Principal = { AWS: "arn:aws:iam::111122223333:root" };
        const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }] };
        const { Arn: RoleArn } = await iam.createRole("deploy", trust, []);
        await iam.client.send(new PutRolePolicyCommand({ RoleName: "deploy", PolicyName: "all", PolicyDocument }));
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const sts = new STSClient({ endpoint: sandbox.awsEndpoint, region: "us-east-1", credentials });
        let session: Credentials | undefined;
        await eventually(async () => {
            const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: "ci" });
            session = await sts.send(command).then(
                ({ Credentials }) => Credentials,
                () => undefined,
            );
            return session !== undefined;
        });
        const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = session ?? {};
        return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    }

    /** As a secret of the configuration, since a kubeconfig has credentials. */
    async function giveAsSecret(args: PlainArgs): Promise<void> {
        await setArgs(stack, sandbox, args);
        const { value } = await stack.getConfig("args");
        await stack.setConfig("args", { value, secret: true });
    }

    it("stop where they are not the role's, before anything moves", async () => {
        const before = uids(await cluster.awsNodePods());
        const existingRoleArn = "arn:aws:iam::999999999999:role/theirs";
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], existingRoleArn });
        assert.match(
            (await failureOf(stack.up())) ?? "",
            /\[wrong-account\] The AWS credentials belong to the account 111122223333. The role is in the account 999999999999\./,
        );
        const Url = "https://oidc.eks.us-west-2.amazonaws.com/id/ANOTHER0CLUSTER";
        const another = new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["sts.amazonaws.com"] });
        const { OpenIDConnectProviderArn: oidcProviderArn } = await iam.client.send(another);
        await setArgs(stack, sandbox, { ...NAMED, clusterName: undefined, oidcProviderArn });
        assert.match(
            (await failureOf(stack.up())) ?? "",
            /\[wrong-cluster\] The cluster's token issuer is \S+. The role trusts oidc\.eks\.us-west-2\.amazonaws\.com\/id\/ANOTHER0CLUSTER\./,
        );
        // The role of that name trusts the wrong issuer now, and the engine would change it in place: refused, with this advice.
        await setArgs(stack, sandbox, NAMED);
        assert.match(
            (await failureOf(stack.up())) ?? "",
            /\[role-narrowed\].*if no pod carries the role, run pulumi destroy, then pulumi up/s,
        );
        await stack.destroy();
        await setArgs(stack, sandbox, { ...NAMED, aws: { profile: "stranger" } });
        assert.match(
            (await failureOf(stack.up())) ?? "",
            /\[aws-access-denied\].*Allow ec2:DescribeInstances for this identity.*Details: .*user\/stranger/s,
        );
        assert.deepStrictEqual(await cluster.annotations(), {});
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
        assert.strictEqual((await account()).nodeRoleHoldsPolicy, true);
    });

    it("stop where a region does not accept their session, and not if the program leaves the region out", async () => {
        const before = uids(await cluster.awsNodePods());
        const global = { ...NAMED, aws: { profile: "global-session" } };
        await sandbox.optInRegions(["ap-east-1"]);
        await setArgs(stack, sandbox, global);
        assert.match(
            (await failureOf(stack.up())) ?? "",
            /\[aws-region-refused\].*: ap-east-1 \(AWS rejected ec2:DescribeInstances: AWS was not able to validate the provided access credentials\)\..*Get the credentials from a regional endpoint/s,
        );
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
        assert.strictEqual((await account()).nodeRoleHoldsPolicy, true);
        await setArgs(stack, sandbox, { ...global, regions: ["eu-west-1"] });
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "120";
        assert.match((await stack.preview()).stdout, /Plan for the cluster:\n.*\[detach\]/s);
        delete stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"];
        await sandbox.optInRegions([]);
    });

    it("end at once, as the whole program does, for a cluster that is not there", async () => {
        await setArgs(stack, sandbox, { ...NAMED, clusterName: "nope" });
        // The language host opens a debugger, under which a program with many promises may search for a handler endlessly.
        const failure = await failureOf(stack.up({ signal: AbortSignal.timeout(60_000) }));
        assert.match(failure ?? "", /clusterName: expected an EKS cluster in.*No cluster found for name: nope/s);
    });

    it("are those of kubeconfig and aws, and the kubeconfig is neither in the state nor in what is printed", async () => {
        await giveAsSecret({ ...NAMED, kubeconfig: yamlKubeconfig, aws: { profile: "operator" } });
        const { stdout, stderr } = await stack.up({ diff: true });
        assert.deepStrictEqual(await roleOfPods(), [ROLE_ARN]);
        assert.deepStrictEqual(await account(), { role: true, nodeRoleHoldsPolicy: false });
        const shown = await stack.preview({ diff: true, refresh: true });
        const token = cluster.config.getCurrentUser()?.token ?? "no token";
        const files = await filesOf(sandbox, stack);
        assert.ok(files.length > 0);
        const printed = [stdout, stderr, shown.stdout, shown.stderr].map((text, i) => ({
            file: `output ${String(i)}`,
            text,
        }));
        const filesWithToken = [...files, ...printed]
            .filter(({ text }) => text.includes(token))
            .map(({ file }) => file);
        assert.deepStrictEqual(filesWithToken, []);
        const resourcesWithToken = (await resourcesOf(stack)).filter(({ inputs = {} }) =>
            JSON.stringify(inputs).includes(token),
        );
        assert.deepStrictEqual(
            resourcesWithToken.map(({ urn }) => urn.split("::").at(-1) ?? "").filter((name) => name.startsWith("cni")),
            // The component's own inputs have the kubeconfig without its token, which may be another one in each run.
            ["cni-credential-guard", "cni-canary", "cni-detachment"],
        );
    });

    it("are not asked when only the kubeconfig changes, here from YAML to JSON while the cluster does not answer", async () => {
        network.cut();
        await giveAsSecret({ ...NAMED, kubeconfig: network.kubeconfig, aws: { profile: "operator" } });
        const { done, onEvent } = recordEvents();
        await stack.up({ onEvent });
        assert.deepStrictEqual(done(), [
            "update cni",
            "update cni-canary",
            "update cni-credential-guard",
            "update cni-detachment",
            // The provider of the dynamic resources. The engine passes it the stack's configuration.
            "update default",
        ]);
        network.reconnect();
        await stack.refresh({ expectNoChanges: true });
    });

    it("stop a destroy that cannot see the cluster, unless forceDestroy says that it goes with its nodes", async function () {
        this.timeout(400_000);
        network.cut();
        // This setting makes the Kubernetes provider drop resources that it cannot reach. It says nothing about the pods.
        stack.workspace.envVars["PULUMI_K8S_DELETE_UNREACHABLE"] = "true";
        assert.match(
            (await failureOf(stack.destroy())) ?? "",
            /\[cluster-unreachable\].*The cluster's pods may still carry the role, so nothing was removed.*set forceDestroy: true, run pulumi up, then pulumi destroy/s,
        );
        assert.deepStrictEqual(await account(), { role: true, nodeRoleHoldsPolicy: false });
        assert.deepStrictEqual(await roleOfPods(), [ROLE_ARN]);
        assert.strictEqual((await cluster.annotations())["eks.amazonaws.com/role-arn"], ROLE_ARN);
        delete stack.workspace.envVars["PULUMI_K8S_DELETE_UNREACHABLE"];

        const forced = { ...NAMED, kubeconfig: network.kubeconfig, aws: { profile: "operator" }, forceDestroy: true };
        await giveAsSecret(forced);
        await stack.up();
        await stack.destroy();
        assert.deepStrictEqual(await account(), { role: false, nodeRoleHoldsPolicy: false });
        assert.deepStrictEqual(await resourcesOf(stack), []);
        network.reconnect();
        await sandbox.reset();
    });

    itNightly("stop no destroy, and no refresh before it, once EKS says that the cluster is gone", async function () {
        this.timeout(400_000);
        await giveAsSecret({ ...NAMED, kubeconfig: network.kubeconfig });
        await stack.up();
        network.cut();
        assert.match((await failureOf(stack.destroy({ refresh: true }))) ?? "", /\[cluster-unreachable\]/);
        assert.deepStrictEqual(await account(), { role: true, nodeRoleHoldsPolicy: false });

        await deleteCluster(sandbox);
        // The Kubernetes provider reaches the cluster no more, either.
        stack.workspace.envVars["KUBECONFIG"] = throughTheNetwork;
        stack.workspace.envVars["PULUMI_K8S_DELETE_UNREACHABLE"] = "true";
        const { stdout } = await stack.destroy({ refresh: true });
        assert.match(stdout, /The EKS cluster sandbox no longer exists: the refresh looks at nothing/);
        assert.match(
            stdout,
            /run pulumi destroy without --refresh, or \(only if the cluster is gone\) set PULUMI_K8S_DELETE_UNREACHABLE=true/,
        );
        assert.match(stdout, /The EKS cluster sandbox no longer exists: nothing to restore/);
        assert.deepStrictEqual(await account(), { role: false, nodeRoleHoldsPolicy: false });
        assert.deepStrictEqual(await resourcesOf(stack), []);
    });

    it("must be given explicitly if the component has a Kubernetes provider of its own", async () => {
        const own = await createStack(sandbox, () => {
            const provider = new kubernetes.Provider("own", { kubeconfig: network.kubeconfig });
            new CniServiceAccountRole("cni", { clusterName: "sandbox" }, { providers: { kubernetes: provider } });
            return {};
        });
        const failure = (await failureOf(own.preview())) ?? "";
        assert.match(
            failure,
            /kubeconfig: expected a value \(the live checks cannot read the settings of the component's explicit provider\), got nothing/,
        );
        assert.match(failure, /set kubeconfig to the settings of that provider, or set liveChecks: false/);
        await own.workspace.removeStack(own.name);
    });
});

async function deleteCluster({ awsEndpoint, region, clusterName }: Sandbox): Promise<void> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const eks = new EKSClient({ endpoint: awsEndpoint, region, credentials });
    const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName }));
    for (const nodegroupName of nodegroups) {
        await eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName }));
    }
    await eks.send(new DeleteClusterCommand({ name: clusterName }));
}
