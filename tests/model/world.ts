import { SKIP_WEBHOOK_LABEL } from "../../documents/serviceAccountAnnotations";
import type { ProofFailure } from "../../handover/model/proof";
import { ModelAccount } from "./account";
import { ASSOCIATION_MARGIN_MILLISECONDS } from "../../handover/model/association";
import { ModelAssociation } from "./association";
import { mayBothBe, Restart, Restarts } from "./canaries";
import { AWS_NODE, type ModelRole, suffices } from "./cniRole";
import type { Conditions } from "./conditions";
import { type History, valueAt } from "./history";
import { LentPolicies } from "./lentPolicies";
import type { ModelAddOn } from "./managedAddOn";
import { OtherClusters } from "./otherClusters";
import { OtherInstances } from "./otherInstances";
import { OtherPods } from "./otherPods";
import { OwnNodeRoles } from "./ownNodeRoles";
import { ModelServiceAccount } from "./serviceAccount";
import { type Acting, Waves, type Worker } from "./waves";
import type { ModelWriter } from "./writer";

/**
 * A small model of a cluster and an account, with only the facts that decide whether a pod of aws-node has a path to its
 * permissions. Time is virtual: only `advance` moves it.
 */
export const TICK_MILLISECONDS = 250;
export const ENFORCEMENT_MILLISECONDS = 3000;
const STOP_MILLISECONDS = 750;
const SLOW_STOP_MILLISECONDS = 6000;
/** How old the look of a run may be as it acts. */
const OUTDATED_MILLISECONDS = 5000;
/** How long an instance is shutting down. Its pods run until then. */
const SHUTDOWN_MILLISECONDS = 5000;
export const LONGEST_BACKOFF_MILLISECONDS = 60_000;
/** How long a canary is watched. */
export const STABLE_SECONDS = 13;
/** How long a canary may take until it works. */
export const CANARY_SECONDS = 120;
export const ROLE_ARN = "eks.amazonaws.com/role-arn";
/** The role that another party annotates. The component never approved it, and it has no permissions. */
export const FOREIGN_ROLE = "arn:aws:iam::111122223333:role/foreign";
/** In the place of a role: the pod has the credentials of a Pod Identity association, whose role has the permissions. */
export const POD_IDENTITY = "pod identity";
/** The field manager of that party. */
export const FOREIGN_OWNER = "kubectl-annotate";
/** The field manager and the injection guard of the component. Another component has others. */
export const OWN_MANAGER = "eks-cni/network/production/cni";
export const OWN_GUARD = "guard";

export interface ModelNode {
    readonly name: string;
    readonly role: string;
    readonly subnet: string;
    ready: boolean;
    /** Whether its kubelet cannot get the image of a new pod. */
    lacksImage: boolean;
    /** Whether its pods take longer to stop. */
    stopsSlowly: boolean;
    /** Its kubelet responds, and it is NotReady until its first pod is Ready: without the CNI, a node has no network. */
    isStarting: boolean;
    /** Whether a pod has been Ready on it. */
    hasServed: boolean;
    /** What EC2 shows of its instance, which has lost its instance profile. Nothing runs on one that is terminated. */
    leaving: "shutting-down" | "terminated" | undefined;
    joinedAt: number;
}

/** The DaemonSet's own metadata, as far as the component's patch writes it. */
export interface PatchedMetadata {
    /** The component's field manager. */
    readonly manager: string;
    /** What the live checks have rolled out. Missing without live checks. */
    readonly digest?: string;
}

export interface ModelPod {
    readonly name: string;
    readonly uid: string;
    readonly node: string;
    readonly serviceAccount: string;
    /** Set by the webhook when the pod is created. Undefined: the pod uses the node role. */
    readonly roleArn: string | undefined;
    /** Other credentials, as of an association of EKS Pod Identity. They are valid until they expire, long after a scenario. */
    readonly otherCredentials: string | undefined;
    /** Whether it has the credentials of the component's Pod Identity association. Then roleArn is the role that it got with them. */
    readonly associated: boolean;
    readonly createdAt: number;
    /** The revision of the pod template. */
    revision: string;
    /** The restart of a working pod by the live checks that led to it. */
    readonly restart: Restart | undefined;
    /** Why it does not start, for a reason that its credentials have no part in. */
    startProblem: string | undefined;
    startedAt: number | undefined;
    readySince: number | undefined;
    /** Its readiness probe fails until then. It keeps its path. */
    flippedUntil: number | undefined;
    /** When it was last Ready, of a pod that is not Ready any more. */
    unreadySince: number | undefined;
    stoppingSince: number | undefined;
}

