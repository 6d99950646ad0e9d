/** Starts the parts of a sandbox in the order of their dependencies, and stops them in the reverse order. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type AwsApi, startAwsApi } from "./aws";
import { Cluster, type KubeletSettings } from "./cluster";
import { Agents } from "./cluster/agents";
import { awsCliFolder, writeAwsCli } from "./cluster/awsCli";
import { AwsAccount, type Launch, nodeRoleNames } from "./cluster/awsAccount";
import { Boots } from "./cluster/boots";
import { ClusterNodes } from "./cluster/clusterNodes";
import { InstanceIds } from "./cluster/instanceIds";
import { PodIdentityAgents } from "./cluster/podIdentity/agents";
import { NodeGroups } from "./cluster/nodeGroups";
import type { Instance } from "./cluster/nodes";
import { type IdentityWebhook, startIdentityWebhook } from "./identityWebhook";
import { agentsLog, probesLog } from "./logs";
import { AWS_PROVIDER, makePulumiHome } from "./pulumiHome";
import { serveControl } from "./supervisorControl";
import { type ControlledParts, controlsOf } from "./supervisorControls";
import type { SandboxFacts, SupervisorOptions } from "./supervisorState";
import type { ToolPaths } from "./tools";
import { recipeOf } from "./tools/recipeOf";

const region = "us-west-2";
const accountId = "111122223333";

type Undo = () => Promise<void> | void;

/** The input and the result of creating a cluster. */
interface Parts {
    aws: AwsApi;
    account: AwsAccount;
    cluster: Cluster;
    etcdPort: number;
}
interface Made extends Pick<ControlledParts, "webhook" | "agents" | "podIdentityAgents" | "nodes"> {
    kubeconfigPath: string;
    issuer: string;
    oidcProviderArn: string;
}

/** The settings for programs that use the sandbox. The provider stand-in and the tools come first on PATH. */
function environment(options: SupervisorOptions, tools: ToolPaths, kubeconfigPath: string, awsEndpoint: string) {
    const home = join(options.directory, "pulumi-home");
    const ownAwsCli = options.newCluster ? [awsCliFolder(options.directory)] : [];
    const folders = [
        join(home, "bin"),
        dirname(AWS_PROVIDER),
        ...ownAwsCli,
        ...Object.values(tools).map((path) => dirname(path)),
    ];
    return {
        PATH: [...new Set(folders)].join(delimiter),
        KUBECONFIG: kubeconfigPath,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        AWS_ENDPOINT_URL: awsEndpoint,
        // Keeps the user's own account out: neither profiles nor an instance's role are used.
        AWS_CONFIG_FILE: join(options.directory, "aws-config"),
        AWS_SHARED_CREDENTIALS_FILE: join(options.directory, "aws-credentials"),
        AWS_EC2_METADATA_DISABLED: "true",
        PULUMI_HOME: home,
        PULUMI_BACKEND_URL: `file://${join(options.directory, "pulumi-state")}`,
        PULUMI_CONFIG_PASSPHRASE: "sandbox",
        PULUMI_SKIP_UPDATE_CHECK: "true",
    };
}

export class Sandbox {
    private readonly undo: Undo[] = [];
    private stopping: Promise<void> | undefined;

    public constructor(
        private readonly options: SupervisorOptions,
        private readonly tools: ToolPaths,
        private readonly say: (line: string) => void,
    ) {}

    public async start(): Promise<SandboxFacts> {
        const { options, tools } = this;
        const { directory, clusterName } = options;
        const logs = join(directory, "logs");
        for (const folder of ["pulumi-home", "pulumi-state"]) {
            mkdirSync(join(directory, folder), { recursive: true });
        }
        makePulumiHome(join(directory, "pulumi-home"), tools);
        const cluster = new Cluster({
            ...options,
            directory: join(directory, "cluster"),
            tools,
            logs,
            region,
            readinessByCni: options.agents || options.newCluster,
        });
        this.undo.push(() => cluster.stop());

        this.say("Starting the AWS API and etcd");
        const [aws, etcdPort] = await Promise.all([this.startAws(logs), cluster.startEtcd()]);

        const account = this.account(aws.endpoint);
        const subnetIds = await account.createSubnets();
        const parts = { aws, account, cluster, etcdPort };
        const made = await (options.newCluster ? this.prepareNewCluster(parts) : this.makeCluster(parts));
        const { kubeconfigPath, webhook, agents, podIdentityAgents, nodes, ...known } = made;
        const controlled = { aws, cluster, webhook, agents, podIdentityAgents, nodes, clusterName, region };
        const withPodIdentityAgents = options.podIdentityAgent;
        const control = await this.serveControl({ ...controlled, withPodIdentityAgents });
        return {
            clusterName,
            region,
            accountId,
            subnetIds,
            nodeRoleNames: options.newCluster ? [] : nodeRoleNames(options.nodeRoles),
            ...known,
            kubeconfigPath,
            awsEndpoint: aws.endpoint,
            control,
            environment: environment(options, tools, kubeconfigPath, aws.endpoint),
        };
    }

