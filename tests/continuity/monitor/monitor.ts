/**
 * Records all changes while a scenario runs, from the API server and the AWS stand-in's log. It calls the sandbox directly, not
 * through the engine's proxies, so that faults of the engine's network do not affect it.
 */
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
    CoreV1Api,
    type KubernetesListObject,
    type KubernetesObject,
    Watch,
    type V1Node,
    type V1Pod,
    type V1ServiceAccount,
} from "@kubernetes/client-node";
import { type AssociationChange, associationChanges, eksAuthCalls, type Sandbox } from "local-eks";
import { iamChanges } from "local-eks/iam";
import { loadKubeconfig } from "local-eks/kubernetes";
import { follow, type Follower } from "./follow";
import { agentRecord, nodeRecord, podRecord, roleOf, runsAwsNode } from "./records";
import type { AssociationRecord, Outsider, RecordedEvent, Recording } from "./recording";

const inKubeSystem = { namespace: "kube-system" };
/** The pods of the Pod Identity agent, as its chart labels them: aws/eks-pod-identity-agent charts/eks-pod-identity-agent/templates/_helpers.tpl */
const AGENTS = "app.kubernetes.io/name=eks-pod-identity-agent";

export class Monitor {
    private readonly events: RecordedEvent[] = [];
    private readonly followers: Follower[] = [];
    private readonly requestedInstances = new Set<string>();
    private readonly ec2: EC2Client;
    private readonly blind = new Set<string>();

    public constructor(private readonly sandbox: Sandbox) {
        const { awsEndpoint: endpoint, region } = sandbox;
        this.ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    }

    /** Resolves when all existing objects have been recorded. */
    public async start(): Promise<void> {
        const config = loadKubeconfig(this.sandbox.kubeconfigPath);
        const [core, watch] = [config.makeApiClient(CoreV1Api), new Watch(config)];
        const of = <T extends KubernetesObject>(
            path: string,
            list: () => Promise<KubernetesListObject<T>>,
            seen: (object: T) => RecordedEvent[],
            gone: (object: T) => RecordedEvent[] = () => [],
            query: Record<string, string> = {},
        ) => {
            const sight = (complete: boolean) => this.see(`${path} ${query["labelSelector"] ?? ""}`, complete);
            const note = (events: RecordedEvent[]) => this.events.push(...events);
            const follower = follow<T>({
                watch,
                path,
                query,
                list,
                sight,
                seen: (object) => note(seen(object)),
                gone: (object) => note(gone(object)),
            });
            this.followers.push(follower);
            return follower.complete;
        };
        const at = () => Date.now();
        const namespaced = "/api/v1/namespaces/kube-system";
        const labelSelector = "k8s-app=aws-node";
        const named = { fieldSelector: "metadata.name=aws-node" };
        await Promise.all([
            of<V1Pod>(
                `${namespaced}/pods`,
                () => core.listNamespacedPod({ ...inKubeSystem, labelSelector }),
                (pod) => [{ at: at(), kind: "pod", pod: podRecord(pod) }],
                (pod) => [{ at: at(), kind: "podGone", uid: pod.metadata?.uid ?? "" }],
                { labelSelector },
            ),
            of<V1Pod>(
                `${namespaced}/pods`,
                () => core.listNamespacedPod({ ...inKubeSystem, labelSelector: AGENTS }),
                (pod) => [{ at: at(), kind: "agent", agent: agentRecord(pod) }],
                (pod) => [{ at: at(), kind: "agentGone", uid: pod.metadata?.uid ?? "" }],
                { labelSelector: AGENTS },
            ),
            of<V1Node>(
                "/api/v1/nodes",
                () => core.listNode(),
                (node) => this.seeNode(node),
                (node) => [{ at: at(), kind: "nodeGone", name: node.metadata?.name ?? "" }],
            ),
            of<V1ServiceAccount>(
                `${namespaced}/serviceaccounts`,
                () => core.listNamespacedServiceAccount({ ...inKubeSystem, ...named }),
                (account) => [{ at: at(), kind: "serviceAccount", roleArn: roleOf(account) }],
                () => [{ at: at(), kind: "serviceAccount", roleArn: undefined }],
                named,
            ),
        ]);
    }

