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
    /** The nodes that have been Ready since they joined. */
    private readonly haveBeenReady = new Set<string>();
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
                this.noteNode(event.node);
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

    private noteNode(node: NodeRecord): void {
        const { name, ready, instanceId } = node;
        if (!this.nodes.has(name)) {
            this.haveBeenReady.delete(name);
            this.podIdentity.join(name);
        }
        this.nodes.set(name, node);
        this.instances.set(name, instanceId);
        if (ready) {
            this.haveBeenReady.add(name);
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

    /**
     * Whether the pod waits for the first agent of Pod Identity on a node that joins. No order is given to the two DaemonSets. Until the CNI works, the node is
     * not Ready, and no pod on it needs an address.
     */
    public joins({ node, tokenFile, containerCredentials }: PodRecord): boolean {
        const asksAgent = !tokenFile && containerCredentials === true;
        return asksAgent && !this.haveBeenReady.has(node) && !this.podIdentity.hasServed(node);
    }

    public nodesWithoutReadyPod(): number {
        const served = new Set(
            this.pods.filter(({ ready, terminating }) => ready && !terminating).map(({ node }) => node),
        );
        return [...this.nodes.values()].filter(({ name, ready }) => ready && !served.has(name)).length;
    }
}
