import { emptyIamState, type IamState, type ServiceControlPolicies } from "local-eks/iam";
import { type MissingPath, missingPath } from "./paths";
import type { NodeRecord, PodRecord, RecordedEvent, Recording } from "./recording";
import { StsReach } from "./stsReach";

/** The world at one moment of a recording. Each event that is applied advances it. */
export class Moment {
    private iam: IamState = emptyIamState;
    private readonly podsByUid = new Map<string, PodRecord>();
    private readonly nodes = new Map<string, NodeRecord>();
    /** By node. Kept when the Node object is deleted, since a pod of the node may exist a little longer. */
    private readonly instances = new Map<string, string | undefined>();
    private readonly profiles = new Map<string, string | undefined>();
    private readonly sts = new StsReach();
    private readonly networks = new Map<string, string | undefined>();
    /** Where a pod with the annotated role is Ready, or has been since the annotation. */
    private readonly tested = new Set<string>();
    private association: { readonly roleArn: string | undefined; readonly since: number } | undefined;
    private serviceControlPolicies: ServiceControlPolicies = [];
    public blind = false;
    /** The role in the service account's annotation. */
    public annotated: string | undefined;

    public constructor(private readonly recording: Pick<Recording, "issuer" | "accountId">) {}

    public apply(event: RecordedEvent): void {
        switch (event.kind) {
            case "iam":
                this.iam = event.state;
                break;
            case "pod":
                this.podsByUid.set(event.pod.uid, event.pod);
                this.noteTested(event.pod);
                break;
            case "podGone":
                this.podsByUid.delete(event.uid);
                break;
            case "node":
                this.nodes.set(event.node.name, event.node);
                this.instances.set(event.node.name, event.node.instanceId);
                break;
            case "nodeGone":
                this.nodes.delete(event.name);
                break;
            case "instance":
                this.profiles.set(event.id, event.profile);
                this.networks.set(event.id, event.network);
                break;
            case "stsCutOff":
            case "stsBack":
            case "stsRefuses":
                this.sts.apply(event);
                break;
            case "association":
                this.association = { roleArn: event.roleArn, since: event.at };
                break;
            case "serviceControlPolicies":
                this.serviceControlPolicies = event.levels;
                break;
            case "sight":
                this.blind = event.blind;
                break;
            case "serviceAccount":
                this.annotate(event.roleArn);
        }
    }

    private annotate(roleArn: string | undefined): void {
        if (roleArn !== this.annotated) {
            this.annotated = roleArn;
            this.tested.clear();
            this.pods.forEach((pod) => this.noteTested(pod));
        }
    }

    private noteTested({ node, ready, tokenFile, roleArn }: PodRecord): void {
        if (ready && tokenFile && roleArn !== undefined && roleArn === this.annotated) {
            this.tested.add(this.placeOf(node));
        }
    }

    public get pods(): PodRecord[] {
        return [...this.podsByUid.values()];
    }

    /** Whether a pod that is created on this node now would be the first that has a chance to work with the annotated role in its place. */
    public isUntested(node: string): boolean {
        return this.annotated !== undefined && !this.tested.has(this.placeOf(node));
    }

    /** The instance profile, subnet and security groups of a node: nodes that share them reach AWS in the same way. */
    public placeOf(node: string): string {
        const id = this.instances.get(node) ?? "";
        return `${this.profiles.get(id) ?? ""} ${this.networks.get(id) ?? ""}`;
    }

    public profileOf(node: string): string | undefined {
        return this.profiles.get(this.instances.get(node) ?? "");
    }

    /** Why a running pod has no working path; undefined if it has one, or does not run yet. */
    public lackOf(pod: PodRecord): MissingPath | undefined {
        if (!pod.running) {
            return undefined;
        }
        const { issuer, accountId } = this.recording;
        const instanceProfile = this.profileOf(pod.node);
        const { iam, association, serviceControlPolicies } = this;
        const stsReachable = this.sts.isOpenTo(pod.node);
        return missingPath(pod, {
            iam,
            issuer,
            accountId,
            instanceProfile,
            stsReachable,
            association,
            serviceControlPolicies,
        });
    }

    public nodesWithoutReadyPod(): number {
        const served = new Set(
            this.pods.filter(({ ready, terminating }) => ready && !terminating).map(({ node }) => node),
        );
        return [...this.nodes.values()].filter(({ name, ready }) => ready && !served.has(name)).length;
    }
}