export class ModelWorld {
    /** Not zero: a clock that starts at zero would hide code that confuses "never" with "long ago". */
    public now = 1_000_000;
    /** Increases with each change that a WATCH would report. */
    public version = 0;
    public nodes: ModelNode[] = [];
    public pods: ModelPod[] = [];
    /** The nodes that are gone. EC2 shows their instances for about an hour. */
    public readonly terminated = new Set<string>();
    /** The node roles that keep their policies, since instances elsewhere use them whose clusters the program does not name. */
    public readonly usedElsewhere = new Set<string>();
    /** Those of them whose instances are in the cluster's own region. */
    public readonly usedInRegion = new Set<string>();
    /** The node roles of the cluster's instances that have not joined. */
    public joiningRoles: readonly string[] = [];
    /** The DaemonSet, and its service account. Their owner may change both. */
    public daemonSetName = AWS_NODE;
    public serviceAccountName = AWS_NODE;
    /** The service account whose pods the injection guard looks at. */
    public guardedAccount = AWS_NODE;
    /** The name of the injection guard. No two components that have the same DaemonSet have one at the same time. */
    public guardName = OWN_GUARD;
    /** The field managers of the stacks that have created the roles, by ARN. */
    public readonly createdBy = new Map<string, string>();
    /** Called once, when the next pod is created. */
    public onNextPod: (() => void) | undefined;
    public webhook = { up: true, lateMilliseconds: 0 };
    /** Whether the service account has a Pod Identity association. */
    public association = false;
    /** The Pod Identity association of the component. */
    public readonly ownAssociation = new ModelAssociation();
    /** Whether the pod template excludes its containers from the webhook. */
    public skipsContainers = false;
    /** What the component has written to the pod template: without live checks, or with those of before. */
    public template: string | undefined;
    public patched: PatchedMetadata | undefined;
    /** What a program without live checks has written to the pod template, so that the DaemonSet replaces its pods. */
    public plainTemplate: string | undefined;
    /** How often an operator has restarted the DaemonSet's pods, which changes its pod template. */
    public rollouts = 0;
    public strategy: "RollingUpdate" | "OnDelete" = "RollingUpdate";
    public maxUnavailable = 1;
    public refused = 0;
    /** The first refusal after the newest pod. */
    public refusedSince: number | undefined;
    /** Whether the DaemonSet has the annotation that woke its controller. */
    public woken = false;
    /** The role of the managed add-on, which is another one than the component's. The add-on does not write it in the model. */
    public addOn: { readonly roleArn: string; readonly since: number } | undefined;
    /** The managed add-on that writes what it carries. */
    public managedAddOn: ModelAddOn | undefined;
    /** Another tool that delivers the role. */
    public writer: ModelWriter | undefined;
    /** How long a pod takes until it is Ready. */
    public startMilliseconds = 1000;
    /** Over how many subnets the nodes are spread. */
    public subnets = 1;
    /** Nodes only join up to this number: more of them make a random run slower, and find nothing more. */
    public mostNodes = 6;
    /** Subnets without a way to STS: a new pod there cannot use any CNI role. A pod that works keeps its session. */
    public readonly closedSubnets = new Set<string>();
    /** The existing CNI roles. */
    public readonly cniRoles = new Map<string, ModelRole>();
    /** The CNI roles that an outsider has broken: their pods have no path until it repairs them, or the pods leave. */
    public readonly broken = new Map<string, ProofFailure>();
    /** Whether the caller may not ask EKS for other deliveries. */
    public unread = false;
    public ipFamily: "ipv4" | "ipv6" = "ipv4";
    /** Whether the pods write network policy logs. */
    public writesLogs = false;
    /** Policies that their owners have deleted. */
    public readonly gonePolicies = new Set<string>();
    /** Policies of node roles that another owner attaches for a while. */
    public readonly lent = new LentPolicies();
    /** The other clusters that share the role. */
    public readonly elsewhere = new OtherClusters();
    /** The pods of other DaemonSets. */
    public readonly others = new OtherPods();
    /** The instances of the account that are no nodes of the DaemonSet. */
    public readonly otherInstances = new OtherInstances();
    public readonly ownNodeRoles = new OwnNodeRoles();
    /** Other credentials that new pods get. */
    public otherCredentials: string | undefined;
    /** What other parties have set, and which calls fail. */
    public conditions: Conditions = {};
    /** The API server learns of a changed admission policy through a watch. Nothing bounds the time, and EKS runs several servers. */
    public policyMilliseconds = 1000;
    /** Called after each detachment. */
    public onDetached: (() => void) | undefined;
    /** Called as the first pod of a wave restarts. */
    public onWave: (() => void) | undefined;
    /** Called as the run says that its rollout failed. */
    public onFailedRollout: (() => void) | undefined;
    /** Whether a command has left out the patch of the service account: the injection guard may refuse each pod then. */
    public isPatchLeftOut = false;
    /** Whether another tool has overwritten the role annotation. The component may take its role, which does not work, for the former one. */
    public wasAnnotationTaken = false;
    /** The role of an update that found the live checks turned off, whose guard may still be there: docs/limits.md, Kills. */
    public roleWithoutLiveChecks: string | undefined;
    /** Those of the last run, each of which may be the one at which a run is killed. */
    public moments: string[] = [];
    public readonly problems: string[] = [];
    public readonly log: string[] = [];
    /** The node roles whose policy an outsider has taken, and when it was attached again. */
    private readonly taken = new Map<string, number | undefined>();
    /** When a person attached the policy again, by node role. */
    private readonly attachedByHand = new Map<string, number>();
    /** How often the service account was deleted and created again. */
    private serviceAccountsMade = 0;
    private readonly accounts = new Map([
        [AWS_NODE, new ModelServiceAccount("service-account")],
        ["another", new ModelServiceAccount("another")],
    ]);
    private readonly guards: History<Guard | undefined> = [{ at: 0, value: undefined }];
    private readonly restarts = new Restarts();
    /** The pods that were to lose the role of the service account when the way back released the pod template, by UID. */
    private readonly returning = new Set<string>();
    /**
     * The pods, by UID, that the DaemonSet's controller has created on an instance that was being terminated. EC2 no longer shows its role, so a hand-back
     * cannot tell that a node role of the program is still in use. And those that a control plane admitted that was behind: showsRemovedGuard().
     */
    private readonly unseen = new Set<string>();
    /** What the live checks of each component do, by its field manager. */
    private readonly actors = new Map<string, Actor>();
    /** The nodes whose instances EC2 did not show when a live check looked last. */
    private notShown = new Set<string>();
    private runBegan = 0;
    private readonly failedFor = new Map<string, number>();
    private retryAt = 0;
    private backoff = 1000;
    private podsCreated = 0;
    /** When the plugin was removed. Undefined while it is there. */
    private removedAt: number | undefined;
    private joined = 0;
    private due: { readonly at: number; readonly happen: () => void }[] = [];

    public constructor(
        public readonly account = new ModelAccount<ModelWorld>(),
        public readonly clusterName = "prod",
        public readonly region = "eu-west-1",
    ) {
        account.clusters.push(this);
    }

    private get attachments(): Map<string, History<boolean>> {
        return this.account.attachments;
    }

    public note(line: string): void {
        this.log.push(`${((this.now - 1_000_000) / 1000).toFixed(2).padStart(8)}  ${line}`);
    }

    public later(at: number, happen: () => void): void {
        const later = this.due.findIndex((one) => one.at > at);
        this.due.splice(later < 0 ? this.due.length : later, 0, { at, happen });
    }

    /** Cancels all events that are still scheduled. */
    public cancelScheduled(): void {
        this.due = [];
        this.onDetached = undefined;
        this.onWave = undefined;
        this.onFailedRollout = undefined;
    }

