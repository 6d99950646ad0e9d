import type { Admission } from "../../../../handover/kubernetes/clusterAccess";
import { refusals } from "../../../../handover/model/refusals";
import { webhookAnnotations } from "../../../../handover/model/webhookAnnotations";
import type { Proof } from "../../../../handover/model/proof";
import type { CredentialSource, NodeRoleSeen, NodeSeen, PodSeen, World } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import {
    daemonSet,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    ROLE_ARN,
    serviceAccount,
    subject,
    world,
} from "../support/worlds";

/** Not started yet, and then like this for ever. */
export type Born = "works" | "never" | { readonly complains: string } | { readonly startProblem: string };

export interface Simulated {
    readonly nodes?: readonly NodeSeen[];
    readonly maxUnavailable?: number;
    /** The pods at the beginning. On each node one, of the node role. */
    readonly pods?: readonly PodSeen[];
    readonly annotations?: Readonly<Record<string, string>>;
    readonly nodeRoles?: readonly NodeRoleSeen[];
    readonly cluster?: Partial<World["cluster"]>;
    /** What becomes of a new pod. It works unless a test says otherwise. */
    readonly born?: (pod: PodSeen) => Born;
    /** Whether a new pod that has been Ready misses its readiness probe so many seconds after the beginning. */
    readonly misses?: (pod: PodSeen, at: number) => boolean;
    /** Whether pods that are deleted end. Those on NotReady nodes do not. */
    readonly ends?: boolean;
    readonly proof?: Proof;
    readonly associations?: readonly string[];
    /** They exist from the nth restart on. Otherwise from the beginning. */
    readonly associatedFrom?: number;
    /** The result of each dry run. */
    readonly admission?: Admission;
    /** The nth look at the account or the cluster fails with what these return. */
    readonly account?: (nth: number) => Error | undefined;
    readonly look?: (nth: number) => Error | undefined;
    /** The role that a person annotates with kubectl between a look and the run's first write of an annotation. */
    readonly personsRole?: string;
}

const STARTS_AFTER_MILLISECONDS = 5000;

