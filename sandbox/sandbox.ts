/** A local EKS: `startSandbox()` starts one, `stop()` ends it. */
import { randomBytes } from "node:crypto";
import { delimiter, resolve } from "node:path";
import type { AddOn } from "./aws/eks/addOns/addOn";
import type { AddOnBehavior, NextEnds } from "./aws/eks/addOns/behavior";
import type { AddOnCondition } from "./aws/eks/addOns/ends";
import type { CreateAddOn, UpdateAddOn } from "./aws/eks/addOns/requests";
import type { AddOnUpdate } from "./aws/eks/addOns/updates";
import { type AssociationDelays, noAssociationDelays } from "./aws/eks/associations/views";
import type { WebIdentityRefusal } from "./aws/sts/refusals";
import type { Throttling } from "./aws/throttling";
import type { Launch } from "./cluster/awsAccount";
import type { OtherNode, OtherNodeKind } from "./cluster/otherNodes";
import type { PodFailure } from "./cluster/podFailures";
import type { AgentState } from "./cluster/podIdentity/agents";
import type { IpFamily } from "./cluster/programs";
import { type AwsDelays, type TrustedIssuer, type UserKeys, callControl } from "./supervisorControl";
import { claim, endSandbox, startSupervisor } from "./supervisorLaunch";
import { endProcesses } from "./supervisorProcesses";
import {
    type SandboxFacts,
    type SupervisorOptions,
    defaultDirectory,
    forgetState,
    keepLogs,
    marker,
    readState,
    withoutAws,
} from "./supervisorState";
import { type ToolPaths, ensureAllTools } from "./tools";
import { awsWebhookOf } from "./tools/awsWebhook";

/** The options of `startSandbox`; all have defaults. */
export interface SandboxOptions {
    /** Defaults to a generated, unused name. */
    name?: string;
    /** Defaults to `eks-cni-sandbox-<name>` in the folder for temporary files. */
    directory?: string;
    /** The number of nodes. Defaults to 3. */
    nodes?: number;
    /**
     * The number of subnets, from 2 to 24. Defaults to 3.
     *
     * Up to 4 are each in an availability zone of its own; more are spread evenly over these 4 zones. The nodes are spread evenly over
     * the subnets: 8 nodes over 4 subnets are 2 in each. If it does not come out even, the first subnets have one more.
     */
    subnets?: number;
    /**
     * The number of node roles, from 1 to 24: sandbox-nodes, sandbox-nodes-2, and so on. Defaults to 1.
     *
     * Each has an instance profile of the same name, the CNI policy, and a managed node group. The nodes are spread evenly over them,
     * and those of each over the subnets. If it does not come out even, the first ones have one more. A role may be without nodes. On a
     * new cluster, the program creates the node roles.
     */
    nodeRoles?: number;
    /** The address family of pods and services. Defaults to "ipv4". */
    ipFamily?: IpFamily;
    /** How long a pod takes to become Ready, in seconds. Defaults to 1.5. */
    podReadySeconds?: number;
    /** How long IAM takes to enforce a change, in seconds. Defaults to 3. */
    enforcementDelaySeconds?: number;
    /** How long IAM takes to return a change in reads, in seconds. Defaults to 0. */
    visibilityDelaySeconds?: number;
    /** The name of the EKS cluster. Defaults to "sandbox". */
    clusterName?: string;
    /**
     * Leaves the EKS cluster, its OIDC provider and its nodes for a program to create. Defaults to false.
     *
     * The control plane runs already. A cluster that is created with the name `clusterName` gets it, and its node
     * groups get nodes, each Ready once its aws-node has a working path to the CNI's permissions.
     */
    newCluster?: boolean;
    /**
     * How long the nodes of a new cluster's node group may take to become Ready, in seconds. Defaults to 300, so that one
     * failed start of aws-node does not fail the group: see `failedStartFactor`.
     */
    nodeGroupLimitSeconds?: number;
    /**
     * Gives each pod of aws-node an agent. Defaults to false; a new cluster always has agents.
     *
     * An agent makes the CNI's calls with the credentials of its pod: those of its start, which make the pod Ready, and
     * then those that the warm pool needs, in the mode of the pod's variables (`agentResults`). Apart from them, it
     * probes the pod's path twice a second (`probeResults`). Without agents pods become Ready after `podReadySeconds`.
     */
    agents?: boolean;
    /**
     * Scales the times after a failed start of aws-node. Defaults to 1, as on EKS: about 90 s until the container is
     * restarted, then Kubernetes' back-off. The sandbox's own start and reset outlast one failed start.
     */
    failedStartFactor?: number;
    /**
     * Installs the EKS Pod Identity agent: the DaemonSet `eks-pod-identity-agent`, as its add-on does. Defaults to false.
     *
     * Without it, pods with container credentials get none, as on EKS.
     */
    podIdentityAgent?: boolean;
    /** How long the parts of EKS take to see a change of a Pod Identity association. Defaults to no time. See `podIdentity.setDelays`. */
    associationDelays?: Partial<AssociationDelays>;
    /**
     * The path of AWS's own identity webhook. Defaults to `pod-identity-webhook` on PATH; without one, or with `false`,
     * the stand-in runs.
     */
    webhook?: string | false;
    /** The sandbox ends when this process does. */
    ownerPid?: number;
    /** The paths of the tools. By default they are found on PATH, or built. */
    tools?: ToolPaths;
    /**
     * Reports progress, line by line. By default the tools' builds are reported on standard error, and nothing else is.
     */
    onProgress?: (line: string) => void;
}