    /** @param isStarting Whether the node is NotReady until its first pod is Ready, as on EKS. */
    public join(role: string, holdsPolicy = true, isStarting = false): ModelNode {
        this.joined += 1;
        const subnet = `subnet-${String(this.joined % this.subnets)}`;
        const node: ModelNode = {
            name: `n${String(this.joined)}`,
            role,
            subnet,
            ready: !isStarting,
            lacksImage: false,
            stopsSlowly: false,
            isStarting,
            hasServed: false,
            leaving: undefined,
            joinedAt: this.now,
        };
        this.nodes.push(node);
        this.createNodeRole(role, holdsPolicy);
        this.changed();
        return node;
    }

    /**
     * The instance of a node is terminated. Its node stays for a while, and is Ready for the first 40 seconds, until the node controller misses its
     * kubelet: k8s.io/kubernetes cmd/kube-controller-manager/app/options, NodeMonitorGracePeriod; k8s.io/cloud-provider
     * controllers/nodelifecycle/node_lifecycle_controller.go, MonitorNodes, deletes it then.
     */
    public terminate(node: ModelNode): void {
        node.leaving = "shutting-down";
        this.note(`** the instance of ${node.name} is terminated`);
        this.later(this.now + SHUTDOWN_MILLISECONDS, () => (node.leaving = "terminated"));
        this.later(this.now + SHUTDOWN_MILLISECONDS + 40_000, () => this.setReady(node, false));
        this.later(this.now + SHUTDOWN_MILLISECONDS + 45_000, () => this.lose(node));
    }

    public createNodeRole(role: string, holdsPolicy = true): void {
        this.attachments.set(role, this.attachments.get(role) ?? [{ at: 0, value: holdsPolicy }]);
    }

    public get nodeRoles(): string[] {
        return [...this.attachments.keys()];
    }

    /** Two equal revisions are the same template. */
    public get revision(): string {
        const { template, rollouts, daemonSetName, serviceAccountName, skipsContainers } = this;
        return JSON.stringify([template, rollouts, daemonSetName, serviceAccountName, skipsContainers]);
    }

    public lose(node: ModelNode): void {
        this.terminated.add(node.name);
        this.nodes = this.nodes.filter((other) => other !== node);
        this.pods = this.pods.filter((pod) => pod.node !== node.name);
        this.others.lose(node.name);
        this.changed();
    }

    /** The owner deletes the DaemonSet without its pods, and creates another one, whose template nothing has changed yet. */
    public replaceDaemonSet(name: string): ModelPod[] {
        const left = this.pods.filter(({ stoppingSince }) => stoppingSince === undefined);
        this.pods = [];
        this.daemonSetName = name;
        this.template = undefined;
        this.patched = undefined;
        this.woken = false;
        this.refused = 0;
        this.refusedSince = undefined;
        this.changed();
        return left;
    }

    /** The plugin is removed from the cluster: its DaemonSet, its service account, and its pods. */
    public removePlugin(): void {
        Object.assign(this.conditions, { noDaemonSet: true, noServiceAccount: true });
        this.pods.forEach(({ uid }) => this.stop(uid, false));
        this.serviceAccountsMade += 1;
        this.accounts.set(AWS_NODE, new ModelServiceAccount(`service-account-${String(this.serviceAccountsMade)}`));
        this.template = undefined;
        this.patched = undefined;
        this.woken = false;
        this.removedAt = this.now;
        this.restarts.forget();
        this.changed();
    }

    /** A server-side apply creates an object that does not exist (kubernetes.io, server-side apply). */
    public createMissingAccount(): void {
        delete this.conditions.noServiceAccount;
    }

    /** The plugin is installed again. Its service account may have annotations before the first pod is created. */
    public installPlugin(annotate: () => void): void {
        delete this.conditions.noServiceAccount;
        annotate();
        delete this.conditions.noDaemonSet;
        this.refused = 0;
        this.refusedSince = undefined;
        this.retryAt = this.now;
        this.removedAt = undefined;
        this.changed();
    }

    /** Whether no run can see a pod: its last look may have been before. */
    public get hidesPods(): boolean {
        return this.removedAt !== undefined && this.now > this.removedAt + OUTDATED_MILLISECONDS;
    }

    /** The readiness probe of a Ready pod fails for some seconds. */
    public flip(pod: ModelPod, milliseconds: number): void {
        pod.flippedUntil = this.now + milliseconds;
        pod.unreadySince = this.now;
        this.changed();
    }

    public setReady(node: ModelNode, ready: boolean): void {
        // The node controller takes the readiness of its pods.
        this.pods
            .filter((pod) => !ready && pod.node === node.name && this.isReady(pod))
            .forEach((pod) => (pod.unreadySince = this.now));
        node.ready = ready;
        this.changed();
    }

    public get serviceAccounts(): readonly string[] {
        return [...this.accounts.keys()];
    }

    public accountOf(name: string): ModelServiceAccount {
        const account = this.accounts.get(name);
        if (account === undefined) {
            throw new Error(`the model has no service account ${name}`);
        }
        return account;
    }

    /** Those of the service account that the DaemonSet uses. */
    public get annotations(): Record<string, string> {
        return this.accountOf(this.serviceAccountName).annotations;
    }

    /** The field manager that owns the role annotation. */
    public get owner(): string | undefined {
        return this.accountOf(this.serviceAccountName).owner;
    }

    public annotate(
        annotations: Record<string, string>,
        owner: string | undefined,
        account = this.serviceAccountName,
        isOwnWrite = false,
    ): void {
        this.accountOf(account).annotate(this.now, annotations, owner, isOwnWrite);
        this.changed();
    }

    /** The component, or another tool, applies these annotations. Returns the field managers with which that conflicts. */
    public apply(
        manager: string,
        annotations: Readonly<Record<string, string>>,
        {
            account = this.serviceAccountName,
            force = false,
            isOwnWrite = false,
        }: { readonly account?: string; readonly force?: boolean; readonly isOwnWrite?: boolean } = {},
    ): string[] {
        if (this.conditions.noServiceAccount) {
            return [];
        }
        const conflicts = this.accountOf(account).apply(this.now, manager, annotations, force, isOwnWrite);
        this.changed();
        return conflicts;
    }

    /** A party writes, or removes, annotations by another request than an apply. */
    public patch(
        manager: string,
        annotations: Readonly<Record<string, string | null>>,
        account = this.serviceAccountName,
    ): void {
        if (!this.conditions.noServiceAccount) {
            this.accountOf(account).update(this.now, manager, annotations);
            this.changed();
        }
    }

    /** The roles that the injection guard admits. Undefined if there is no guard. */
    public get guard(): readonly string[] | undefined {
        return this.guards.at(-1)?.value?.roleArns;
    }

