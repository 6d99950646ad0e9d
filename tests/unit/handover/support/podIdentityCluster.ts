import type { PodSessionProof } from "../../../../handover/model/proof";
import type { AwsAccess } from "../../../../handover/aws/awsAccess";
import { LEAVING_MANAGER } from "../../../../handover/model/fieldManagers";
import type { ClusterAccess } from "../../../../handover/kubernetes/clusterAccess";
import type { Delivery } from "../../../../handover/model/subject";
import type { ClusterSeen, PodSeen } from "../../../../handover/model/world";
import {
    carrying,
    daemonSet,
    MANAGER,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    otherAssociated,
    otherCarrier,
    pod,
    podOnNodeRole,
    ROLE_ARN,
    unannotatedAccount,
} from "./worlds";

/** How late each part notices a change. Pods restart in three seconds. */
const WEBHOOK_LAG = 8000;
const IAM_LAG = 10_000;
const STARTS_IN = 3000;
const TICK = 500;

interface ModelPod {
    readonly uid: string;
    readonly node: string;
    readonly createdAt: number;
    readonly associated: boolean;
    /** The role of web identity. Undefined: it has none. */
    readonly webRole: string | undefined;
    readonly template: number;
    readySince: number | undefined;
}

type Change<T> = readonly { readonly at: number; readonly value: T }[];

/**
 * A cluster of some nodes, whose pods use their node's role, an association or web identity, with a DaemonSet controller, a webhook with an outdated cache, and an
 * account in which changes take effect late.
 *
 * It is stricter than EKS: a pod with an association has a path only while the association exists. No session outlives it.
 */
export class PodIdentityCluster {
    public now = NOW;
    public pods: ModelPod[] = [];
    public guard = false;
    /** The roles of web identity that the guard admits. */
    public guardRoles: readonly string[] = [];
    public roleExists = true;
    public roleWorks = true;
    public nodeRolesWork = true;
    /** The roles of other tools: no destroy deletes them. */
    public readonly rolesOfOthers = new Set<string>();
    /** The roles that the engine has deleted. */
    public readonly deletedRoles = new Set<string>();
    /** Whether this machine may ask EKS Auth for the session of a pod. */
    public eksAuthAnswers = false;
    /** The node roles that do not let the agent get credentials. */
    public readonly rolesWithoutAgent = new Set<string>();
    /** The roles that do not work in pods. */
    public readonly brokenRoles = new Set<string>();
    public skips = false;
    public strategy: "RollingUpdate" | "OnDelete" = "RollingUpdate";
    public refusals: string[] = [];
    /** Moments at which a running pod had no path. */
    public readonly problems: string[] = [];
    public readonly steps: string[] = [];
    /** The write after which the run is killed. */
    public killAt = Infinity;
    public onKill: () => void = () => undefined;
    public writes = 0;
    /** How often a pod ends by itself, in milliseconds. Undefined: never. */
    public churnEvery: number | undefined;
    public readonly withoutAgent = new Set<string>();
    /** How EKS removes the role of the managed add-on: only its own part of the annotation, all of it, with a restart of every pod, or nothing of it. Undefined: there is no add-on. */
    public addOn: "releases" | "wipes" | "leaves" | undefined;
    public addOnRole: string | undefined;

    /** Whether the pod template of the other DaemonSet excludes its containers from the webhook. */
    public otherSkips = false;
    /** The pod of another DaemonSet with the same service account, on a node that the DaemonSet does not select. */
    private otherPod: ModelPod | undefined;
    private emptyNodes: readonly string[] = [];
    private associations: Change<string | undefined> = [{ at: 0, value: undefined }];
    private annotations: Change<string | undefined> = [{ at: 0, value: undefined }];
    private owners: readonly string[] = [];
    private attachments: Change<boolean> = [{ at: 0, value: true }];
    private template = 0;
    private count = 0;

    public constructor(public readonly nodes: readonly string[]) {
        this.pass(5000);
    }

    public get association(): string | undefined {
        return this.associations.at(-1)?.value;
    }