    /** A cluster in EKS with its OIDC provider, and nodes whose role has the CNI's permissions. */
    private async makeCluster({ aws, account, cluster, etcdPort }: Parts): Promise<Made> {
        const { clusterName, nodes } = this.options;
        // The first state is enforced from the start.
        aws.setDelays({ enforcementSeconds: 0 });
        this.say(`Creating the EKS cluster ${clusterName} in account ${accountId}`);
        const issuer = await account.createCluster();

        this.say(`Starting the API server with the issuer ${issuer}; creating the OIDC provider and the node group`);
        const [api, { instances, oidcProviderArn }] = await Promise.all([
            this.startApiServer(cluster, etcdPort, aws, issuer),
            account.createNodes(issuer),
        ]);

        this.say(`Starting ${nodes} nodes; waiting for their pods`);
        const podIdentityAgents = await this.startPodIdentityAgents(api.kubeconfigPath, aws);
        const agents = this.options.agents ? this.startAgents(api.kubeconfigPath, aws, podIdentityAgents) : undefined;
        const boots = new Boots(aws.fromNodes);
        await cluster.startNodes(instances, clusterName, boots);
        aws.setDelays({ enforcementSeconds: this.options.enforcementDelaySeconds });
        const options = {
            ...this.options,
            kubeconfigPath: api.kubeconfigPath,
            region,
            boots,
            launch: (count: number, as: Launch) => account.launch(count, as),
            terminate: (gone: Instance[]) => account.terminate(gone),
            restartKubelets: (settings: KubeletSettings) => cluster.restartKwok(settings),
            onStopped: (node: string, isStopped: boolean) => agents?.setStopped(node, isStopped),
        };
        return {
            ...api,
            issuer,
            oidcProviderArn,
            agents,
            podIdentityAgents,
            nodes: new ClusterNodes(options, instances),
        };
    }

    /**
     * A control plane for the cluster that a program will create. An API server has one issuer from its start, and EKS
     * assigns an issuer when a cluster is created; so the issuer is chosen here, and the cluster of this name gets it.
     */
    private async prepareNewCluster({ aws, cluster, etcdPort }: Parts): Promise<Made> {
        const { clusterName, ipFamily, nodeGroupLimitSeconds: limitSeconds } = this.options;
        const host = `oidc.eks.${region}.amazonaws.com/id/${randomBytes(16).toString("hex").toUpperCase()}`;
        const issuer = `https://${host}`;

        this.say(`Starting a control plane for the EKS cluster ${clusterName}, which is yet to be created`);
        const boots = new Boots(aws.fromNodes);
        const group = { endpoint: aws.endpoint, region, clusterName, ipFamily, limitSeconds, boots };
        const nodeGroups = (kubeconfigPath: string) => new NodeGroups({ ...group, kubeconfigPath });
        const api = await this.startApiServer(cluster, etcdPort, aws, issuer, nodeGroups);
        const podIdentityAgents = await this.startPodIdentityAgents(api.kubeconfigPath, aws);
        const agents = this.startAgents(api.kubeconfigPath, aws, podIdentityAgents);
        await cluster.startNodes([], clusterName, boots);
        writeAwsCli(this.options.directory, api.kubeconfigPath);
        const oidcProviderArn = `arn:aws:iam::${accountId}:oidc-provider/${host}`;
        return { ...api, issuer, oidcProviderArn, agents, podIdentityAgents, nodes: undefined };
    }

    /** Also during a start: stops the parts that have been started so far. */
    public stop(): Promise<void> {
        this.stopping ??= this.stopAll();
        return this.stopping;
    }