    public set guard(roleArns: readonly string[] | undefined) {
        this.guards.push({ at: this.now, value: roleArns && { roleArns, account: this.guardedAccount } });
    }

    /** Whether the injection guard looks at the pods of the DaemonSet. */
    public get isGuarded(): boolean {
        return this.guard !== undefined && this.guardedAccount === this.serviceAccountName;
    }

    /** Whether the injection guard is that of the component with this field manager. Another one cannot know what it admits. */
    public ownsGuard(manager: string): boolean {
        return (this.guardName === OWN_GUARD) === (manager === OWN_MANAGER);
    }

    /** Whether the API server admits a pod with this role now. */
    public admits(roleArn: string | undefined, account = this.serviceAccountName): boolean {
        const { enforced } = this;
        return (
            enforced?.account !== account ||
            (roleArn !== undefined && [...enforced.roleArns, POD_IDENTITY].includes(roleArn))
        );
    }

    /** The role that the webhook gives to a new pod of the service account. */
    public roleForNewPod(account = this.serviceAccountName): string | undefined {
        if (this.skipsContainers && account === this.serviceAccountName) {
            return undefined;
        }
        const given = this.association ? POD_IDENTITY : undefined;
        const seen = this.accountOf(account).roleAt(this.now - this.webhook.lateMilliseconds);
        return this.webhook.up ? (given ?? seen) : undefined;
    }

    public isAttached(role: string): boolean {
        return this.attachments.get(role)?.at(-1)?.value ?? false;
    }

    /** Whether the policy was attached at an earlier time. */
    public wasAttached(role: string, at: number): boolean {
        return valueAt(this.attachments.get(role) ?? [], at) ?? false;
    }

    public setAttached(role: string, value: boolean): void {
        this.attachments.get(role)?.push({ at: this.now, value });
        if (value) {
            this.account.clusters.forEach((cluster) => cluster.noteAttached(role));
        }
        if (!value) {
            this.onDetached?.();
        }
    }

    /** A person attaches the policy. No look shows when, and that IAM does not enforce it yet. */
    public attachByHand(role: string): void {
        this.attachedByHand.set(role, this.now);
        this.setAttached(role, true);
    }

    /** For how long the policy had been detached by then. Zero if it is attached now. */
    public detachedFor(role: string, then: number): number {
        return this.isAttached(role) ? 0 : then - (this.attachments.get(role)?.at(-1)?.at ?? 0);
    }

    private noteAttached(role: string): void {
        if (this.taken.has(role)) {
            this.taken.set(role, this.taken.get(role) ?? this.now);
        }
    }

    /** The nodes of a cluster join with a role that has lost its policy before: their pods have no path until IAM enforces one again. */
    public beginWithout(role: string): void {
        this.taken.set(role, this.isAttached(role) ? this.attachments.get(role)?.at(-1)?.at : undefined);
    }

    /** An outsider detaches the policy from a node role. */
    public take(role: string): void {
        if (this.isAttached(role)) {
            this.setAttached(role, false);
            this.taken.set(role, undefined);
        }
    }

    /** The outsiders take back what they did. */
    public endOutsiders(): void {
        this.broken.clear();
        [...this.taken.keys()].forEach((role) => this.setAttached(role, true));
    }

    /** The part of the product that acts. */
    public setActing(acting: Acting, manager: string): void {
        Object.assign(this.actorOf(manager), { acting, returnsTo: undefined });
    }

    /** The live checks give the association this role. A rollout that is taken back gives the pods the former one. */
    public associateByLiveChecks(id: string, roleArn: string, manager: string): void {
        this.ownAssociation.update(this.now, id, roleArn);
        this.actorOf(manager).returnsTo = roleArn;
        this.changed();
    }

    /** The live checks exclude the containers from the webhook. A rollout that is taken back gives the pods the node roles, as a hand-back does. */
    public skipByLiveChecks(skips: boolean, manager: string): void {
        this.skipsContainers = skips;
        const actor = this.actorOf(manager);
        actor.acting = skips && actor.acting === "rollout" ? "handBack" : actor.acting;
        this.changed();
    }

    /** Whether the live checks of this component hand back. */
    public isHandingBack(manager: string): boolean {
        return this.actorOf(manager).acting === "handBack";
    }

    /** Whether the live checks of this component roll out, or take that back. */
    public isRollingOut(manager: string): boolean {
        return this.actorOf(manager).acting === "rollout";
    }

    /** Whether a live check saw nodes when it looked last, other than those whose instances the account showed as leaving then. */
    public sawNodes(manager: string): boolean {
        const { seenNodes, shownAsLeaving } = this.actorOf(manager);
        return seenNodes === undefined || seenNodes.some((node) => !shownAsLeaving.has(node));
    }

    /** Whether the live checks of this field manager have acted so in the present run. */
    public hasActed(acting: Acting, manager: string): boolean {
        return this.actorOf(manager).acted.has(acting);
    }

    private actorOf(manager: string) {
        const actor: Actor = this.actors.get(manager) ?? {
            acting: undefined,
            waves: new Waves(),
            seenNodes: undefined,
            shownAsLeaving: new Set(),
            firstNodes: undefined,
            seenServing: new Set(),
            acted: new Set(),
            undoLook: undefined,
            returnsTo: undefined,
        };
        this.actors.set(manager, actor);
        return actor;
    }

    /** A live check looks at the cluster. */
    public look(subjectRoleArn: string, manager: string): void {
        const actor = this.actorOf(manager);
        const { acting, waves, returnsTo: roleArn = subjectRoleArn } = actor;
        actor.acted.add(acting);
        // Of an instance that has just ended, the live check does not know yet.
        const known = this.nodes.filter((node) => !actor.shownAsLeaving.has(node));
        actor.seenNodes = known;
        const readyPodOn = ({ name }: ModelNode) =>
            this.pods.find((one) => one.node === name && !one.stoppingSince && this.isReady(one));
        const { firstNodes: before } = actor;
        const firstNodes = (actor.firstNodes ??= new Set(known));
        const serving = known.filter((node) => readyPodOn(node) && !actor.seenServing.has(node));
        serving.forEach((node) => actor.seenServing.add(node));
        actor.undoLook = () => {
            actor.firstNodes = before;
            serving.forEach((node) => actor.seenServing.delete(node));
        };
        // No pod of a node that has never had one can become unavailable.
        const nodes = known
            .filter((node) => node.ready && node.hasServed)
            .filter((node) => firstNodes.has(node) || actor.seenServing.has(node))
            .map((node) => {
                const { name } = node;
                const pod = readyPodOn(node);
                return {
                    name,
                    place: this.shownPlaceOf(name, acting),
                    hasJoined: acting === "rollout" && !firstNodes.has(node),
                    pod: pod && {
                        uid: pod.uid,
                        isRight: acting === "handBack" ? !this.isApproved(pod, manager) : this.shows(pod, roleArn),
                        provenFrom: this.shows(pod, roleArn) && this.hasPath(pod) ? provenFromOf(pod) : undefined,
                    },
                };
            });
        const { maxUnavailable, now: at } = this;
        const workers = this.workersOf(roleArn, acting);
        waves.look(acting, { nodes, workers, maxUnavailable, at });
    }

