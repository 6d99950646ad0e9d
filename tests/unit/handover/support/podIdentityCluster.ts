import type { AwsAccess } from "../../../../handover/aws/awsAccess";
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
    pod,
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
    public suspended = false;
    public roleExists = true;
    public roleWorks = true;
    public nodeRolesWork = true;
    /** The roles that the engine has deleted. */
    public readonly deletedRoles = new Set<string>();
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

    private emptyNodes: readonly string[] = [];
    private associations: Change<string | undefined> = [{ at: 0, value: undefined }];
    private annotations: Change<string | undefined> = [{ at: 0, value: undefined }];
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

    public annotate(roleArn: string | undefined): void {
        this.annotations = [...this.annotations, { at: this.now, value: roleArn }];
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
            this.pods.forEach((one) => this.watch(one));
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
        return this.roleExists && !this.deletedRoles.has(roleArn) && !this.brokenRoles.has(roleArn);
    }

    /** Creates missing pods, and replaces those of an older template, one at a time. */
    private control(): void {
        const missing = this.nodes.filter((name) => !this.pods.some((one) => one.node === name));
        missing.forEach((name) => this.create(name));
        const isComplete =
            this.pods.length === this.nodes.length && this.pods.every((one) => one.readySince !== undefined);
        const old = this.pods.find((one) => one.template !== this.template);
        if (this.strategy === "RollingUpdate" && isComplete && old !== undefined) {
            this.stop(old.uid);
        }
    }

    private create(name: string): void {
        const associated = !this.skips && at(this.associations, this.now - WEBHOOK_LAG) !== undefined;
        // While an association exists, the webhook gives no web identity.
        const webRole = this.skips || associated ? undefined : at(this.annotations, this.now - WEBHOOK_LAG);
        const isAdmitted = associated || (webRole !== undefined && this.guardRoles.includes(webRole));
        if (this.guard && !this.suspended && !isAdmitted) {
            this.refusals = [`refused a pod for ${name}`];
            return;
        }
        this.count += 1;
        const uid = `pod-${String(this.count)}`;
        const { now: createdAt, template } = this;
        this.pods.push({ uid, node: name, createdAt, associated, webRole, template, readySince: undefined });
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
                    : { ...unannotatedAccount, annotations: { [ROLE_ARN]: this.annotation }, roleArnOwners: [MANAGER] },
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
        };
    }

    private guardSeen(): ClusterSeen["injectionGuard"] {
        return this.guard
            ? {
                  present: true,
                  inForce: !this.suspended,
                  roleArns: this.guardRoles,
                  ...(this.suspended ? { suspended: true as const, otherExpressions: true as const } : {}),
              }
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
            requestToken: () => Promise.resolve("token"),
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
                this.write("release the annotation", () => this.annotate(leaving)),
            removeRole: never,
            releaseLeft: never,
            wakeDaemonSet: () => this.write("wake", () => (this.refusals = [])),
            admitRoles: (roleArns) =>
                this.write(roleArns === undefined ? "suspend the guard" : `admit ${roleArns.join(", ")}`, () => {
                    this.suspended = roleArns === undefined;
                    this.guardRoles = roleArns ?? [];
                }),
            testAdmission: (roleArn) => {
                const isAssociated = delivery === "podIdentity" && roleArn !== undefined;
                const isAdmitted =
                    !this.guard || this.suspended || isAssociated || this.guardRoles.includes(roleArn ?? "");
                return Promise.resolve({ verdict: isAdmitted ? "admitted" : "refused" });
            },
            removeInjectionGuard: () =>
                this.write("remove guard", () => ([this.guard, this.suspended] = [false, false])),
            close: () => undefined,
        };
    }

    public aws(): AwsAccess {
        const never = () => Promise.reject(new Error("no part of Pod Identity"));
        const other = { clusterName: "prod", addOn: false, addOnRoleArn: undefined, unread: [] };
        return {
            callerAccount: () => Promise.resolve("111122223333"),
            look: () =>
                Promise.resolve({
                    roleOfInstance: Object.fromEntries(this.nodes.map((name) => [`i-${name}`, "nodes"])),
                    nodeRoles: [
                        nodeRole({
                            instancesOfCluster: this.nodes.map((name) => `i-${name}`),
                            ...(this.isAttached ? {} : { cniPolicies: [] }),
                        }),
                    ],
                }),
            attach: (roleName) =>
                this.write(`attach to ${roleName}`, () => this.setAttached(true)).then(() => "attached"),
            detach: (roleName) =>
                this.write(`detach from ${roleName}`, () => this.setAttached(false)).then(() => "detached"),
            missingGrants: () => Promise.resolve({ cni: [], logs: [] }),
            clusterStatus: () => Promise.resolve("there"),
            namedCluster: () => Promise.resolve({ is: "there", issuer: undefined, platformVersion: "eks.9" }),
            otherDelivery: () =>
                Promise.resolve({
                    ...other,
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
            deleteAssociation: () => this.write("delete association", () => this.associate(undefined)),
            agentRights: () => Promise.resolve({ nodes: "allowed" }),
            addOn: never,
            updateAddOn: never,
            addOnUpdate: never,
            mayPassRole: never,
            prove: ({ podIdentity, token }) =>
                Promise.resolve(
                    (podIdentity !== undefined) === (token === "") && this.roleExists
                        ? { verdict: "yes", evidence: [] }
                        : { verdict: "no", code: "trust-refused", why: "no role", final: true },
                ),
        };
    }

    private setAttached(value: boolean): void {
        this.attachments = [...this.attachments, { at: this.now, value }];
    }
}

/** The value that a part with an outdated view has. */
function at<T>(changes: Change<T>, time: number): T | undefined {
    return changes.filter((change) => change.at <= time).at(-1)?.value;
}
