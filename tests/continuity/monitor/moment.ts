import { emptyIamState, type IamState, type ServiceControlPolicies } from "local-eks/iam";
import { type MissingPath, missingPath } from "./paths";
import { isOfPodIdentity, PodIdentityAtMoment } from "./podIdentity";
import { Reach } from "./reach";
import type { NodeRecord, PodRecord, RecordedEvent, Recording } from "./recording";

/** The world at one moment of a recording. Each event that is applied advances it. */
export class Moment {
    private iam: IamState = emptyIamState;
    private readonly podsByUid = new Map<string, PodRecord>();
    private readonly nodes = new Map<string, NodeRecord>();
    /** By node. Kept when the Node object is deleted, since a pod of the node may exist a little longer. */
    private readonly instances = new Map<string, string | undefined>();
    private readonly profiles = new Map<string, string | undefined>();
    private readonly sts = new Reach();
    private readonly networks = new Map<string, string | undefined>();
    /** Where a pod with the annotated role is Ready, or has been since the annotation. */
    private readonly tested = new Set<string>();
    /** The same for pods with credentials of the association's role. */
    private readonly testedByAssociation = new Set<string>();
    private readonly podIdentity = new PodIdentityAtMoment();
    private serviceControlPolicies: ServiceControlPolicies = [];
    public blind = false;
    /** The role in the service account's annotation. */
    public annotated: string | undefined;

    public constructor(private readonly recording: Pick<Recording, "issuer" | "accountId" | "clusterArn">) {}

    public apply(event: RecordedEvent): void {
        if (isOfPodIdentity(event)) {
            const { associated } = this.podIdentity;
            this.podIdentity.apply(event);
            if (this.podIdentity.associated !== associated) {
                this.testedByAssociation.clear();
                this.pods.forEach((pod) => this.noteTested(pod));
            }
            return;
        }
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
                this.sts.cutOff(event.nodes);
                break;
            case "stsBack":
                this.sts.back(event.nodes);
                break;
            case "stsRefuses":
                this.sts.setRefuses(event.refuses);
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

    private noteTested(pod: PodRecord): void {
        const { node, ready, tokenFile, roleArn } = pod;
        if (this.podIdentity.hasTested(pod)) {
            this.testedByAssociation.add(this.placeOf(node));
        }
        if (ready && tokenFile && roleArn !== undefined && roleArn === this.annotated) {
            this.tested.add(this.placeOf(node));
        }
    }

    public get pods(): PodRecord[] {
        return [...this.podsByUid.values()];
    }

    /** Whether the pod, if it was created now, is the first that has a chance to work with the annotation's or the association's role in its place. */
    public isFirst({ node, tokenFile, roleArn, containerCredentials }: PodRecord): boolean {
        const place = this.placeOf(node);
        if (tokenFile) {
            return this.annotated !== undefined && roleArn === this.annotated && !this.tested.has(place);
        }
        const { associated } = this.podIdentity;
        return containerCredentials === true && associated !== undefined && !this.testedByAssociation.has(place);
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
        const { issuer, accountId, clusterArn } = this.recording;
        const instanceProfile = this.profileOf(pod.node);
        const { iam, serviceControlPolicies } = this;
        const stsReachable = this.sts.isOpenTo(pod.node);
        return missingPath(pod, {
            iam,
            issuer,
            accountId,
            instanceProfile,
            stsReachable,
            podIdentity: { ...this.podIdentity.factsOf(pod), clusterArn },
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