    /** Whether a look shows that a pod has the role. A pod that is younger than the association, and the margin, may have another one. */
    private shows({ roleArn: carried, associated, createdAt }: ModelPod, roleArn: string): boolean {
        const { modifiedAt = Infinity } = this.ownAssociation.current ?? {};
        return carried === roleArn && (!associated || createdAt >= modifiedAt + ASSOCIATION_MARGIN_MILLISECONDS);
    }

    /** The live check does not use what the look at the cluster has shown: the account did not answer, or the cluster is read again. */
    public discardLook(manager: string): void {
        this.actorOf(manager).undoLook?.();
    }

    public lookAtAccount(manager: string): void {
        const actor = this.actorOf(manager);
        const { acting, waves } = actor;
        const { unknownNodes = [] } = this.conditions;
        this.notShown = new Set(unknownNodes);
        const staying = this.nodes.filter(({ leaving }) => leaving === undefined);
        // EC2 also shows an instance that is gone, for about an hour.
        const gone = (actor.seenNodes ?? []).filter(({ name }) => this.terminated.has(name));
        actor.shownAsLeaving = new Set([...this.nodes.filter(({ leaving }) => leaving !== undefined), ...gone]);
        waves.lookAtAccount(new Map(staying.map(({ name }) => [name, this.shownPlaceOf(name, acting)])));
    }

    /**
     * The Ready pods with the role, also those that are stopping, and those on nodes that leave, whose role and subnet the account shows. Nothing
     * shows that an outsider has broken the role since they started.
     */
    private workersOf(roleArn: string, acting: Acting): Worker[] {
        return this.pods.flatMap((pod) => {
            const provenFrom = this.shows(pod, roleArn) && this.isReady(pod) ? provenFromOf(pod) : undefined;
            return provenFrom === undefined || this.notShown.has(pod.node)
                ? []
                : [{ node: pod.node, place: this.shownPlaceOf(pod.node, acting), provenFrom }];
        });
    }

    /** Where a live check sees a node. */
    private shownPlaceOf(name: string, acting: Acting): string {
        const { role, subnet } = this.nodes.find((node) => node.name === name) ?? { role: "", subnet: "" };
        return this.notShown.has(name) ? "an unknown place" : acting === "handBack" ? role : `${role} in ${subnet}`;
    }

    /** Whether a pod carries a role of the stack with this manager, also of an earlier program. */
    private isApproved({ roleArn }: ModelPod, manager: string): boolean {
        const isRole = roleArn !== undefined && roleArn !== FOREIGN_ROLE && roleArn !== POD_IDENTITY;
        return isRole && (this.createdBy.get(roleArn) ?? manager) === manager;
    }

    /** Whether an outsider answers for a pod without a path. IAM enforces an attachment late. */
    private isOutsiders({ roleArn, node }: ModelPod): boolean {
        if (roleArn !== undefined) {
            return this.broken.has(roleArn);
        }
        const role = this.roleOf(node) ?? "";
        const until = this.taken.get(role) ?? Infinity;
        const byHand = this.attachedByHand.get(role) ?? -Infinity;
        return (
            this.now <= byHand + ENFORCEMENT_MILLISECONDS ||
            (this.taken.has(role) && this.now <= until + ENFORCEMENT_MILLISECONDS)
        );
    }

    /** @param manager The field manager of the component whose live checks restart the pod. */
    public stop(uid: string, byLiveChecks: boolean, atOnce = false, manager = OWN_MANAGER): void {
        const pod = this.pods.find((one) => one.uid === uid);
        if (pod !== undefined) {
            const actor = byLiveChecks ? this.actorOf(manager) : undefined;
            // It lost its association as a rollout was taken back, and goes to a node role that holds its policies.
            const isLost = pod.associated && this.ownAssociation.current === undefined;
            const isRestart = this.isReady(pod) && !pod.stoppingSince && !isLost;
            const { problem, isOfWave } = (isRestart ? actor?.waves.restart(uid) : undefined) ?? NOT_COUNTED;
            if (problem !== undefined) {
                this.problem(problem);
            }
            if (isOfWave && actor?.acting === "rollout") {
                const { onWave } = this;
                this.onWave = undefined;
                onWave?.();
            }
            pod.stoppingSince ??= this.now;
            this.pods = atOnce ? this.pods.filter((one) => one !== pod) : this.pods;
            if (actor !== undefined && this.hasPath(pod) && this.isReady(pod)) {
                const { [ROLE_ARN]: annotated } = this.annotations;
                this.restarts.begin(
                    { at: this.now, by: manager, annotated, isOfWave, acting: actor.acting },
                    pod.node,
                    this.nodesLike(pod.node),
                );
            }
            this.changed();
        }
    }

    /** The longest time that a canary of the present run has had no path. */
    public get longestCanaryMilliseconds(): number {
        return Math.max(0, ...this.failedFor.values());
    }

    /** A run of the engine begins. It does not remember what an earlier one did. */
    public beginRun(): void {
        this.failedFor.clear();
        this.runBegan = this.now;
        this.actors.forEach((actor) => {
            actor.firstNodes = undefined;
            actor.acted.clear();
            actor.waves.beginRun();
        });
        this.restarts.beginRun();
    }

    /** A run has taken a wave back. */
    public noteTakenBack(manager: string): void {
        this.actorOf(manager).waves.noteTakenBack();
    }