    private async stopAll(): Promise<void> {
        for (let undo = this.undo.pop(); undo; undo = this.undo.pop()) {
            await undo();
        }
    }

    private async startAws(logs: string): Promise<AwsApi> {
        const { enforcementDelaySeconds, visibilityDelaySeconds, associationDelays } = this.options;
        const aws = await startAwsApi({
            motoServer: this.tools.moto,
            directory: logs,
            accountId,
            region,
            enforcementDelaySeconds,
            visibilityDelaySeconds,
            associationDelays,
        });
        this.undo.push(() => aws.stop());
        return aws;
    }

    private account(endpoint: string): AwsAccount {
        const [major, minor] = recipeOf("kube-apiserver").version.split(".");
        return new AwsAccount({
            ...this.options,
            endpoint,
            region,
            kubernetesVersion: `${major ?? ""}.${minor ?? ""}`,
        });
    }

    /** Starts the API server and the parts that depend only on it: the controllers, the issuer's keys, the webhook. */
    private async startApiServer(
        cluster: Cluster,
        etcdPort: number,
        aws: AwsApi,
        issuer: string,
        makeNodeGroups?: (kubeconfigPath: string) => NodeGroups,
    ) {
        const { server, ca, credentials, kubeconfigPath } = await cluster.startApiServer(etcdPort, issuer);
        cluster.startControllers();
        const access = { endpoint: server, certificateAuthority: Buffer.from(ca).toString("base64"), issuer };
        const groups = makeNodeGroups?.(kubeconfigPath);
        groups?.start();
        this.undo.push(() => groups?.stop());
        const { clusterName } = this.options;
        aws.describeCluster(clusterName, {
            ...access,
            addOnInstallers: cluster.addOnInstallers(clusterName),
            ...(groups && {
                nodeGroup: (name: string) => groups.state(name),
                nodeGroupRemains: (name: string) => groups.remains(name),
            }),
        });
        aws.trustIssuer(issuer, { jwksUrl: `${server}/openid/v1/jwks`, ca, bearerToken: credentials.tokens.admin });
        const webhook = await this.startWebhook(kubeconfigPath, aws);
        await cluster.registerIdentityWebhook(webhook);
        return { kubeconfigPath, webhook };
    }

    private async startPodIdentityAgents(kubeconfigPath: string, aws: AwsApi): Promise<PodIdentityAgents> {
        const { clusterName, podIdentityAgent } = this.options;
        const ids = new InstanceIds(kubeconfigPath);
        const instanceId = (node: string) => ids.of(node);
        const agents = new PodIdentityAgents({ kubeconfigPath, clusterName, region, aws: aws.fromNodes, instanceId });
        agents.start();
        this.undo.push(() => agents.stop());
        if (podIdentityAgent) {
            await agents.install();
        }
        return agents;
    }

    private startAgents(kubeconfigPath: string, aws: AwsApi, podIdentityAgents: PodIdentityAgents): Agents {
        const { directory, failedStartFactor: startFactor } = this.options;
        const logs = join(directory, "logs");
        const files = { logFile: agentsLog(logs), probesFile: probesLog(logs) };
        const instanceIds = new InstanceIds(kubeconfigPath);
        const surroundings = { aws: aws.fromNodes, instanceIds, podIdentityAgents };
        const agents = new Agents({ kubeconfigPath, startFactor, ...files, ...surroundings });
        agents.start();
        this.undo.push(() => agents.stop());
        return agents;
    }

    private async startWebhook(kubeconfigPath: string, aws: AwsApi): Promise<IdentityWebhook> {
        const directory = join(this.options.directory, "identity-webhook");
        mkdirSync(directory, { recursive: true });
        const { clusterName, ipFamily, webhook: executable } = this.options;
        const podIdentities = aws.podIdentities(clusterName);
        const options = { kubeconfigPath, region, directory, podIdentities, ipFamily, executable };
        const webhook = await startIdentityWebhook(options);
        this.undo.push(() => webhook.close());
        return webhook;
    }

    private async serveControl(parts: ControlledParts): Promise<{ url: string; token: string }> {
        const { url, token, close } = await serveControl(controlsOf(parts));
        this.undo.push(close);
        return { url, token };
    }
}
