/** Maps the calls of a sandbox's control to its parts. */
import { addOnControls } from "./addOnControls";
import type { AwsApi } from "./aws";
import type { Cluster } from "./cluster";
import type { Agents } from "./cluster/agents";
import type { ClusterNodes } from "./cluster/clusterNodes";
import type { PodIdentityAgents } from "./cluster/podIdentity/agents";
import type { IdentityWebhook } from "./identityWebhook";
import { podIdentityControls } from "./podIdentityControls";
import type { Controls } from "./supervisorControl";
import { resetSandbox } from "./supervisorReset";

export interface ControlledParts {
    aws: AwsApi;
    webhook: IdentityWebhook;
    cluster: Cluster;
    /** Undefined without the option `agents`. */
    agents: Agents | undefined;
    podIdentityAgents: PodIdentityAgents;
    /** Whether the agents belong to the first state. */
    withPodIdentityAgents: boolean;
    /** Undefined for a new cluster, whose nodes belong to its node groups. */
    nodes: ClusterNodes | undefined;
    clusterName: string;
    region: string;
}

/** Call it when the sandbox is ready: `reset` restores this state. */
export function controlsOf(parts: ControlledParts): Controls {
    const { aws, webhook, cluster, agents, nodes, podIdentityAgents } = parts;
    const initial = aws.iamState();
    const ofAgents = needed(agents, "The sandbox was started without agents.");
    const ofNodes = needed(nodes, "The nodes of a new cluster belong to its node groups.");
    const nodesOf = (names: string[] | null) => {
        ofNodes().assertKnown(names ?? []);
        return names ?? ofNodes().names;
    };
    return {
        stopWebhook: () => webhook.stop(),
        startWebhook: () => webhook.start(),
        delayWebhook: (milliseconds) => webhook.delay(milliseconds),
        setWebhookCacheDelay: (delay) => webhook.setCacheDelay(delay === "never" ? Infinity : delay),
        showWrongCertificate: (isWrong) => webhook.showWrongCertificate(isWrong),
        setAwsDelays: (delays) => aws.setDelays(delays),
        setThrottling: (throttling) => aws.setThrottling(throttling),
        trustIssuer: ({ issuer, ...keys }) => aws.trustIssuer(issuer, keys),
        refuseWebIdentity: (code) => aws.refuseWebIdentity(code ?? undefined),
        setResourceControlPolicies: (documents) => aws.setResourceControlPolicies(documents),
        expireSession: (accessKeyId) => aws.expireSession(accessKeyId),
        setStsReachableFromNodes: (isReachable, names) => {
            nodes?.assertKnown(names ?? []);
            ofAgents().setStsReachable(isReachable, names ?? undefined);
        },
        renewAgentSessions: () => {
            podIdentityAgents.forget();
            ofAgents().renewSessions();
        },
        killContainers: (names) => ofAgents().killContainers(nodesOf(names)),
        ...podIdentityControls(aws, podIdentityAgents, nodesOf),
        createUser: (name, documents) => {
            const { arn, accessKeyId, secretAccessKey } = aws.createUser(name, documents);
            return { arn, accessKeyId, secretAccessKey };
        },
        setServiceControlPolicies: (levels) => aws.setServiceControlPolicies(levels),
        optInRegions: (regions) => aws.optInRegions(regions),
        setRoleLastUsed: (roleName, region) => aws.setRoleLastUsed(roleName, region),
        ...addOnControls(aws.addOns, parts.clusterName),
        restartApiServer: () => cluster.restartApiServer(),
        addNode: (as) => ofNodes().add(as),
        addOtherNode: (kind, as) => ofNodes().addOther(kind, as),
        removeNode: (name) => ofNodes().remove(name),
        nodeSubnets: () => ofNodes().subnets(),
        stopKubelet: (name) => ofNodes().stopKubelet(name),
        startKubelet: (name) => ofNodes().startKubelet(name),
        setPodReadySeconds: (seconds) => ofNodes().setPodReadySeconds(seconds),
        setPodDeletionSeconds: (seconds) => ofNodes().setPodDeletionSeconds(seconds),
        setPodsFail: (failure, names) => ofNodes().setPodsFail(failure ?? undefined, names ?? undefined),
        reset: () => resetSandbox({ ...parts, nodes: ofNodes() }, initial),
    };
}

function needed<T>(part: T | undefined, otherwise: string): () => T {
    return () => {
        if (part === undefined) {
            throw new Error(otherwise);
        }
        return part;
    };
}