    /** The nodes with the same node role, with the roles that their pods carry. */
    private nodesLike(node: string) {
        const role = this.roleOf(node);
        const place = this.placeOf(node);
        return this.nodes
            .filter((one) => one.role === role)
            .map(({ name, ready }) => {
                const pod = this.pods.find((one) => one.node === name && !one.stoppingSince);
                return {
                    name,
                    ready,
                    roleArn: pod?.roleArn,
                    isInSamePlace: this.placeOf(name) === place,
                    isGivenUp: pod !== undefined && this.isGivenUp(pod),
                };
            });
    }

    /** Whether a canary is of an earlier run, or has had its time, and its role works in another pod: no run waits for it on a NotReady node. */
    private isGivenUp({ restart, roleArn, startedAt = this.now }: ModelPod): boolean {
        const isOver = this.now >= startedAt + CANARY_SECONDS * 1000;
        const worksElsewhere = this.pods.some((other) => other.roleArn === roleArn && this.isReady(other));
        return restart !== undefined && worksElsewhere && (isOver || restart.at < this.runBegan);
    }

    private placeOf(node: string): string {
        const { role, subnet } = this.nodes.find(({ name }) => name === node) ?? { role: "", subnet: "" };
        return `${role} in ${subnet}`;
    }

    public isTerminated(node: string): boolean {
        return this.nodes.some(({ name, leaving }) => name === node && leaving === "terminated");
    }

    private isLeaving(node: string): boolean {
        return this.nodes.some(({ name, leaving }) => name === node && leaving !== undefined);
    }

    private roleOf(node: string): string | undefined {
        return this.nodes.find(({ name }) => name === node)?.role;
    }

    /** The controller retries refused pods at once. */
    public wake(): void {
        this.woken = true;
        this.retryAt = this.now;
        this.backoff = 1000;
    }

    public advance(milliseconds: number, until: () => boolean = () => false): void {
        const end = this.now + milliseconds;
        while (this.now < end && !until()) {
            this.account.pass(TICK_MILLISECONDS);
        }
    }

    public hasPath(pod: ModelPod): boolean {
        return this.hasRights(pod) && !this.isCutOff(pod);
    }

    /** Whether a pod would use a role from a subnet that has no way to STS. */
    private isCutOff({ roleArn, otherCredentials, associated, node, readySince }: ModelPod): boolean {
        const isOfToken = roleArn !== undefined && roleArn !== POD_IDENTITY && !associated;
        const usesSts = isOfToken && otherCredentials === undefined;
        const subnet = this.nodes.find(({ name }) => name === node)?.subnet ?? "";
        return usesSts && readySince === undefined && this.closedSubnets.has(subnet);
    }

    private hasRights({ roleArn, node, otherCredentials, associated, serviceAccount }: ModelPod): boolean {
        if (otherCredentials !== undefined || roleArn === POD_IDENTITY) {
            // A session lasts for hours, so it outlives the association here.
            return true;
        }
        if (roleArn !== undefined) {
            const role = this.cniRoles.get(roleArn);
            if (associated ? !this.mayFetch() : role?.of?.delivery === "podIdentity") {
                return false;
            }
            const hasRights = role !== undefined && role.works && suffices(role, this, serviceAccount);
            return hasRights && !this.broken.has(roleArn) && this.isKnown(roleArn);
        }
        const role = this.roleOf(node) ?? "";
        return valueAt(this.attachments.get(role) ?? [], this.now - ENFORCEMENT_MILLISECONDS) ?? false;
    }

    /** Whether a pod with the credentials of the association gets others when these end. */
    private mayFetch(): boolean {
        const { current, wasTakenBack } = this.ownAssociation;
        return current === undefined ? wasTakenBack : this.cniRoles.has(current.roleArn);
    }

    /** Whether IAM enforces the role's permissions by now. */
    public isKnown(roleArn: string): boolean {
        const { createdAt } = this.cniRoles.get(roleArn) ?? { createdAt: Infinity };
        return this.now >= createdAt + ENFORCEMENT_MILLISECONDS;
    }

    public isReady({ node, readySince, flippedUntil }: ModelPod): boolean {
        return (
            readySince !== undefined &&
            flippedUntil === undefined &&
            (this.nodes.find(({ name }) => name === node)?.ready ?? false)
        );
    }

    /** The resource version of a pod: it changes with what a live check may see of it. */
    public versionOf(uid: string): string {
        const pod = this.pods.find((one) => one.uid === uid);
        return pod === undefined
            ? "gone"
            : JSON.stringify([
                  this.isReady(pod),
                  pod.readySince,
                  pod.unreadySince,
                  pod.startProblem,
                  pod.stoppingSince,
              ]);
    }

    /** The guard that the API server knows of now. */
    private get enforced(): Guard | undefined {
        return valueAt(this.guards, this.now - this.policyMilliseconds);
    }

    /**
     * Whether the API server still shows that an earlier injection guard was removed, although there is a new one. Until it did, it refused the dry runs
     * for the new one: docs/decisions/0016-gaps-that-stay.md.
     */
    private showsRemovedGuard(): boolean {
        const [before, removed, created] = this.guards.slice(-3);
        return (
            this.isGuarded &&
            this.enforced === undefined &&
            before?.value !== undefined &&
            removed?.value === undefined &&
            created !== undefined
        );
    }

    public changed(): void {
        this.version += 1;
    }

    /** Its account calls this as time passes. */
    public tick(): void {
        while (this.due[0] !== undefined && this.due[0].at <= this.now) {
            this.due.shift()?.happen();
        }
        this.lent.tick();
        this.managedAddOn?.tick();
        this.kubelets();
        this.createPods();
        this.replacePods();
        this.checkInvariant();
    }