    public get annotation(): string | undefined {
        return this.annotations.at(-1)?.value;
    }

    public get isAttached(): boolean {
        return this.attachments.at(-1)?.value ?? false;
    }

    public associate(roleArn: string | undefined): void {
        this.associations = [...this.associations, { at: this.now, value: roleArn }];
    }

    /** An applied value, which by force takes the place of another one, or the release of one: it stays as long as another manager has applied it, too. */
    public annotate(roleArn: string | undefined, manager = MANAGER): void {
        const isAnother = roleArn !== undefined && roleArn !== this.annotation;
        const others = isAnother ? [] : this.owners.filter((owner) => owner !== manager);
        this.owners = roleArn === undefined ? others : [...others, manager];
        if (roleArn !== undefined || others.length === 0) {
            this.annotations = [...this.annotations, { at: this.now, value: roleArn }];
        }
    }

    /** EKS carries out an update of the add-on. */
    private updateAddOn(roleArn: string | undefined): void {
        const had = this.addOnRole;
        this.addOnRole = roleArn;
        if (roleArn !== undefined) {
            this.annotate(roleArn, "eks");
        } else if (had !== undefined && this.addOn === "wipes") {
            this.removeAnnotation();
            this.pods.forEach((one) => this.stop(one.uid));
        } else if (had !== undefined && this.addOn === "releases") {
            this.annotate(undefined, "eks");
        }
    }

    private removeAnnotation(): void {
        this.owners = [];
        this.annotations = [...this.annotations, { at: this.now, value: undefined }];
    }

    /** The other DaemonSet's pod is created, or restarts. */
    public startOther(): void {
        this.otherPod = this.newPod("arm", this.otherSkips);
    }

    /** A write of a run, or of the engine, after which it may be killed. */
    public write(what: string, act: () => void): Promise<void> {
        act();
        this.steps.push(what);
        this.writes += 1;
        this.pass(TICK);
        if (this.writes !== this.killAt) {
            return Promise.resolve();
        }
        this.onKill();
        // A process that has ended goes on with nothing.
        return new Promise(() => undefined);
    }

    public pass(milliseconds: number): void {
        for (const until = this.now + milliseconds; this.now < until;) {
            this.now += TICK;
            this.churn();
            this.control();
            this.watchNodes();
            [...this.pods, ...(this.otherPod === undefined ? [] : [this.otherPod])].forEach((one) => this.watch(one));
        }
    }

    public sleep(milliseconds: number): Promise<void> {
        this.pass(milliseconds);
        return Promise.resolve();
    }

    /** Pods end by themselves, one after another, and each node gets its next pod at once. */
    private churn(): void {
        if (this.churnEvery !== undefined && (this.now - NOW) % this.churnEvery === 0) {
            this.lose(this.nodes[Math.floor((this.now - NOW) / this.churnEvery) % this.nodes.length] as string);
        }
    }

    public lose(name: string): void {
        this.pods = this.pods.filter((one) => one.node !== name);
    }

    /** The controller creates the next pod at once, unless the guard refuses it. */
    private watchNodes(): void {
        const empty = this.nodes.filter((name) => !this.pods.some((one) => one.node === name));
        if (this.churnEvery !== undefined) {
            empty
                .filter((name) => this.emptyNodes.includes(name))
                .forEach((name) => this.problems.push(`${String(this.now - NOW)}: ${name} gets no pod`));
        }
        this.emptyNodes = empty;
    }

    private watch(one: ModelPod): void {
        const why = this.withoutPath(one);
        const isStarting = this.now - one.createdAt < STARTS_IN;
        if (why === undefined && !isStarting) {
            one.readySince ??= this.now;
        }
        if (why !== undefined && this.isSound) {
            this.problems.push(`${String(this.now - NOW)}: ${one.uid} ${why}`);
        }
    }

    /** A role or an agent that does not work leaves canaries without a path. */
    private get isSound(): boolean {
        return this.roleWorks && this.nodeRolesWork && this.withoutAgent.size === 0 && this.brokenRoles.size === 0;
    }

