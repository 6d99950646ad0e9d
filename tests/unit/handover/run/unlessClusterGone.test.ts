import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { CredentialSource } from "../../../../handover/model/world";
import type { TurningOff } from "../../../../handover/model/turningOff";
import { isRefusal, NoConnection, Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { unlessClusterGone } from "../../../../handover/run/unlessClusterGone";
import {
    ACCOUNT,
    carrying,
    FORMER_ROLE,
    incomplete,
    ISSUER,
    MANAGER,
    onNodeRole,
    otherCarrier,
    pod,
    record,
    ROLE,
    ROLE_ARN,
    subject,
    world,
} from "../support/worlds";

const refusal = (code: string) => new Refusal(code, "Seen.", "Means.", "Fix.");
const noConnection = new NoConnection(refusal("cluster-unreachable"));
const named = { ...subject, clusterName: "prod" };
const OTHER = "oidc.eks.eu-west-1.amazonaws.com/id/B";

interface Seen {
    readonly forced?: boolean;
    /** How the cluster fails to identify itself. */
    readonly fails?: Error;
    readonly uid?: string;
    readonly pods?: readonly CredentialSource[];
    /** Whether a pod of another DaemonSet carries the role. */
    readonly others?: true;
    readonly turningOff?: TurningOff;
    /** Whether an update that turned the live checks off has annotated the service account. */
    readonly marked?: false;
    readonly owners?: readonly string[];
    /** Whether there is a service account. */
    readonly serviceAccount?: false;
    readonly eks?: "there" | "gone" | "unknown";
    readonly account?: string;
    readonly subject?: Partial<typeof named>;
    readonly named?: false;
}

async function run(seen: Seen) {
    const said: string[] = [];
    const opened: (boolean | undefined)[] = [];
    const annotated: unknown[] = [];
    let used = 0;
    let asked: unknown[] = [];
    const of = { ...(seen.named === false ? subject : named), ...seen.subject };
    const sources = seen.pods ?? [onNodeRole];
    const { cluster } = world(onNodeRole, {
        cluster: {
            uid: seen.uid ?? "cluster",
            pods: sources.map((source, index) => pod(`n${String(index)}`, source)),
            ...(seen.others === undefined ? {} : { otherCarriers: [otherCarrier("arm-1", ROLE)] }),
            serviceAccount:
                seen.serviceAccount === false
                    ? undefined
                    : {
                          uid: "account",
                          annotations: {
                              [ROLE_ARN]: ROLE,
                              ...(seen.marked === false ? {} : { "eks-cni/live-checks": "off" }),
                          },
                          roleArnOwners: seen.owners ?? [MANAGER],
                      },
        },
    });
    const context = {
        subject: of,
        progress: (line: string) => said.push(line),
        cluster: {
            identity: () => (seen.fails === undefined ? Promise.resolve({}) : Promise.reject(seen.fails)),
            look: () => Promise.resolve(cluster),
            annotate: (...parameters: unknown[]) => Promise.resolve(annotated.push(parameters)),
            close: () => undefined,
        },
        aws: {
            clusterStatus: (...parameters: unknown[]) => {
                asked = parameters;
                return Promise.resolve(seen.eks ?? "unknown");
            },
            callerAccount: () => Promise.resolve(seen.account ?? ACCOUNT),
        },
    } as unknown as RunContext;
    const operation = {
        progress: () => undefined,
        turningOff: (manager: string) => (manager === MANAGER ? seen.turningOff : undefined),
        open: (_inputs: unknown, _roles: unknown, _operation: unknown, impatient?: boolean) => {
            opened.push(impatient);
            return Promise.resolve(context);
        },
    };
    const inputs = { subject: of, record, forceDestroy: seen.forced ?? true };
    const error: unknown = await unlessClusterGone(inputs, [], operation, () => {
        used += 1;
        return Promise.resolve();
    }).catch((reason: unknown) => reason);
    return { error, said, opened, used, asked, annotated };
}

/** How a delete ends: `skipped`, `used`, or the code of its refusal. */
async function ending(seen: Seen): Promise<string> {
    const { error, used } = await run(seen);
    if (error !== undefined) {
        return isRefusal(error) ? error.code : (error as Error).message;
    }
    return used === 1 ? "used" : "skipped";
}

describe("A delete of a live check", () => {
    const rows: [string, Seen, string][] = [
        ["hands back a cluster that answers", { forced: false }, "used"],
        ["hands back, whatever carries the role", { forced: false, pods: [carrying(ROLE)] }, "used"],
        ["skips a cluster that EKS says is gone", { forced: false, fails: noConnection, eks: "gone" }, "skipped"],
        ["refuses where no server answers", { forced: false, fails: noConnection }, "cluster-unreachable"],
        [
            "refuses where EKS has the cluster",
            { forced: false, fails: noConnection, eks: "there" },
            "cluster-unreachable",
        ],
        [
            "refuses where EKS is asked in another account",
            { forced: false, fails: noConnection, eks: "gone", account: "999999999999" },
            "cluster-unreachable",
        ],
        [
            "refuses where the cluster's name is unknown",
            { forced: false, fails: noConnection, eks: "gone", named: false },
            "cluster-unreachable",
        ],
        ["passes on any other failure", { forced: false, fails: refusal("cluster-throttled") }, "cluster-throttled"],
        ["passes on an error", { fails: new Error("broken"), eks: "gone" }, "broken"],
        ["is skipped by force where no server answers", { fails: noConnection }, "skipped"],
        [
            "is skipped by force where no server answers although EKS has it",
            { fails: noConnection, eks: "there" },
            "skipped",
        ],
        ["is usual by force where the cluster answers and no pod carries the role", {}, "used"],
        ["is usual by force where pods carry another role", { pods: [carrying(FORMER_ROLE), onNodeRole] }, "used"],
        ["is usual by force without any pod", { pods: [] }, "used"],
        [
            "refuses force where a pod carries the role",
            { pods: [onNodeRole, carrying(ROLE)] },
            "force-destroy-with-pods",
        ],
        ["refuses force where a pod carries it in part", { pods: [incomplete(ROLE)] }, "force-destroy-with-pods"],
        [
            "refuses force where pods of another cluster carry it",
            { uid: "b", pods: [carrying(ROLE)] },
            "force-destroy-with-pods",
        ],
        [
            "refuses force on another cluster where EKS does not say that the original is gone",
            { uid: "b" },
            "cluster-changed",
        ],
        ["is skipped by force where EKS says the original is gone", { uid: "b", eks: "gone" }, "skipped"],
        ["refuses force on another cluster while EKS has the original", { uid: "b", eks: "there" }, "cluster-changed"],
        ["refuses force on another cluster without a name", { uid: "b", eks: "gone", named: false }, "cluster-changed"],
        ["refuses force where a pod of another DaemonSet carries it", { others: true }, "force-destroy-with-pods"],
        [
            "refuses force where one of another cluster does",
            { uid: "b", eks: "gone", others: true },
            "force-destroy-with-pods",
        ],
        ["is usual by force while other clusters are trusted", { subject: { issuers: [ISSUER, OTHER] } }, "used"],
        [
            "is usual by force where this run turns the live checks off",
            { turningOff: "annotated", pods: [carrying(ROLE)] },
            "used",
        ],
        ["refuses force after another run has turned them off", { pods: [carrying(ROLE)] }, "force-destroy-with-pods"],
        ["refuses where the program was registered alone", { turningOff: "registered" }, "turning-off-interrupted"],
        [
            "refuses so without force, too",
            { forced: false, turningOff: "registered", marked: false },
            "turning-off-interrupted",
        ],
        [
            "refuses so without a service account, too",
            { turningOff: "registered", serviceAccount: false },
            "turning-off-interrupted",
        ],
        [
            "minds another cluster before it refuses so",
            { forced: false, turningOff: "registered", uid: "b" },
            "cluster-changed",
        ],
        [
            "is skipped by force where no server answers, however the program registers",
            { turningOff: "registered", fails: noConnection },
            "skipped",
        ],
        [
            "refuses force on another cluster, whatever its annotations",
            { uid: "b", turningOff: "annotated", pods: [carrying(ROLE)] },
            "force-destroy-with-pods",
        ],
        ["passes on throttling by force", { fails: refusal("cluster-throttled"), eks: "gone" }, "cluster-throttled"],
    ];
    for (const [what, seen, expected] of rows) {
        it(what, async () => strictEqual(await ending(seen), expected));
    }

    for (const code of [
        "cluster-unreachable",
        "cluster-credentials-missing",
        "cluster-credentials-expired",
        "cluster-credentials-refused",
        "cluster-access-denied",
        "kubeconfig-invalid",
    ]) {
        it(`takes ${code} for no proof that the cluster is gone, unless EKS says so`, async () => {
            const fails = refusal(code);
            for (const forced of [true, false]) {
                strictEqual(await ending({ forced, fails, eks: "there" }), code);
                strictEqual(await ending({ forced, fails, eks: "unknown" }), code);
                strictEqual(await ending({ forced, fails, eks: "gone" }), "skipped");
            }
        });
    }

    it("counts the pods that would lose the role", async () => {
        const { error } = await run({ pods: [carrying(ROLE), carrying(ROLE), onNodeRole] });
        match(String(error), /the cluster answers, and 2 of its pods carry the role: pod-n0, pod-n1\./);
    });

    it("asks EKS for the cluster with the issuer that the role trusts", async () => {
        deepStrictEqual((await run({ fails: noConnection, forced: false, eks: "gone" })).asked, ["prod", ISSUER]);
        deepStrictEqual((await run({ uid: "b" })).asked, ["prod", ISSUER]);
    });

    it("waits for a cluster only briefly by force, and as long as ever otherwise", async () => {
        deepStrictEqual((await run({ fails: noConnection })).opened, [true]);
        deepStrictEqual((await run({})).opened, [true, false]);
        deepStrictEqual((await run({ forced: false })).opened, [false]);
        deepStrictEqual((await run({ turningOff: "annotated" })).opened, [true, false]);
    });

    it("removes the mark of an interrupted run, and no other annotation, before it refuses", async () => {
        const role = { [ROLE_ARN]: ROLE };
        deepStrictEqual((await run({ turningOff: "registered" })).annotated, [[role, false]]);
        deepStrictEqual((await run({ turningOff: "registered", marked: false })).annotated, []);
        deepStrictEqual((await run({ turningOff: "registered", owners: ["helm"] })).annotated, []);
        deepStrictEqual((await run({ turningOff: "annotated" })).annotated, []);
        deepStrictEqual((await run({})).annotated, []);
    });

    it("says why nothing is restored", async () => {
        const lines: [Seen, string[]][] = [
            [{}, ["forceDestroy is set, but the cluster answers: it is handed back, which restarts no pod"]],
            [
                { uid: "b", eks: "gone", subject: { issuers: [ISSUER, OTHER] } },
                [
                    "forceDestroy is set, another cluster answers, and EKS says that prod is gone: nothing is restored",
                    `The role also trusts ${OTHER}: pods there that still carry it fail without it`,
                ],
            ],
            [
                { fails: noConnection },
                ["forceDestroy is set, and the cluster does not answer: nothing is restored. Seen."],
            ],
            [
                { fails: noConnection, subject: { issuers: [ISSUER, OTHER, "c"] } },
                [
                    "forceDestroy is set, and the cluster does not answer: nothing is restored. Seen.",
                    `The role also trusts ${OTHER}, c: pods there that still carry it fail without it`,
                ],
            ],
            [
                { fails: refusal("cluster-access-denied"), eks: "gone" },
                ["The EKS cluster prod no longer exists: nothing to restore"],
            ],
            [
                { forced: false, fails: noConnection, eks: "gone", subject: { issuers: [ISSUER, OTHER] } },
                [
                    "The EKS cluster prod no longer exists: nothing to restore",
                    `The role also trusts ${OTHER}: pods there that still carry it fail without it`,
                ],
            ],
        ];
        for (const [seen, said] of lines) {
            deepStrictEqual((await run(seen)).said, said);
        }
    });

    it("says how to go on without access to the cluster", async () => {
        const kept = "Means. The cluster's pods may still carry the role, so nothing was removed.";
        const usual = (name: string) =>
            "Restore access to the cluster, and run pulumi destroy again (after a change of the argument kubeconfig, run pulumi up " +
            `first). Fix. If the cluster no longer exists (aws eks describe-cluster --name ${name} answers ResourceNotFoundException), ` +
            "set forceDestroy: true, run pulumi up, then pulumi destroy.";
        const forced =
            "forceDestroy looks at the cluster first, and counts it as gone only if no server answers, or if EKS says so. Fix. " +
            "After a change of the argument kubeconfig, run pulumi up first. Then run pulumi destroy again.";
        const fails = refusal("cluster-access-denied");
        for (const [seen, fix] of [
            [{ forced: false, fails }, usual("prod")],
            [{ forced: false, fails, named: false }, usual("CLUSTER")],
            [{ forced: true, fails }, forced],
        ] as const) {
            const { error } = await run(seen);
            ok(isRefusal(error));
            deepStrictEqual(
                [error.code, error.seen, error.means, error.fix],
                ["cluster-access-denied", "Seen.", kept, fix],
            );
        }
    });
});