    private kubelets(): void {
        const responding = this.nodes.filter(
            (node) => (node.ready || node.isStarting) && node.leaving !== "terminated",
        );
        const ready = new Set(responding.map(({ name }) => name));
        const slow = new Set(this.nodes.filter((node) => node.stopsSlowly).map(({ name }) => name));
        const gone = ({ node, stoppingSince = Infinity }: ModelPod) =>
            ready.has(node) &&
            this.now >= stoppingSince + (slow.has(node) ? SLOW_STOP_MILLISECONDS : STOP_MILLISECONDS);
        if (this.pods.some(gone)) {
            this.pods = this.pods.filter((pod) => !gone(pod));
            this.changed();
        }
        for (const pod of this.pods.filter(({ node, stoppingSince }) => ready.has(node) && !stoppingSince)) {
            if (pod.startProblem !== undefined) {
                if (this.nodes.some(({ name, lacksImage }) => name === pod.node && lacksImage)) {
                    continue;
                }
                pod.startProblem = undefined;
            }
            pod.startedAt ??= this.now;
            if (pod.flippedUntil !== undefined && this.now >= pod.flippedUntil) {
                pod.flippedUntil = undefined;
                pod.readySince = this.now;
                this.changed();
            }
            // A pod becomes Ready only after its first call to EC2: amazon-vpc-cni-k8s pkg/ipamd/ipamd.go, nodeInit.
            if (
                pod.readySince === undefined &&
                this.now >= pod.startedAt + this.startMilliseconds &&
                this.hasPath(pod)
            ) {
                pod.readySince = this.now;
                this.serve(pod.node);
                this.changed();
            }
        }
    }

    private serve(name: string): void {
        const node = this.nodes.find((one) => one.name === name);
        if (node !== undefined) {
            node.ready ||= node.isStarting;
            node.isStarting = false;
            node.hasServed = true;
        }
    }

    /** kubernetes pkg/controller/daemon: a terminating pod keeps its place; the backoff grows after each refusal. */
    private createPods(): void {
        const { noDaemonSet, templateLabels = {} } = this.conditions;
        const skipped = templateLabels[SKIP_WEBHOOK_LABEL] !== undefined;
        for (const node of this.nodes.filter(({ name }) => !this.pods.some((pod) => pod.node === name))) {
            if (noDaemonSet || this.now < this.retryAt) {
                return;
            }
            const ofAssociation =
                skipped || this.skipsContainers || !this.webhook.up || this.otherCredentials !== undefined
                    ? undefined
                    : this.ownAssociation.roleForNewPod(this.now);
            const roleArn =
                ofAssociation ?? (!skipped && this.otherCredentials === undefined ? this.roleForNewPod() : undefined);
            if (!this.admits(ofAssociation === undefined ? roleArn : POD_IDENTITY)) {
                this.refused += 1;
                this.refusedSince ??= this.now;
                this.retryAt = this.now + this.backoff;
                this.backoff = Math.min(this.backoff * 2, LONGEST_BACKOFF_MILLISECONDS);
                this.changed();
                return;
            }
            if (roleArn === FOREIGN_ROLE && this.enforced?.account === this.serviceAccountName) {
                this.problem("the injection guard admitted a pod with a role that was never approved");
            }
            this.podsCreated += 1;
            this.refusedSince = undefined;
            const uid = String(this.podsCreated);
            this.pods.push({
                name: `pod${uid}`,
                uid,
                node: node.name,
                serviceAccount: this.serviceAccountName,
                roleArn,
                otherCredentials: this.otherCredentials,
                associated: ofAssociation !== undefined,
                createdAt: this.now,
                revision: this.revision,
                restart: this.restarts.end(node.name, roleArn),
                startProblem: node.lacksImage ? "container aws-node: ImagePullBackOff" : undefined,
                startedAt: undefined,
                readySince: undefined,
                flippedUntil: undefined,
                unreadySince: undefined,
                stoppingSince: undefined,
            });
            if ((node.leaving !== undefined && this.ownNodeRoles.has(node.role)) || this.showsRemovedGuard()) {
                this.unseen.add(uid);
            }
            const ofWhat = ofAssociation === undefined ? "" : " of the association";
            this.note(`pod${uid} is created on ${node.name} with ${roleArn ?? "the node role"}${ofWhat}`);
            const { onNextPod } = this;
            this.onNextPod = undefined;
            onNextPod?.();
            this.changed();
        }
    }

    /** kubernetes pkg/controller/daemon/update.go, rollingUpdate. */
    private replacePods(): void {
        if (this.strategy === "OnDelete") {
            return;
        }
        const available = new Set(
            this.pods.filter((pod) => !pod.stoppingSince && this.isReady(pod)).map(({ node }) => node),
        );
        let budget = this.maxUnavailable - (this.nodes.length - available.size);
        for (const pod of this.pods.filter(
            ({ revision, stoppingSince }) => revision !== this.revision && !stoppingSince,
        )) {
            if (!available.has(pod.node)) {
                this.stop(pod.uid, false);
            } else if (budget > 0) {
                budget -= 1;
                this.checkReplaced(pod);
                this.stop(pod.uid, false);
            }
        }
    }

    /** The way back releases the component's fields of the DaemonSet. */
    public releaseTemplate(): void {
        const { [ROLE_ARN]: annotated } = this.annotations;
        this.pods.filter(({ roleArn }) => roleArn !== annotated).forEach(({ uid }) => this.returning.add(uid));
        this.template = undefined;
        this.patched = undefined;
    }

    /**
     * With live checks, only the way back changes the pod template. Its rolling update goes on after it, also if it is killed and the next run
     * annotates the role again: the controller replaces each pod of an older template (kubernetes pkg/controller/daemon/update.go, rollingUpdate).
     */
    private checkReplaced(pod: ModelPod): void {
        const [template] = JSON.parse(pod.revision) as (string | null)[];
        const isChanged = (template ?? undefined) !== this.template && this.template !== this.plainTemplate;
        const isReturning = this.returning.has(pod.uid);
        if (isChanged && !isReturning && pod.roleArn !== undefined && pod.roleArn === this.annotations[ROLE_ARN]) {
            this.problem(`a changed pod template restarts ${pod.name}, which carries the role`);
        }
    }