/** A running sandbox: its addresses, the environment for programs that use it, and its faults. */
export interface Sandbox extends Omit<SandboxFacts, "environment" | "control"> {
    name: string;
    /** Its folder: logs, credentials, and the state of Pulumi stacks. */
    directory: string;
    /** The environment for pulumi, kubectl and AWS clients that use this sandbox. */
    environment: NodeJS.ProcessEnv;
    webhook: {
        stop(): Promise<void>;
        start(): Promise<void>;
        /** Delays every answer of the webhook. */
        delay(milliseconds: number): Promise<void>;
        /**
         * Delays the webhook's view of service accounts; "never" freezes it, 0 makes it see all missed changes at once.
         */
        setCacheDelay(milliseconds: number | "never"): Promise<void>;
        /** Whether the webhook presents a certificate that the API server does not trust. */
        showWrongCertificate(isWrong: boolean): Promise<void>;
    };
    /** Sets the delays of later changes in IAM. */
    setAwsDelays(delays: AwsDelays): Promise<void>;
    /**
     * Throttles calls of the AWS API, for each service separately; `{}` ends it. The agents' calls are not throttled.
     */
    setThrottling(throttling: Throttling): Promise<void>;
    /** Gives STS the keys of another sandbox's issuer. On AWS, STS fetches them from any issuer. */
    trustIssuer(issuer: TrustedIssuer): Promise<void>;
    /** Makes STS refuse every AssumeRoleWithWebIdentity with this code; without a code it ends. */
    refuseWebIdentity(code?: WebIdentityRefusal): Promise<void>;
    /**
     * Sets the resource control policies of the account's organization (texts of policy documents); without any, it ends.
     *
     * They limit who may assume the account's roles, for instance by `aws:SourceVpc`, which the calls of the agents have and no other call.
     */
    setResourceControlPolicies(documents: string[]): Promise<void>;
    /** Expires credentials that STS issued, for instance by AssumeRole. */
    expireSession(accessKeyId: string): Promise<void>;
    /**
     * Whether the agents on the nodes can reach STS. Other callers always can.
     *
     * With `nodes` it is set for these nodes alone, and the others stay as they are: see `nodes.subnets` for those of one
     * subnet. Without, it is set for all nodes, also those that join later.
     */
    setStsReachableFromNodes(isReachable: boolean, of?: { nodes: string[] }): Promise<void>;
    /** Expires every session of the agents: each requests a new one in its next attempt. */
    renewAgentSessions(): Promise<void>;
    /**
     * Creates a user of the account with these policies (texts of policy documents), for IAM, STS, EC2 and EKS.
     *
     * The sandbox's own key `test` may do everything.
     */
    createUser(name: string, policyDocuments: string[]): Promise<UserKeys>;
    /**
     * Sets the service control policies of the account's organization: the texts of the policies at each level, from the root to the
     * account. Each level has to allow a call, for instance by `fullAwsAccess`. They limit every principal, the key `test` too, in IAM, EC2
     * and EKS. Without levels, the account is in no organization.
     */
    setServiceControlPolicies(levels: string[][]): Promise<void>;
    /** Enables regions that are off by default, such as ap-east-1. Sessions of the global STS endpoint are not valid there. */
    optInRegions(regions: string[]): Promise<void>;
    /** Sets where IAM saw a role used last. */
    setRoleLastUsed(roleName: string, region: string): Promise<void>;
    /**
     * The managed add-on vpc-cni of the cluster. A program creates, updates and deletes it by EKS's own calls.
     *
     * `create`, `update`, `upgrade` and `delete` are changes from the side, as by another user. They resolve when the change is over.
     */
    addOn: {
        /** Sets the parts of EKS's behaviour that AWS leaves open, for changes that begin from now on. The other settings stay as they are. */
        setBehavior(behavior: Partial<AddOnBehavior>): Promise<void>;
        /** Sets how the next creation, the next update and the next deletion end. */
        setNext(ends: NextEnds): Promise<void>;
        /** Sets the status and the health issues, which stay until the next change. */
        setCondition(condition: AddOnCondition): Promise<void>;
        create(asked?: Omit<CreateAddOn, "addonName">): Promise<AddOn>;
        /** Without a role, the add-on loses the one that it has. */
        update(asked: UpdateAddOn): Promise<AddOnUpdate>;
        /** Sets the version alone: the role and the configuration values stay. */
        upgrade(version: string): Promise<AddOnUpdate>;
        /** With `preserve`, the objects stay in the cluster. */
        delete(options?: { preserve?: boolean }): Promise<void>;
        /** Writes the objects again at once, as the behaviour `driftRevertSeconds` does from time to time. */
        revertDrift(): Promise<void>;
        /** Resolves when no change of the add-on is under way. */
        settled(): Promise<void>;
    };
    /** EKS Pod Identity. A program creates, updates and deletes associations by EKS's own calls. */
    podIdentity: {
        /**
         * Sets how long each replica of the webhook, and each server of EKS Auth, takes to see a change of an association, in seconds; "never" freezes its
         * view. It applies also to changes that a part has not seen yet. EKS Auth that lags answers the role of before.
         *
         * The parts are asked in turns: with `{ webhooks: [0, "never"] }` every second pod gets its credentials.
         */
        setDelays(delays: Partial<AssociationDelays>): Promise<void>;
        /**
         * Scales all times of the credentials: how long EKS Auth's are valid (6 h), when the agent renews them (3 h), how often it looks (1 min), and how long
         * before their end the SDK asks again (5 min). It applies to credentials from now on.
         */
        setTimeFactor(factor: number): Promise<void>;
        agents: {
            /** Writes the DaemonSet, as the add-on's creation does. Resolves before its pods are Ready. */
            install(): Promise<void>;
            /** Deletes the DaemonSet. */
            uninstall(): Promise<void>;
            /**
             * `absent`: the DaemonSet has no pod on these nodes. `notReady`: its pods there answer no probe and no request. `running`: back again, with an empty
             * cache. Without nodes: on every node that there is.
             */
            set(state: AgentState, of?: { nodes: string[] }): Promise<void>;
            /** Deletes the agents' pods on these nodes, or on all; the DaemonSet makes new ones, with an empty cache. */
            restart(of?: { nodes: string[] }): Promise<void>;
            /** Whether the agents on these nodes, or on all, can reach EKS Auth. */
            setEksAuthReachable(isReachable: boolean, of?: { nodes: string[] }): Promise<void>;
        };
    };
    /** Kills the API server and starts it again at the same address; resolves when it is ready. */
    restartApiServer(): Promise<void>;
    nodes: {
        /**
         * Launches an instance that joins. Resolves with the node's name once it is registered, before it is Ready.
         *
         * It first makes the calls of Amazon Linux 2023 with its role. Rejects with the answer of AWS if the role lacks the right for 10 s. The instance runs,
         * and joins later if the role gets the right within 10 minutes. With `instanceIdNodeName` the node is named i-…, and needs no right.
         *
         * By default it joins in the first subnet, with the security groups of all nodes and the instance profile of the first node role.
         * With that of another node role it joins the node group of that role.
         */
        add(as?: Launch): Promise<string>;
        /**
         * Adds a node on which aws-node does not run: Windows, EKS Auto Mode, Fargate or a hybrid node.
         *
         * The first two are instances of the account, by default with the instance profile of the first node role. Resolves with the node's name,
         * and with the id of its instance.
         */
        addOther(kind: OtherNodeKind, as?: Launch): Promise<OtherNode>;
        /** The id of the subnet of each node, by the node's name. */
        subnets(): Promise<Record<string, string>>;
        /** Removes a node, as when its instance is terminated. */
        remove(name: string): Promise<void>;
        /**
         * Ends the containers aws-node on these nodes, or on all. The kubelet restarts them in the same pods: at once the first time, and then with
         * back-off. No admission runs again, and the new process has no credentials yet. Needs `agents`.
         */
        killContainers(of?: { nodes: string[] }): Promise<void>;
        /** Makes a node NotReady. Nothing happens on it: its pods stay, a deletion hangs, its agent makes no calls. */
        stopKubelet(name: string): Promise<void>;
        /** Ends that: its pods and its agent continue, pods that were deleted meanwhile end, new ones start. */
        startKubelet(name: string): Promise<void>;
        /** Sets how long pods that start from now on take to become Ready. */
        setPodReadySeconds(seconds: number): Promise<void>;
        /** Sets how long pods that are deleted from now on are still there, terminating. */
        setPodDeletionSeconds(seconds: number): Promise<void>;
        /**
         * Makes pods of aws-node fail that start from now on; without a failure it ends, and they start. Pods that run go on.
         *
         * With `nodes` it is set for these nodes alone, and the others stay as they are; without, for every node that there is.
         * The agents make no calls for pods that fail.
         */
        setPodsFail(failure: PodFailure | undefined, of?: { nodes: string[] }): Promise<void>;
    };
    /**
     * Restores the first state without a new sandbox; stacks and logs are kept.
     *
     * It covers IAM, EKS add-ons and associations, users, service control policies, opted-in regions and instances, the service account, the DaemonSet and its pods
     * (recreated), admission policies, events, nodes, and every fault and delay.
     */
    reset(): Promise<void>;
    /** Ends all processes and removes all files. */
    stop(): Promise<void>;
}