    public stop(): void {
        this.followers.forEach((follower) => follower.stop());
    }

    /** Records a fault that the monitor cannot observe, such as a broken network between nodes and STS. */
    public note(event: RecordedEvent): void {
        this.events.push(event);
    }

    /** Includes all earlier events: they define the state at `from`. */
    public recording(from: number, to: number, outsiders: readonly Outsider[] = []): Recording {
        const { issuer, accountId, region, clusterName } = this.sandbox;
        const clusterArn = `arn:aws:eks:${region}:${accountId}:cluster/${clusterName}`;
        const iam = iamChanges(this.sandbox).map(({ enforcedAt, state }) => ({
            at: enforcedAt,
            kind: "iam" as const,
            state,
        }));
        const events = [...iam, ...this.ofPodIdentity(), ...this.events].filter(({ at }) => at <= to);
        return { from, to, issuer: issuer.replace("https://", ""), accountId, clusterArn, events, outsiders };
    }

    /** From the stand-ins' logs: when each part of EKS saw the association, and what the nodes' agents got. */
    private ofPodIdentity(): RecordedEvent[] {
        const { clusterName } = this.sandbox;
        const changes = associationChanges(this.sandbox).filter(
            (one) =>
                one.clusterName === clusterName && one.namespace === "kube-system" && one.serviceAccount === "aws-node",
        );
        const granted = eksAuthCalls(this.sandbox).filter(({ caller }) => isNode(caller));
        return [
            ...changes.map(({ time, seenBy, association }): RecordedEvent => ({
                at: time,
                kind: "association",
                seenBy,
                association: association && associationRecord(association),
            })),
            ...granted.flatMap(({ time, podUid, roleArn }): RecordedEvent[] =>
                podUid === undefined || roleArn === undefined
                    ? []
                    : [{ at: time, kind: "credentials", uid: podUid, roleArn }],
            ),
        ];
    }

    /** Requests the instance profile of an instance only once: no scenario changes it while the instance runs. */
    private seeNode(node: V1Node): RecordedEvent[] {
        if (!runsAwsNode(node)) {
            return [];
        }
        const record = nodeRecord(node);
        const { instanceId } = record;
        if (instanceId !== undefined && !this.requestedInstances.has(instanceId)) {
            this.requestedInstances.add(instanceId);
            void this.requestInstance(instanceId, Date.now());
        }
        return [{ at: Date.now(), kind: "node", node: record }];
    }

    private async requestInstance(id: string, at: number): Promise<void> {
        try {
            const { Reservations } = await this.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
            const { IamInstanceProfile, SubnetId, SecurityGroups = [] } = Reservations?.[0]?.Instances?.[0] ?? {};
            const network = [SubnetId, ...SecurityGroups.map(({ GroupId }) => GroupId).sort()].join(" ");
            this.events.push({ at, kind: "instance", id, profile: IamInstanceProfile?.Arn?.split("/").pop(), network });
        } catch {
            this.requestedInstances.delete(id);
        }
    }

    private see(path: string, complete: boolean): void {
        const before = this.blind.size > 0;
        if (complete) {
            this.blind.delete(path);
        } else {
            this.blind.add(path);
        }
        if (this.blind.size > 0 !== before) {
            this.events.push({ at: Date.now(), kind: "sight", blind: !before });
        }
    }
}

function associationRecord(one: NonNullable<AssociationChange["association"]>): AssociationRecord {
    const { roleArn, disableSessionTags, targetRoleArn, policy } = one;
    return { roleArn, disableSessionTags, isLimited: targetRoleArn !== undefined || policy !== undefined };
}

/** The session of an instance has the instance's id as its name. Others may ask with a pod's token, too, and the pod gets nothing of that. */
function isNode(caller: string): boolean {
    return /\/i-[0-9a-f]+$/.test(caller);
}