    /**
     * Every running pod has a working path at every moment. The exceptions are at most one canary of each node role, and a wave that a late
     * webhook gives a role that does not work.
     */
    private checkInvariant(): void {
        const running = this.pods.filter(({ node }) => !this.isTerminated(node));
        const failing = running.flatMap(({ uid, node, roleArn, stoppingSince, restart }) =>
            restart && !stoppingSince && this.cniRoles.get(roleArn ?? "")?.works === false
                ? [{ uid, node, restart }]
                : [],
        );
        const canaries = failing.filter(({ restart }) => !restart.isOfWave);
        // A run answers for its own canaries. It may have to leave one of a run that was killed, as while the webhook is down.
        const ofThisRun = canaries.filter(({ restart }) => restart.at >= this.runBegan);
        // While the webhook is down, the injection guard refuses every pod that could take the place of one.
        const mayRestart = this.webhook.up || !this.isGuarded;
        (mayRestart ? ofThisRun : []).forEach(({ uid }) =>
            this.failedFor.set(uid, (this.failedFor.get(uid) ?? 0) + TICK_MILLISECONDS),
        );
        if (failing.length - canaries.length > this.maxUnavailable) {
            this.problem(
                `a wave of ${String(failing.length - canaries.length)} pods carries a role that does not work`,
            );
        }
        // A late webhook may give the role of before to the canaries of several places: the first one of their node role worked with the present one.
        const isLate = ({ annotated = "" }: Restart) => this.cniRoles.get(annotated)?.works === true;
        // Nothing restarts on a node whose instance is shutting down, and no run waits for it: handover/decide/leaving.ts.
        const staying = canaries.filter(({ node, restart }) => !this.isLeaving(node) && !isLate(restart));
        const twice = staying.find((one, index) =>
            staying.some(
                (other, at) =>
                    at < index && this.roleOf(one.node) === this.roleOf(other.node) && !mayBothBe(one, other),
            ),
        );
        if (twice !== undefined) {
            this.problem(`two canaries at once on nodes of ${this.roleOf(twice.node) ?? ""}`);
        }
        this.checkCutOff();
        [...this.elsewhere.withoutPath(this), ...this.others.withoutPath(this)].forEach((found) => this.problem(found));
        for (const pod of running) {
            const isCanary = this.cniRoles.get(pod.roleArn ?? "")?.works === false;
            // Without the guard, another party's role cannot be prevented, and the component has no part in it.
            const isForeign = pod.roleArn === FOREIGN_ROLE;
            // The record does not have a role that came without live checks, so the hand-back does not wait for its pods.
            const isUnseen =
                this.unseen.has(pod.uid) ||
                (pod.roleArn !== undefined &&
                    pod.roleArn === this.roleWithoutLiveChecks &&
                    !this.cniRoles.has(pod.roleArn));
            // checkCutOff() says how many of them there may be.
            const isExcepted = isCanary || isForeign || isUnseen || this.isOutsiders(pod) || this.isCutOff(pod);
            if (pod.startedAt !== undefined && !isExcepted && !this.hasPath(pod)) {
                this.problem(`${pod.name} on ${pod.node} has no path: it carries ${pod.roleArn ?? "the node role"}`);
            }
        }
    }

    /**
     * Of the pods that worked until a component's live checks restarted them, at most one in each place is a canary without a way to STS, or at most
     * one wave is. No live check answers for a pod that another party restarts, or that a node gets as it joins, nor for one beside which another one
     * may restart.
     */
    private checkCutOff(): void {
        const cutOff = this.pods
            .flatMap((pod) =>
                pod.restart && !pod.stoppingSince && pod.startedAt !== undefined && this.isCutOff(pod)
                    ? [{ node: pod.node, restart: pod.restart, place: this.placeOf(pod.node) }]
                    : [],
            )
            // Nothing restarts on a node whose instance is shutting down, and no run waits for it: handover/decide/leaving.ts.
            .filter(({ node }) => !this.isLeaving(node));
        for (const manager of new Set(cutOff.map(({ restart }) => restart.by))) {
            const all = cutOff.filter(({ restart }) => restart.by === manager);
            const isOfThisRun = ({ restart }: (typeof all)[number]) => restart.at >= this.runBegan;
            // What a killed run has left in other places does not count beside a canary.
            const own = all.filter(({ place }) => all.some((other) => isOfThisRun(other) && other.place === place));
            const places = own
                .filter((one) => !own.some((other) => other.place === one.place && other.restart.besides.has(one.node)))
                .map(({ place }) => place);
            if (places.length > this.maxUnavailable && new Set(places).size < places.length) {
                this.problem(`${String(places.length)} pods at once have no way to STS: ${places.sort().join(", ")}`);
            }
        }
    }

    /** The pods that carry the role and cannot use it, for want of a way to STS. */
    public cutOffWith(roleArn: string): ModelPod[] {
        return this.pods.filter((pod) => pod.roleArn === roleArn && !pod.stoppingSince && this.isCutOff(pod));
    }

    /**
     * Those of them that a rollout or a hand-back has restarted although they worked, on nodes that respond, and that lack nothing else. A
     * verification takes nothing back.
     */
    public leftCutOff(roleArn: string): ModelPod[] {
        const ready = new Set(this.nodes.filter((node) => node.ready).map(({ name }) => name));
        return this.cutOffWith(roleArn).filter(
            ({ node, restart, startProblem }) =>
                restart !== undefined &&
                restart.acting !== "verification" &&
                startProblem === undefined &&
                ready.has(node) &&
                !this.isLeaving(node),
        );
    }

    public problem(what: string): void {
        if (!this.problems.includes(what)) {
            this.problems.push(what);
            this.note(`!!! ${what}`);
        }
    }
}

/** From when on a pod has worked with its role for as long as a canary is watched. */
function provenFromOf({ readySince }: ModelPod): number | undefined {
    return readySince === undefined ? undefined : readySince + STABLE_SECONDS * 1000;
}

/** A restart that costs nothing, or that another party makes. */
const NOT_COUNTED = { problem: undefined, isOfWave: false };

/** The live checks of a stack. */
interface Actor {
    acting: Acting;
    readonly waves: Waves;
    /** The nodes of the last look at the cluster. Undefined before the first one. */
    seenNodes: readonly ModelNode[] | undefined;
    /** The nodes whose instances the account showed as leaving when these live checks looked at it last. */
    shownAsLeaving: ReadonlySet<ModelNode>;
    /** Those of the first look of the present run. Undefined before it. */
    firstNodes: ReadonlySet<ModelNode> | undefined;
    /** Those whose pods were Ready in a look. A pod that was Ready between two looks is not known. */
    readonly seenServing: Set<ModelNode>;
    /** As what they have looked at the cluster in the present run. */
    readonly acted: Set<Acting>;
    /** Forgets what the last look has shown. Undefined before the first one. */
    undoLook: (() => void) | undefined;
    /** The role that these live checks have given the association. Undefined: none. */
    returnsTo: string | undefined;
}

/** The injection guard. */
interface Guard {
    readonly roleArns: readonly string[];
    /** It looks at the pods of this service account alone. */
    readonly account: string;
}