/** Shared with the command line, so that both start the same sandbox. */
export const defaults = { subnets: 3, nodeRoles: 1, nodeGroupLimitSeconds: 300, failedStartFactor: 1 };

/** From and to. EKS wants subnets in at least two zones, and a zone may have several of them: network-reqs.html of its user guide. */
export const ranges = { subnets: [2, 24], nodeRoles: [1, 24] } as const;

const inWords = { subnets: "subnets", nodeRoles: "node roles" };

function assertInRange(option: keyof typeof ranges, value: number): void {
    const [from, to] = ranges[option];
    if (!Number.isInteger(value) || value < from || value > to) {
        throw new Error(`A sandbox cannot have ${value} ${inWords[option]}: it can have ${from} to ${to}.`);
    }
}

function complete(options: SandboxOptions): SupervisorOptions {
    const name = options.name ?? `s-${randomBytes(3).toString("hex")}`;
    if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
        throw new Error(
            `"${name}" is not a valid name for a sandbox. Use at most 41 lower-case letters, digits and "-".`,
        );
    }
    const { nodes = 3, ipFamily = "ipv4", podReadySeconds = 1.5, clusterName = "sandbox", ownerPid } = options;
    const { enforcementDelaySeconds = 3, visibilityDelaySeconds = 0 } = options;
    const { newCluster = false, agents = false, podIdentityAgent = false } = options;
    const associationDelays = { ...noAssociationDelays, ...options.associationDelays };
    const { subnets = defaults.subnets, nodeRoles = defaults.nodeRoles } = options;
    assertInRange("subnets", subnets);
    assertInRange("nodeRoles", nodeRoles);
    const { nodeGroupLimitSeconds = defaults.nodeGroupLimitSeconds } = options;
    const { failedStartFactor = defaults.failedStartFactor } = options;
    const webhook = awsWebhookOf(options.webhook);
    return {
        newCluster,
        nodeGroupLimitSeconds,
        agents,
        podIdentityAgent,
        associationDelays,
        failedStartFactor,
        name,
        nodes,
        subnets,
        nodeRoles,
        ipFamily,
        podReadySeconds,
        clusterName,
        enforcementDelaySeconds,
        visibilityDelaySeconds,
        ...(webhook !== undefined && { webhook }),
        ...(ownerPid !== undefined && { ownerPid }),
        id: randomBytes(6).toString("hex"),
        directory: resolve(options.directory ?? defaultDirectory(name)),
    };
}