    public withoutPath({ associated, webRole, node: name }: ModelPod): string | undefined {
        if (webRole !== undefined) {
            return this.isUsable(webRole) ? undefined : "has a role that does not work";
        }
        if (!associated) {
            const wasAttached = at(this.attachments, this.now - IAM_LAG);
            // A policy that leaves may be gone at once, and one that comes back counts late.
            return this.nodeRolesWork && this.isAttached && wasAttached
                ? undefined
                : "uses a node role without its policies";
        }
        return this.withoutAgent.has(name)
            ? "has no agent"
            : this.association === undefined
              ? "has credentials of an association that is gone"
              : this.roleWorks && this.isUsable(this.association)
                ? undefined
                : "has a role that does not work";
    }

    private isUsable(roleArn: string): boolean {
        const exists = this.roleExists || this.rolesOfOthers.has(roleArn);
        return exists && !this.deletedRoles.has(roleArn) && !this.brokenRoles.has(roleArn);
    }

    /**
     * Creates missing pods, and replaces those of an older template, one at a time. Those that are not Ready do not count.
     *
     * Source: k8s.io/kubernetes pkg/controller/daemon/update.go (rollingUpdate)
     */
    private control(): void {
        const missing = this.nodes.filter((name) => !this.pods.some((one) => one.node === name));
        missing.forEach((name) => this.create(name));
        if (this.strategy === "RollingUpdate") {
            const isBroken = ({ template, readySince, createdAt }: ModelPod) =>
                template !== this.template && readySince === undefined && this.now - createdAt >= STARTS_IN;
            this.pods.filter(isBroken).forEach(({ uid }) => this.stop(uid));
        }
        const isComplete =
            this.pods.length === this.nodes.length && this.pods.every((one) => one.readySince !== undefined);
        const old = this.pods.find((one) => one.template !== this.template);
        if (this.strategy === "RollingUpdate" && isComplete && old !== undefined) {
            this.stop(old.uid);
        }
    }

    private newPod(name: string, skips: boolean): ModelPod {
        const associated = !skips && at(this.associations, this.now - WEBHOOK_LAG) !== undefined;
        // While an association exists, the webhook gives no web identity.
        const webRole = skips || associated ? undefined : at(this.annotations, this.now - WEBHOOK_LAG);
        this.count += 1;
        const uid = `pod-${String(this.count)}`;
        const { now: createdAt, template } = this;
        return { uid, node: name, createdAt, associated, webRole, template, readySince: undefined };
    }

    private create(name: string): void {
        const created = this.newPod(name, this.skips);
        const { associated, webRole } = created;
        const isAdmitted = associated || (webRole !== undefined && this.guardRoles.includes(webRole));
        if (this.guard && !isAdmitted) {
            this.refusals = [`refused a pod for ${name}`];
            return;
        }
        this.pods.push(created);
    }

    private stop(uid: string): void {
        this.pods = this.pods.filter((one) => one.uid !== uid);
    }

    public look(): ClusterSeen {
        return {
            uid: "cluster",
            serviceAccount:
                this.annotation === undefined
                    ? unannotatedAccount
                    : {
                          ...unannotatedAccount,
                          annotations: { [ROLE_ARN]: this.annotation },
                          roleArnOwners: this.owners,
                          roleArnAppliers: this.owners,
                      },
            daemonSet: {
                ...daemonSet,
                updateStrategy: this.strategy,
                ...(this.skips ? { skipsContainers: true as const } : {}),
            },
            nodes: this.nodes.map((name) => node(name)),
            agentsReadyOn: this.nodes.filter((name) => !this.withoutAgent.has(name)),
            pods: this.pods.map((one) => this.podSeen(one)),
            injectionGuard: this.guardSeen(),
            refusedPods: this.refusals,
            ...this.otherSeen(),
        };
    }