/** A run context of a cluster whose pods restart as on a real one. A wait takes two seconds. */
export function simulate(of: Simulated = {}) {
    const { nodes = ["n1", "n2", "n3"].map((name) => node(name)), born = () => "works", ends = true } = of;
    const { misses = () => false } = of;
    const [calls, lines]: [string[], string[]] = [[], []];
    const opened: (readonly string[])[] = [];
    let [now, created] = [NOW, 0];
    let { roleArnOwners } = serviceAccount;
    let isGuardRemoved = false;
    let annotations = of.annotations ?? { [ROLE_ARN]: subject.roleArn };
    let pods: PodSeen[] = [...(of.pods ?? nodes.map(({ name }) => pod(name, onNodeRole)))];

    const credentials = (): CredentialSource => {
        const roleArn = annotations[ROLE_ARN];
        return roleArn === undefined ? onNodeRole : { kind: "webIdentity", roleArn, regionalSts: undefined };
    };
    const settle = (one: PodSeen): PodSeen => {
        const fate = one.name.startsWith("new") ? born(one) : "works";
        const isMissing = one.name.startsWith("new") && misses(one, (now - NOW) / 1000);
        if (one.ready && isMissing) {
            return { ...one, ready: false, readySince: undefined, unreadySince: now };
        }
        if (one.ready || !one.name.startsWith("new") || now - one.createdAt < STARTS_AFTER_MILLISECONDS) {
            return one;
        }
        if (fate === "works") {
            return isMissing ? one : { ...one, ready: true, readySince: now, unreadySince: undefined };
        }
        return fate === "never"
            ? one
            : "complains" in fate
              ? { ...one, missingPermissions: fate.complains, missingPermissionsAt: one.createdAt }
              : { ...one, startProblem: fate.startProblem };
    };
    const seen = () => {
        pods = pods.map(settle);
        return world(onNodeRole, {
            at: now,
            cluster: {
                nodes,
                pods,
                daemonSet: { ...daemonSet, maxUnavailable: of.maxUnavailable ?? 1 },
                serviceAccount: { ...serviceAccount, annotations, roleArnOwners },
                ...of.cluster,
                ...(isGuardRemoved ? { injectionGuard: { present: false, inForce: false } } : {}),
            },
            account: { nodeRoles: of.nodeRoles ?? [nodeRole()] },
        });
    };
    const nth = (what: string) => {
        calls.push(what);
        return calls.filter((call) => call === what).length;
    };
    const failing = <T>(fails: Simulated["look"], what: string, value: () => T): Promise<T> => {
        const count = nth(what);
        const error = fails?.(count);
        return error === undefined ? Promise.resolve(value()) : Promise.reject(error);
    };

    const context = {
        subject,
        roleNames: [],
        now: () => now,
        progress: (line: string) => lines.push(line),
        sleep: (milliseconds: number) => Promise.resolve((now += milliseconds)),
        cluster: {
            look: () => failing(of.look, "cluster", () => seen().cluster),
            clustersInKubeconfig: () => [],
            requestToken: () => Promise.resolve("token"),
            testAdmission: () => Promise.resolve(of.admission ?? { verdict: "admitted" }),
            annotate: (wanted: Readonly<Record<string, string>>, force: boolean) => {
                const isFirst = nth(`annotate ${wanted[ROLE_ARN] ?? "nothing"}`) === 1;
                if (isFirst && of.personsRole !== undefined) {
                    annotations = { [ROLE_ARN]: of.personsRole };
                    roleArnOwners = ["kubectl-annotate"];
                }
                if (!force && roleArnOwners !== serviceAccount.roleArnOwners) {
                    return Promise.reject(refusals.annotationOwned(subject, roleArnOwners));
                }
                annotations = wanted;
                roleArnOwners = serviceAccount.roleArnOwners;
                return Promise.resolve();
            },
            releaseServiceAccount: (leaving: Readonly<Record<string, string>>) => {
                calls.push("release");
                annotations = leaving;
                roleArnOwners = [];
                return Promise.resolve();
            },
            removeInjectionGuard: () => {
                calls.push("remove the guard");
                isGuardRemoved = true;
                return Promise.resolve();
            },
            identity: () => Promise.resolve({ uid: "cluster", serviceAccountUid: "account" }),
            restart: ({ node: on, name, uid }: PodSeen) => {
                calls.push(`restart ${name}`);
                const next = pod(on, credentials(), {
                    name: `new${String(++created)}-${on}`,
                    uid: `new ${String(created)}`,
                    createdAt: now,
                    ready: false,
                    readySince: undefined,
                    unreadySince: now,
                });
                const isGone = ends && nodes.some((one) => one.name === on && one.ready);
                pods = pods.map((one) => (one.uid !== uid ? one : isGone ? next : { ...one, terminating: true }));
                return Promise.resolve();
            },
            change: () => Promise.resolve((now += 2000)),
            close: () => undefined,
        },
        aws: {
            look: () => failing(of.account, "account", () => seen().account),
            otherDelivery: () =>
                Promise.resolve({
                    addOnRoleArn: undefined,
                    podIdentityRoleArns: created >= (of.associatedFrom ?? 0) ? (of.associations ?? []) : [],
                    unread: [],
                }),
            prove: () => {
                calls.push("prove");
                return Promise.resolve(of.proof ?? { verdict: "yes", evidence: [] });
            },
            attach: (role: string) => {
                calls.push(`attach ${role}`);
                return Promise.resolve("attached");
            },
        },
    } as unknown as RunContext;
    return {
        calls,
        lines,
        opened,
        operation: {
            progress: () => undefined,
            open: (_: unknown, roleNames: readonly string[]) => {
                opened.push(roleNames);
                return Promise.resolve(context);
            },
        },
        /** The writes, in their order. */
        writes: () => calls.filter((call) => /^(annotate|release|remove|restart|attach)/.test(call)),
        seen,
        end: () => ({
            annotations: webhookAnnotations(seen()),
            carriers: seen()
                .cluster.pods.filter((one) => one.credentials.kind === "webIdentity")
                .map((one) => one.node),
        }),
    };
}