/** The environment of this process, overridden by the sandbox's settings. */
function environmentWith(settings: Record<string, string>): NodeJS.ProcessEnv {
    const path = [settings.PATH, process.env.PATH].filter(Boolean).join(delimiter);
    return { ...withoutAws(process.env), ...settings, PATH: path };
}

/** Shell code that makes a shell use a sandbox. */
export function exportLines(settings: Record<string, string>): string[] {
    const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    return [
        "unset $(env | sed -n 's/^\\(AWS_[A-Za-z0-9_]*\\)=.*/\\1/p')",
        ...Object.entries(settings).map(([name, value]) =>
            name === "PATH"
                ? `export PATH=${quoted(`${value}${delimiter}`)}"$PATH"`
                : `export ${name}=${quoted(value)}`,
        ),
    ];
}

/** A running sandbox, by its name. */
export function attach(name: string): Sandbox {
    const state = readState(name);
    if (!state?.facts) {
        throw new Error(`No sandbox named "${name}" is ready. List the sandboxes: npm run sandbox -- status`);
    }
    const { environment, control, ...facts } = state.facts;
    return {
        ...facts,
        name,
        directory: state.options.directory,
        environment: environmentWith(environment),
        webhook: {
            stop: () => callControl(control, "stopWebhook"),
            start: () => callControl(control, "startWebhook"),
            delay: (milliseconds) => callControl(control, "delayWebhook", milliseconds),
            setCacheDelay: (delay) => callControl(control, "setWebhookCacheDelay", delay),
            showWrongCertificate: (isWrong) => callControl(control, "showWrongCertificate", isWrong),
        },
        setAwsDelays: (delays) => callControl(control, "setAwsDelays", delays),
        setThrottling: (throttling) => callControl(control, "setThrottling", throttling),
        trustIssuer: (issuer) => callControl(control, "trustIssuer", issuer),
        refuseWebIdentity: (code) => callControl(control, "refuseWebIdentity", code ?? null),
        setResourceControlPolicies: (documents) => callControl(control, "setResourceControlPolicies", documents),
        expireSession: (accessKeyId) => callControl(control, "expireSession", accessKeyId),
        setStsReachableFromNodes: (isReachable, of) =>
            callControl(control, "setStsReachableFromNodes", isReachable, of?.nodes ?? null),
        renewAgentSessions: () => callControl(control, "renewAgentSessions"),
        createUser: (name, documents) => callControl(control, "createUser", name, documents),
        setServiceControlPolicies: (levels) => callControl(control, "setServiceControlPolicies", levels),
        optInRegions: (regions) => callControl(control, "optInRegions", regions),
        setRoleLastUsed: (roleName, region) => callControl(control, "setRoleLastUsed", roleName, region),
        addOn: {
            setBehavior: (behavior) => callControl(control, "setAddOnBehavior", behavior),
            setNext: (ends) => callControl(control, "setNextAddOnEnds", ends),
            setCondition: (condition) => callControl(control, "setAddOnCondition", condition),
            create: (asked = {}) => callControl(control, "createAddOn", asked),
            update: (asked) => callControl(control, "updateAddOn", asked),
            upgrade: (version) => callControl(control, "upgradeAddOn", version),
            delete: ({ preserve = false } = {}) => callControl(control, "deleteAddOn", preserve),
            revertDrift: () => callControl(control, "revertAddOnDrift"),
            settled: () => callControl(control, "addOnSettled"),
        },
        podIdentity: {
            setDelays: (delays) => callControl(control, "setAssociationDelays", delays),
            setTimeFactor: (factor) => callControl(control, "setPodIdentityTimeFactor", factor),
            agents: {
                install: () => callControl(control, "installPodIdentityAgents"),
                uninstall: () => callControl(control, "uninstallPodIdentityAgents"),
                set: (agentState, of) => callControl(control, "setPodIdentityAgents", agentState, of?.nodes ?? null),
                restart: (of) => callControl(control, "restartPodIdentityAgents", of?.nodes ?? null),
                setEksAuthReachable: (isReachable, of) =>
                    callControl(control, "setEksAuthReachableFromNodes", isReachable, of?.nodes ?? null),
            },
        },
        restartApiServer: () => callControl(control, "restartApiServer"),
        nodes: {
            add: (as = {}) => callControl(control, "addNode", as),
            addOther: (kind, as = {}) => callControl(control, "addOtherNode", kind, as),
            subnets: () => callControl(control, "nodeSubnets"),
            remove: (name) => callControl(control, "removeNode", name),
            killContainers: (of) => callControl(control, "killContainers", of?.nodes ?? null),
            stopKubelet: (name) => callControl(control, "stopKubelet", name),
            startKubelet: (name) => callControl(control, "startKubelet", name),
            setPodReadySeconds: (seconds) => callControl(control, "setPodReadySeconds", seconds),
            setPodDeletionSeconds: (seconds) => callControl(control, "setPodDeletionSeconds", seconds),
            setPodsFail: (failure, of) => callControl(control, "setPodsFail", failure ?? null, of?.nodes ?? null),
        },
        reset: () => callControl(control, "reset"),
        stop: async () => {
            await endSandbox(state);
        },
    };
}

/** Passes the progress of the tools' builds to a listener, line by line. */
function output(onProgress?: (line: string) => void): { write(text: string): unknown; isTTY?: boolean } {
    return onProgress ? { write: (text) => onProgress(text.trimEnd()) } : process.stderr;
}

/** Starts a sandbox; resolves when all its pods are Ready. Builds missing tools first. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
    const completed = complete(options);
    const say = options.onProgress ?? (() => undefined);
    const tools = options.tools ?? (await ensureAllTools(output(options.onProgress)));
    await claim(completed);
    try {
        await startSupervisor(completed, tools, say);
    } catch (error) {
        await endProcesses(marker(completed));
        keepLogs(completed);
        forgetState(completed);
        throw error;
    }
    return attach(completed.name);
}