    private otherSeen(): Pick<ClusterSeen, "otherNodes" | "otherCarriers"> {
        if (this.otherPod === undefined) {
            return {};
        }
        const { uid, node: name, createdAt, associated, webRole } = this.otherPod;
        const isOnNodeRole = !associated && webRole === undefined;
        const onNodeRolePod = podOnNodeRole(uid, true);
        return {
            otherNodes: [
                { name, instanceId: `i-${name}`, ...(isOnNodeRole ? { podsOnNodeRole: [onNodeRolePod] } : {}) },
            ],
            ...(isOnNodeRole
                ? {}
                : {
                      otherCarriers: [
                          associated
                              ? otherAssociated(uid, createdAt)
                              : otherCarrier(uid, ...(webRole === undefined ? [] : [webRole])),
                      ],
                  }),
        };
    }

    private guardSeen(): ClusterSeen["injectionGuard"] {
        return this.guard
            ? { present: true, inForce: true, roleArns: this.guardRoles }
            : { present: false, inForce: false };
    }

    private podSeen({ uid, node: name, createdAt, associated, webRole, template, readySince }: ModelPod): PodSeen {
        const credentials = associated
            ? { kind: "containerCredentials" as const, what: "an association" }
            : webRole === undefined
              ? onNodeRole
              : carrying(webRole);
        return pod(name, credentials, {
            name: uid,
            uid,
            createdAt,
            ready: readySince !== undefined,
            readySince,
            current: template === this.template,
        });
    }

    /** @param delivery It decides as which pod a role is tested. */
    public cluster(delivery?: Delivery): ClusterAccess {
        const never = () => Promise.reject(new Error("no part of Pod Identity"));
        return {
            identity: () => Promise.resolve({ uid: "cluster", version: { major: 1, minor: 30 } }),
            clustersInKubeconfig: () => ["prod"],
            look: () => Promise.resolve(this.look()),
            change: (atMost) => this.sleep(atMost),
            issuer: () => Promise.resolve(undefined),
            resourceControllersOn: () => Promise.resolve([]),
            requestToken: () => Promise.resolve("token"),
            requestPodToken: () => Promise.resolve("token"),
            annotate: ({ [ROLE_ARN]: roleArn }) => this.write("annotate", () => this.annotate(roleArn)),
            restart: ({ name, uid }) => this.write(`restart ${name}`, () => this.stop(uid)),
            forceRestart: never,
            releaseTemplate: never,
            skipContainers: (containers) =>
                this.write(containers.length > 0 ? "skip" : "unskip", () => {
                    this.skips = containers.length > 0;
                    this.template += 1;
                }),
            removeWakeMark: never,
            releaseServiceAccount: ({ [ROLE_ARN]: leaving }) =>
                this.write("release the annotation", () => {
                    if (leaving !== undefined) {
                        this.annotate(leaving, LEAVING_MANAGER);
                    }
                    this.annotate(undefined);
                }),
            removeRole: () => this.write("remove the annotation", () => this.removeAnnotation()),
            releaseLeft: never,
            wakeDaemonSet: () => this.write("wake", () => (this.refusals = [])),
            admitRoles: (roleArns) =>
                this.write(`admit ${roleArns.join(", ")}`, () => {
                    this.guardRoles = roleArns;
                }),
            createInjectionGuard: (roleArns) =>
                this.write("create the guard", () => {
                    [this.guard, this.guardRoles] = [true, roleArns];
                }),
            testAdmission: (roleArn) => {
                const isAssociated = delivery === "podIdentity" && roleArn !== undefined;
                const isAdmitted = !this.guard || isAssociated || this.guardRoles.includes(roleArn ?? "");
                return Promise.resolve({ verdict: isAdmitted ? "admitted" : "refused" });
            },
            removeInjectionGuard: () =>
                this.write("remove guard", () => {
                    this.guard = false;
                }),
            close: () => undefined,
        };
    }

