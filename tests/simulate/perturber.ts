/** Stands between a run and its cluster and account, and perturbs their answers as the present turn says. */
import type { AwsAccess } from "../../handover/aws/awsAccess";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import { Refusal } from "../../handover/model/refusal";
import type { AccountSeen } from "../../handover/model/world";
import type { RunContext } from "../../handover/observe/runContext";
import { CNI_POLICY } from "../model/cniRole";
import type { ModelWorld } from "../model/world";
import { type LostCall, NO_PERTURBATIONS, type Perturbations } from "./perturbations";

type Delays = Exclude<keyof Perturbations, "lost">;

export const CLUSTER_WRITES = [
    "annotate",
    "restart",
    "forceRestart",
    "releaseTemplate",
    "releaseServiceAccount",
    "wakeDaemonSet",
    "removeWakeMark",
    "admitRoles",
    "createInjectionGuard",
    "removeInjectionGuard",
] as const satisfies readonly (keyof ClusterAccess)[];
const CLUSTER_READS = [
    "identity",
    "look",
    "requestToken",
    "testAdmission",
] as const satisfies readonly (keyof ClusterAccess)[];
export const AWS_WRITES = ["attach", "detach"] as const satisfies readonly (keyof AwsAccess)[];
const AWS_READS = [
    "callerAccount",
    "look",
    "missingGrants",
    "settingGap",
    "otherDelivery",
    "undecidedActions",
] as const satisfies readonly (keyof AwsAccess)[];

export class Perturber {
    private turn = NO_PERTURBATIONS;
    private readonly counted = new Map<Delays | LostCall["kind"], number>();

    /** @param note Counts something that was perturbed. */
    public constructor(private readonly note: (what: string) => void) {}

    /** A turn begins. Without an argument, nothing is perturbed any more. */
    public begin(turn = NO_PERTURBATIONS): void {
        this.turn = turn;
        this.counted.clear();
    }

    public perturbed(context: RunContext, world: ModelWorld): RunContext {
        const { cluster, aws, sleep, subject } = context;
        const { fieldManager } = subject;
        const lostIn = <A extends object>(
            access: A,
            kind: "cluster" | "aws",
            writes: readonly (keyof A)[],
            reads: readonly (keyof A)[],
        ) =>
            Object.fromEntries(
                [...writes, ...reads].map((name) => {
                    const call = access[name] as (...given: unknown[]) => Promise<unknown>;
                    const isWrite = writes.includes(name);
                    return [
                        name,
                        (...given: unknown[]) => this.mayBeLost(kind, isWrite, context, () => call(...given)),
                    ];
                }),
            ) as Partial<A>;
        const answering: ClusterAccess = { ...cluster, ...lostIn(cluster, "cluster", CLUSTER_WRITES, CLUSTER_READS) };
        const ofAccount: AwsAccess = { ...aws, ...lostIn(aws, "aws", AWS_WRITES, AWS_READS) };
        return {
            ...context,
            cluster: {
                ...answering,
                look: async () => {
                    const torn = this.next("torn");
                    const earlier = torn > 0 ? await answering.look() : undefined;
                    if (earlier !== undefined) {
                        world.discardLook(fieldManager);
                    }
                    await this.pause(torn, sleep);
                    const seen = await answering.look();
                    await this.pause(this.next("views"), sleep);
                    return earlier === undefined
                        ? seen
                        : {
                              ...seen,
                              serviceAccount: earlier.serviceAccount,
                              daemonSet: earlier.daemonSet,
                              injectionGuard: earlier.injectionGuard,
                          };
                },
                change: async (atMost, readyOn) => {
                    await cluster.change(atMost, readyOn);
                    await this.pause(this.next("waits"), sleep);
                },
            },
            aws: {
                ...ofAccount,
                look: async (query) => {
                    const seen = await ofAccount.look(query).catch((error: unknown) => {
                        world.discardLook(fieldManager);
                        throw error;
                    });
                    return this.asBefore(seen, world, this.next("iam"));
                },
            },
        };
    }

    /** The next of the repeating delays. */
    private next(kind: Delays): number {
        const { [kind]: delays } = this.turn;
        const delay = delays[this.count(kind) % Math.max(delays.length, 1)] ?? 0;
        if (delay > 0 && kind !== "iam") {
            this.note(kind);
        }
        return delay;
    }

    private count(kind: Delays | LostCall["kind"]): number {
        const before = this.counted.get(kind) ?? 0;
        this.counted.set(kind, before + 1);
        return before;
    }

    private async pause(milliseconds: number, sleep: RunContext["sleep"]): Promise<void> {
        if (milliseconds > 0) {
            await sleep(milliseconds);
        }
    }

    private async mayBeLost<T>(
        service: "cluster" | "aws",
        isWrite: boolean,
        { sleep }: RunContext,
        call: () => Promise<T>,
    ): Promise<T> {
        const isLost = (kind: LostCall["kind"], at: number) =>
            this.turn.lost.some((one) => one.kind === kind && one.at === at);
        const at = this.count(isWrite ? "answer" : "read");
        if (isLost(isWrite ? "request" : "read", at)) {
            await sleep(LOST_AFTER_MILLISECONDS);
            this.note(isWrite ? "lost requests" : "lost reads");
            throw unreachable(service);
        }
        const answer = await call();
        if (isWrite && isLost("answer", at)) {
            await sleep(LOST_AFTER_MILLISECONDS);
            this.note("lost answers");
            throw unreachable(service);
        }
        return answer;
    }

    /** The same account, whose IAM shows the attachments of a while ago. */
    private asBefore(seen: AccountSeen, world: ModelWorld, milliseconds: number): AccountSeen {
        const at = world.now - milliseconds;
        return {
            ...seen,
            nodeRoles: seen.nodeRoles.map((role) => {
                const { name, cniPolicies } = role;
                const was = world.wasAttached(name, at);
                if (milliseconds === 0 || was === cniPolicies.some(({ arn }) => arn === CNI_POLICY)) {
                    return role;
                }
                this.note("iam");
                const others = cniPolicies.filter(({ arn }) => arn !== CNI_POLICY);
                const policy = { arn: CNI_POLICY, kind: "cni", sufficient: true } as const;
                return { ...role, cniPolicies: was ? [policy, ...others] : others };
            }),
        };
    }
}

/** A client gives up after its own attempts: handover/kubernetes/requests.ts, handover/aws/attemptLimit.ts. */
const LOST_AFTER_MILLISECONDS = 1000;

/** As the clients name it when no server answers. A run tries such a call again: handover/run/transientRetry.ts. */
function unreachable(service: "cluster" | "aws"): Refusal {
    return new Refusal(`${service}-unreachable`, "No server answered.", "", "");
}