    public aws(): AwsAccess {
        const other = { clusterName: "prod", addOn: this.addOn !== undefined, unread: [] };
        return {
            callerAccount: () => Promise.resolve("111122223333"),
            look: () =>
                Promise.resolve({
                    roleOfInstance: Object.fromEntries(this.nodes.map((name) => [`i-${name}`, "nodes"])),
                    nodeRoles: [
                        nodeRole({
                            instancesOfCluster: this.withOther.map((name) => `i-${name}`),
                            ...(this.isAttached ? {} : { cniPolicies: [] }),
                        }),
                    ],
                }),
            attach: (roleName) =>
                this.write(`attach to ${roleName}`, () => this.setAttached(true)).then(() => "attached"),
            detach: (roleName) =>
                this.write(`detach from ${roleName}`, () => this.setAttached(false)).then(() => "detached"),
            missingGrants: () => Promise.resolve({ cni: [], logs: [] }),
            settingGap: () => Promise.resolve(undefined),
            clusterStatus: () => Promise.resolve("there"),
            namedCluster: () => Promise.resolve({ is: "there", issuer: undefined, platformVersion: "eks.9" }),
            otherDelivery: () =>
                Promise.resolve({
                    ...other,
                    addOnRoleArn: this.addOnRole,
                    podIdentityRoleArns: this.association === undefined ? [] : [this.association],
                }),
            associations: (clusterName) =>
                Promise.resolve({
                    is: "seen",
                    clusterName,
                    associations:
                        this.association === undefined
                            ? []
                            : [{ id: "a-1", roleArn: this.association, modifiedAt: this.associations.at(-1)?.at ?? 0 }],
                }),
            changeAssociation: (_, __, roleArn) => this.write("change association", () => this.associate(roleArn)),
            deleteAssociation: () => this.write("delete association", () => this.associate(undefined)),
            agentRights: (roleNames) =>
                Promise.resolve(
                    Object.fromEntries(
                        roleNames.map((name) => [name, this.rolesWithoutAgent.has(name) ? "denied" : "allowed"]),
                    ),
                ),
            addOn: (clusterName) =>
                Promise.resolve(
                    this.addOn === undefined
                        ? { is: "missing", clusterName }
                        : {
                              is: "there",
                              clusterName,
                              status: "ACTIVE",
                              roleArn: this.addOnRole,
                              configurationValues: undefined,
                              health: [],
                              modifiedAt: undefined,
                          },
                ),
            updateAddOn: ({ roleArn }) =>
                this.write(`update the add-on ${roleArn === undefined ? "without a role" : "with the role"}`, () =>
                    this.updateAddOn(roleArn),
                ).then(() => ({ is: "sent", updateId: "u-1" })),
            addOnUpdate: () => Promise.resolve({ status: "Successful", errors: [] }),
            mayPassRole: () => Promise.resolve("allowed"),
            undecidedActions: () => Promise.resolve(undefined),
            provePodSession: ({ roleArn }) => Promise.resolve(this.podSession(roleArn)),
            prove: ({ podIdentity, token }) =>
                Promise.resolve(
                    (podIdentity !== undefined) === (token === "") && this.roleExists
                        ? { verdict: "yes", evidence: [] }
                        : { verdict: "no", code: "trust-refused", why: "no role", final: true },
                ),
        };
    }

    private get withOther(): readonly string[] {
        return this.otherPod === undefined ? this.nodes : [...this.nodes, this.otherPod.node];
    }

    private podSession(roleArn: string): PodSessionProof {
        const given = at(this.associations, this.now - WEBHOOK_LAG);
        const undecided = (why: string, final: boolean): PodSessionProof => ({
            proof: { verdict: "undecided", why, evidence: [] },
            final,
        });
        if (!this.eksAuthAnswers) {
            return undecided("EKS Auth answered AccessDeniedException: no.", true);
        }
        if (given !== roleArn) {
            return undecided(`EKS Auth still gives the pods the role ${String(given)}.`, false);
        }
        return this.isUsable(roleArn)
            ? { proof: { verdict: "yes", evidence: [] }, final: true }
            : {
                  proof: { verdict: "no", code: "permission-missing", why: "EC2 refused a call.", final: false },
                  final: false,
              };
    }

    /** The policies of the node role. */
    public setAttached(value: boolean): void {
        this.attachments = [...this.attachments, { at: this.now, value }];
    }
}

/** The value that a part with an outdated view has. */
function at<T>(changes: Change<T>, time: number): T | undefined {
    return changes.filter((change) => change.at <= time).at(-1)?.value;
}
