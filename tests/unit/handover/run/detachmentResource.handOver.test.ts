import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { LIVE_CHECKS_ANNOTATION, LIVE_CHECKS_OFF } from "../../../../documents/serviceAccountAnnotations";
import type { UndecidedActions, UndecidedRequest } from "../../../../handover/model/proof";
import { refusals } from "../../../../handover/model/refusals";
import type { TurningOff } from "../../../../handover/model/turningOff";
import type { AccountSeen, ClusterSeen, NodeRoleSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { detachment, DetachmentInputs, DetachmentOutputs } from "../../../../handover/run/detachmentResource";
import {
    carrying,
    CNI_POLICY,
    node,
    nodeRole,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    starting,
    subject,
    terminating,
    withoutPolicies,
    world,
} from "../support/worlds";
import { attachedAgain, BLUE, GREEN, sharedWith, usedBy } from "../support/sharedNodeRoles";
import { simulate } from "./simulatedCluster";

const verifying: DetachmentInputs = {
    subject,
    record,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 3600,
    forceDestroy: false,
    drift: "none",
    approvedRole: ROLE,
    delivered: "d",
    injectionGuard: true,
    stableSeconds: 20,
    maxNotReadyNodes: 0,
};
const inputs = { ...verifying, detachFromNodeRoles: ["nodes"] };
const state: DetachmentInputs & DetachmentOutputs = {
    ...inputs,
    verifiedPods: 7,
    detachedFrom: ["nodes"],
    remainingSteps: ["a step"],
};
const keptOutputs = { verifiedPods: 7, detachedFrom: ["nodes"], remainingSteps: ["a step"] };

const GUARD = { present: true, inForce: true, roleArns: [ROLE] };

interface Seen {
    readonly cluster?: Partial<ClusterSeen>;
    readonly nodeRoles?: readonly NodeRoleSeen[];
    readonly turningOff?: TurningOff;
    /** What is not decided at each question, then nothing. */
    readonly undecided?: readonly UndecidedActions[];
    /** What a look into all regions shows instead. */
    readonly elsewhere?: Partial<AccountSeen>;
}

/** A cluster whose pods all carry the role, and an account that carries out what it is asked to. */
function live({ cluster = {}, nodeRoles = [nodeRole()], turningOff, elsewhere = {}, undecided = [] }: Seen = {}) {
    const asked: UndecidedRequest[] = [];
    const searched: boolean[] = [];
    const calls: string[] = [];
    const lines: string[] = [];
    const warnings: string[] = [];
    const opened: (readonly string[])[] = [];
    let now = NOW;
    let roles = nodeRoles;
    const change = (name: string, cniPolicies: NodeRoleSeen["cniPolicies"]) => {
        roles = roles.map((role) => (role.name === name ? { ...role, cniPolicies } : role));
    };
    const seen = () =>
        world(carrying(ROLE), { cluster: { injectionGuard: GUARD, ...cluster }, account: { nodeRoles: roles } });
    const context = {
        subject,
        roleNames: [],
        now: () => now,
        progress: (line: string) => lines.push(line),
        warn: (line: string) => warnings.push(line),
        sleep: (milliseconds: number) => Promise.resolve((now += milliseconds)),
        ...(turningOff === undefined ? {} : { turningOff }),
        cluster: {
            look: () => Promise.resolve(seen().cluster),
            identity: () => Promise.resolve({}),
            change: () => Promise.resolve((now += 2000)),
            testAdmission: (roleArn: string | undefined) => {
                calls.push(`test ${String(roleArn)}`);
                return Promise.resolve({ verdict: "refused" });
            },
            clustersInKubeconfig: () => ["prod"],
            requestToken: () => Promise.resolve("token"),
            close: () => undefined,
        },
        aws: {
            undecidedActions: (request: UndecidedRequest) => {
                asked.push(request);
                return Promise.resolve(undecided[asked.length - 1]);
            },
            look: ({ searchElsewhere }: { readonly searchElsewhere: boolean }) => {
                searched.push(searchElsewhere);
                return Promise.resolve({ ...seen().account, ...(searchElsewhere ? elsewhere : {}) });
            },
            namedCluster: () => Promise.resolve({ is: "there", issuer: subject.issuers[0] }),
            otherDelivery: () => Promise.resolve({ addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] }),
            attach: (name: string, policyArn: string) => {
                calls.push(`attach ${name} ${policyArn}`);
                change(name, [{ arn: policyArn, kind: "cni", sufficient: true }]);
                return Promise.resolve("attached");
            },
            detach: (name: string, policyArn: string) => {
                calls.push(`detach ${name} ${policyArn}`);
                change(name, []);
                return Promise.resolve();
            },
        },
    } as unknown as RunContext;
    const operation = {
        progress: (line: string) => lines.push(line),
        open: (_: unknown, roleNames: readonly string[]) => {
            opened.push(roleNames);
            return Promise.resolve(context);
        },
    };
    return {
        operation,
        calls,
        lines,
        warnings,
        opened,
        searched,
        asked,
        changes: () => calls.filter((call) => !call.startsWith("test")),
    };
}

const DETACHED = `detach nodes ${CNI_POLICY}`;

describe("The detachment, when it hands over", () => {
    it("tests the injection guard, detaches the policy, and returns what it has seen", async () => {
        const { operation, calls, opened, lines } = live();
        deepStrictEqual(await detachment.create(inputs, operation), {
            verifiedPods: 3,
            detachedFrom: ["nodes"],
            remainingSteps: [],
        });
        deepStrictEqual(calls, [...Array.from({ length: 5 }, () => "test undefined"), DETACHED]);
        deepStrictEqual(opened, [["nodes"]]);
        strictEqual(lines[0], "testing by dry runs that the injection guard refuses a pod without the role");
    });

    it("tests no injection guard that the program does not ask for", async () => {
        const { operation, calls } = live({ cluster: { injectionGuard: { present: false, inForce: false } } });
        await detachment.create({ ...inputs, injectionGuard: false }, operation);
        deepStrictEqual(calls, [DETACHED]);
    });

    it("tests no injection guard where nothing is left to detach", async () => {
        const { operation, calls } = live({ nodeRoles: [nodeRole(withoutPolicies)] });
        deepStrictEqual((await detachment.create(inputs, operation)).detachedFrom, ["nodes"]);
        deepStrictEqual(calls, []);
    });

    const WATCHING = "the policies are detached from nodes; watching the pods for 20 s";
    const alreadyDetached = { nodeRoles: [nodeRole(withoutPolicies)] };

    it("watches the pods after a detachment that may be of a run that was killed right after it", async () => {
        const { operation, lines } = live(alreadyDetached);
        await detachment.create(inputs, operation);
        strictEqual(lines.includes(WATCHING), true);
    });

    const updates: [string, Partial<DetachmentInputs>, boolean][] = [
        ["does not watch them again in an update after a finished one", { handedOverClusterArns: ["arn"] }, false],
        ["watches them in an update to another delivery, which may have attached policies", { delivered: "e" }, true],
        ["watches them in an update to another role", { approvedRole: "b" }, true],
        ["watches them after another rollout, which may have attached policies", { rollouts: 2 }, true],
        ["watches them in the repair of drift", { drift: "d" }, true],
    ];
    for (const [what, next, isWatched] of updates) {
        it(what, async () => {
            const { operation, lines } = live(alreadyDetached);
            await detachment.update(state, { ...inputs, ...next }, operation);
            strictEqual(lines.includes(WATCHING), isWatched);
        });
    }

    it("detaches nothing without detachFromNodeRoles, and says what is left to do", async () => {
        const { operation, calls } = live({ cluster: { injectionGuard: { present: false, inForce: false } } });
        const { detachedFrom, remainingSteps } = await detachment.create(
            { ...verifying, injectionGuard: false, record: { ...record, namedNodeRoles: [] } },
            operation,
        );
        deepStrictEqual([detachedFrom, calls], [[], []]);
        match(remainingSteps.join(), /^\[detach\] The node role nodes still holds the CNI policy/);
    });

    it("names only the listed roles that exist, and does not count the terminating pod of a lost node", async () => {
        const { operation } = live({
            cluster: {
                nodes: [node("n1"), node("n2"), node("n3", { ready: false })],
                pods: pods(carrying(ROLE), pod("n3", carrying(ROLE), terminating)),
            },
            nodeRoles: [
                nodeRole(withoutPolicies),
                nodeRole({ ...withoutPolicies, name: "other" }),
                nodeRole({ ...withoutPolicies, name: "gone", exists: false }),
            ],
        });
        const named = { ...inputs, maxNotReadyNodes: 1, detachFromNodeRoles: ["nodes", "gone"] };
        const { verifiedPods, detachedFrom } = await detachment.create(named, operation);
        deepStrictEqual([verifiedPods, detachedFrom], [2, ["nodes"]]);
    });

    it("gives a recorded role that left the list its policies back, and reads listed and recorded roles", async () => {
        const { operation, changes, opened } = live({
            nodeRoles: [nodeRole(withoutPolicies), nodeRole({ ...withoutPolicies, name: "left" })],
        });
        const left = { left: [CNI_POLICY], ...record.nodeRolePolicies };
        const two = { ...record, namedNodeRoles: ["left", "nodes"], nodeRolePolicies: left };
        const { detachedFrom } = await detachment.create(
            { ...inputs, record: two, detachFromNodeRoles: ["new", "nodes"] },
            operation,
        );
        deepStrictEqual(changes(), [`attach left ${CNI_POLICY}`]);
        deepStrictEqual(opened, [["left", "nodes", "new"]]);
        deepStrictEqual(detachedFrom, ["nodes"]);
    });

    it("warns about an idle role of the same program, which gets nothing back", async () => {
        const idle = nodeRole({ ...withoutPolicies, name: "idle", instancesOfCluster: [] });
        const { operation, changes, lines } = live({ nodeRoles: [nodeRole(withoutPolicies), idle] });
        const own = {
            ...record,
            namedNodeRoles: ["idle", "nodes"],
            nodeRolePolicies: { idle: [CNI_POLICY], ...record.nodeRolePolicies },
            ownNodeRoles: ["idle"],
        };
        await detachment.create({ ...inputs, record: own }, operation);
        deepStrictEqual(changes(), []);
        match(lines.join("\n"), /warning: idle has no nodes and belongs to this program/);
    });

    it("ends at the limit of the verification", async () => {
        const { operation } = live({ cluster: { pods: pods(carrying(ROLE), pod("n1", carrying(ROLE), starting)) } });
        const timeouts = { ...DEFAULT_TIMEOUTS, verificationSeconds: 30 };
        await rejects(
            detachment.create({ ...inputs, timeouts }, operation),
            ({ message }: Error) =>
                message.startsWith("[time-limit] The verification of all pods reached its limit of 30 s.") &&
                message.includes("timeouts.verificationSeconds"),
        );
    });
});

describe("The detachment from a node role that other clusters use", () => {
    const tests = Array.from({ length: 5 }, () => "test undefined");
    const named = { handedOverClusterArns: [BLUE] };

    it("tests the injection guard, detaches nothing, and names the clusters of all regions", async () => {
        const elsewhere = { nodeRoles: [sharedWith([BLUE, GREEN])] };
        const { operation, calls, searched } = live({ nodeRoles: [sharedWith([BLUE])], elsewhere });
        deepStrictEqual(await detachment.create(inputs, operation), {
            verifiedPods: 3,
            detachedFrom: [],
            remainingSteps: [usedBy([BLUE, GREEN])],
        });
        deepStrictEqual(calls, tests);
        strictEqual(searched.at(-1), true);
    });

    it("verifies the pods once more after that test", async () => {
        const { operation, searched } = live({ nodeRoles: [sharedWith([BLUE])] });
        await detachment.create(inputs, operation);
        deepStrictEqual(searched, [false, false, true]);
    });

    it("tests no injection guard that the program does not ask for", async () => {
        const none = { injectionGuard: { present: false, inForce: false } };
        const { operation, calls } = live({ cluster: none, nodeRoles: [sharedWith([BLUE])] });
        const { remainingSteps } = await detachment.create({ ...inputs, injectionGuard: false }, operation);
        deepStrictEqual([calls, remainingSteps], [[], [usedBy([BLUE])]]);
    });

    it("is left for later also if only a look into all regions shows the other clusters", async () => {
        const { operation, calls } = live({ elsewhere: { nodeRoles: [sharedWith([GREEN])] } });
        const { detachedFrom, remainingSteps } = await detachment.create(inputs, operation);
        deepStrictEqual([detachedFrom, remainingSteps], [[], [usedBy([GREEN])]]);
        deepStrictEqual(
            calls.filter((call) => !call.startsWith("test")),
            [],
        );
    });

    it("goes on where every cluster is named", async () => {
        const { operation, changes } = live({ nodeRoles: [sharedWith([BLUE])] });
        const { detachedFrom, remainingSteps } = await detachment.create({ ...inputs, ...named }, operation);
        deepStrictEqual([changes(), detachedFrom, remainingSteps], [[DETACHED], ["nodes"], []]);
    });

    it("tests the injection guard once if it detaches from another role", async () => {
        const more = {
            namedNodeRoles: ["nodes", "more"],
            nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] },
        };
        const { operation, calls } = live({ nodeRoles: [sharedWith([BLUE]), nodeRole({ name: "more" })] });
        const { detachedFrom, remainingSteps } = await detachment.create(
            { ...inputs, detachFromNodeRoles: ["nodes", "more"], record: { ...record, ...more } },
            operation,
        );
        deepStrictEqual(calls, [...tests, `detach more ${CNI_POLICY}`]);
        deepStrictEqual([detachedFrom, remainingSteps], [["more"], [usedBy([BLUE])]]);
    });

    const former: typeof state = { ...state, ...named, remainingSteps: [] };
    const rows: [string, Partial<DetachmentInputs>, Partial<typeof former>, string[]][] = [
        ["stays attached if another run has attached it again", { drift: "d" }, {}, []],
        [
            "stays attached in the next update as well",
            { drift: "d" },
            { detachedFrom: [], remainingSteps: [attachedAgain(BLUE)] },
            [],
        ],
        [
            "is detached again if the last update did not name the clusters",
            {},
            { handedOverClusterArns: [] },
            [DETACHED],
        ],
        ["stays attached with another role, if the credential guard found it attached", { approvedRole: "b" }, {}, []],
        [
            "is detached again with another role, if the credential guard had attached it",
            { approvedRole: "b", record: { ...record, foundDetached: ["nodes"] } },
            {},
            [DETACHED],
        ],
        [
            "stays attached with the same role, whatever the credential guard found",
            { record: { ...record, foundDetached: ["nodes"] } },
            {},
            [],
        ],
    ];
    for (const [what, next, before, changed] of rows) {
        it(what, async () => {
            const { operation, changes } = live({ nodeRoles: [sharedWith([BLUE])] });
            const outputs = await detachment.update(
                { ...former, ...before },
                { ...inputs, ...named, ...next },
                operation,
            );
            deepStrictEqual(changes(), changed);
            const isKept = changed.length === 0;
            deepStrictEqual(outputs.remainingSteps, isKept ? [attachedAgain(BLUE)] : []);
            deepStrictEqual(outputs.detachedFrom, isKept ? [] : ["nodes"]);
        });
    }

    it("stays attached if another run attaches it while this one watches the pods", async () => {
        const seen = live({ nodeRoles: [sharedWith([BLUE])] });
        const context = await seen.operation.open(undefined, []);
        let attaches = 0;
        const change = async () => {
            const { account } = { account: await context.aws.look({} as never) };
            if (account.nodeRoles[0]?.cniPolicies.length === 0 && attaches === 0) {
                attaches += 1;
                await context.aws.attach("nodes", CNI_POLICY);
            }
            await context.sleep(2000);
        };
        const open = () => Promise.resolve({ ...context, cluster: { ...context.cluster, change } } as RunContext);
        const { detachedFrom, remainingSteps } = await detachment.create(
            { ...inputs, ...named },
            { ...seen.operation, open },
        );
        deepStrictEqual(seen.changes(), [DETACHED, `attach nodes ${CNI_POLICY}`]);
        deepStrictEqual([detachedFrom, remainingSteps], [[], [attachedAgain(BLUE)]]);
    });
});

describe("The detachment, where a writing action of the plugin is not decided", () => {
    const tests = Array.from({ length: 5 }, () => "test undefined");
    const undecided = { actions: ["ec2:CreateTags"], why: "Nothing shows it.", fix: "Allow it." };
    const UNPROVED = `[unproved] nodes keeps ${CNI_POLICY}. Nothing shows it. Allow it.`;
    const request = { roleArn: ROLE, ipFamily: "ipv4", instanceId: "i-n1", settings: undefined };
    const kept = { ...state, detachedFrom: [], remainingSteps: [UNPROVED] };

    it("verifies the pods, leaves the policies, and says so in the remaining steps and in the last line", async () => {
        const { operation, calls, asked, lines } = live({ undecided: [undecided] });
        deepStrictEqual(await detachment.create(inputs, operation), {
            verifiedPods: 3,
            detachedFrom: [],
            remainingSteps: [UNPROVED],
        });
        deepStrictEqual(calls, tests);
        deepStrictEqual(asked, [{ ...request, token: "token" }]);
        strictEqual(lines.at(-1), "3 pods carry the role; nodes keeps its policies");
    });

    it("asks about nothing if there is nothing to detach, or another reason to keep it", async () => {
        for (const nodeRoles of [[nodeRole(withoutPolicies)], [sharedWith([BLUE])]]) {
            const { operation, asked } = live({ nodeRoles, undecided: [undecided] });
            await detachment.create(inputs, operation);
            deepStrictEqual(asked, []);
        }
    });

    it("asks without a session with proof: off, and with the settings of the plugin", async () => {
        const { daemonSet } = world(carrying(ROLE)).cluster;
        const settings = { ENABLE_IMDS_ONLY_MODE: true };
        const cluster = daemonSet === undefined ? {} : { daemonSet: { ...daemonSet, settings } };
        for (const [proof, token] of [
            ["off", undefined],
            ["assumeRole", "token"],
            ["full", "token"],
        ] as const) {
            const { operation, asked, changes } = live({ cluster });
            await detachment.create({ ...inputs, proof }, operation);
            deepStrictEqual(asked, [{ ...request, settings, token }]);
            deepStrictEqual(changes(), [DETACHED]);
        }
    });

    it("keeps the reason of each role if other clusters use one of them", async () => {
        const more = {
            namedNodeRoles: ["nodes", "more"],
            nodeRolePolicies: { nodes: [CNI_POLICY], more: [CNI_POLICY] },
        };
        const nodeRoles = [sharedWith([BLUE]), nodeRole({ name: "more" })];
        const { operation, changes } = live({ nodeRoles, undecided: [undecided, undecided] });
        const { detachedFrom, remainingSteps } = await detachment.create(
            { ...inputs, detachFromNodeRoles: ["nodes", "more"], record: { ...record, ...more } },
            operation,
        );
        deepStrictEqual(
            [changes(), detachedFrom, remainingSteps],
            [[], [], [usedBy([BLUE]), UNPROVED.replace("nodes", "more")]],
        );
    });

    it("is drift in a refresh once it is decided, and none before", async () => {
        const open = live({ undecided: [{ ...undecided, why: "Other words." }] });
        deepStrictEqual((await detachment.read(kept, open.operation)).drift, "none");
        deepStrictEqual(open.asked, [{ ...request, token: "token" }]);
        const decided = live();
        const { drift } = await detachment.read({ ...kept, proof: "off" }, decided.operation);
        strictEqual(
            drift,
            `${CNI_POLICY} is attached to nodes. Run pulumi up --refresh: it detaches ${CNI_POLICY} from nodes.`,
        );
        deepStrictEqual(decided.asked, [{ ...request, token: undefined }]);
        const { operation, changes } = live();
        const { remainingSteps } = await detachment.update({ ...kept, drift }, inputs, operation);
        deepStrictEqual([changes(), remainingSteps], [[DETACHED], []]);
    });

    it("is not asked about in a refresh after another result", async () => {
        const { operation, asked } = live();
        await detachment.read({ ...kept, remainingSteps: [usedBy([BLUE])] }, operation);
        deepStrictEqual(asked, []);
    });

    it("is noticed in a refresh if another run has detached the policies", async () => {
        const { operation } = live({ nodeRoles: [nodeRole(withoutPolicies)], undecided: [undecided] });
        match(
            (await detachment.read(kept, operation)).drift,
            /^nodes no longer holds the policy: another run has detached it\./,
        );
    });

    it("is asked about with another proof, which changes nothing otherwise", async () => {
        const after = live();
        await detachment.update(kept, { ...inputs, proof: "off" }, after.operation);
        deepStrictEqual(after.changes(), [DETACHED]);
        const other = live();
        await detachment.update(state, { ...inputs, proof: "off" }, other.operation);
        deepStrictEqual([other.opened, other.changes()], [[], []]);
    });
});

describe("An update of the detachment", () => {
    const acting: Partial<DetachmentInputs>[] = [
        { subject: { ...subject, component: "another" } },
        { record: { ...record, approvedRoleArns: [ROLE, `${ROLE}-2`] } },
        { approvedRole: `${ROLE}-2` },
        { delivered: "another" },
        { detachFromNodeRoles: ["nodes", "more"] },
        { handedOverClusterArns: ["arn"] },
        { injectionGuard: false },
    ];
    for (const change of acting) {
        it(`looks at the cluster when ${String(Object.keys(change)[0])} has changed`, async () => {
            const { operation, opened } = live({ nodeRoles: [nodeRole(withoutPolicies)] });
            await detachment.update(state, { ...inputs, ...change }, operation).catch(() => undefined);
            strictEqual(opened.length, 1);
        });
    }

    it("looks at the cluster when a refresh has found drift", async () => {
        const { operation, opened } = live({ nodeRoles: [nodeRole(withoutPolicies)] });
        const outputs = await detachment.update({ ...state, drift: "a pod" }, inputs, operation);
        deepStrictEqual([outputs.verifiedPods, opened], [3, [["nodes"]]]);
    });

    it("only saves any other change", async () => {
        const { operation, opened } = live();
        const others = { stableSeconds: 1, maxNotReadyNodes: 2, iamPropagationSeconds: 1, forceDestroy: true };
        deepStrictEqual(await detachment.update(state, { ...inputs, ...others }, operation), keptOutputs);
        deepStrictEqual(opened, []);
    });

    it("gives policies back also with another role, before it verifies", async () => {
        const { operation, changes } = live({ nodeRoles: [nodeRole({ ...withoutPolicies })] });
        const before = { ...state, approvedRole: `${ROLE}-before` };
        await detachment.update(before, { ...inputs, detachFromNodeRoles: [] }, operation).catch(() => undefined);
        deepStrictEqual(changes()[0], `attach nodes ${CNI_POLICY}`);
    });
});

describe("A refresh of the detachment", () => {
    it("keeps its outputs, and does not wait until pods are stable", async () => {
        const young = pods(carrying(ROLE), pod("n1", carrying(ROLE), { readySince: NOW - 1 }));
        const { operation, opened, lines } = live({ cluster: { pods: young }, nodeRoles: [nodeRole(withoutPolicies)] });
        deepStrictEqual(await detachment.read(state, operation), { outputs: keptOutputs, drift: "none" });
        deepStrictEqual([opened, lines], [[["nodes"]], []]);
    });

    it("shows drift as a warning, and returns it", async () => {
        const { operation, calls, lines, warnings } = live();
        const { outputs, drift } = await detachment.read(state, operation);
        match(drift, /is attached to nodes again\. .* Run pulumi up --refresh: it detaches \S+ from nodes\.$/);
        deepStrictEqual([outputs, lines, warnings, calls], [keptOutputs, [], [drift], []]);
    });
});

describe("The delete of the detachment", () => {
    it("changes nothing, also when the live checks are turned off: the credential guard gives the policies back", async () => {
        const annotations = { [ROLE_ARN]: ROLE, [LIVE_CHECKS_ANNOTATION]: LIVE_CHECKS_OFF };
        for (const seen of [{}, { turningOff: "annotated" as const }]) {
            const { operation, calls, lines } = live({
                cluster: { serviceAccount: { ...serviceAccount, annotations } },
                nodeRoles: [nodeRole(withoutPolicies)],
                ...seen,
            });
            await detachment.delete(state, operation);
            deepStrictEqual([calls, lines], [[], []]);
        }
    });

    it("refuses another cluster", async () => {
        const { operation } = live({ cluster: { uid: "another" } });
        await rejects(detachment.delete(state, operation), refusals.clusterChanged("cluster", "another"));
    });
});

describe("A verification that restarts pods", () => {
    it("takes as long as it has waves, each with its own limit", async () => {
        const nodes = Array.from({ length: 9 }, (_, nth) => node(`n${String(nth + 1)}`));
        const simulated = simulate({
            nodes,
            pods: nodes.map(({ name }) => pod(name, name === "n1" ? carrying(ROLE) : onNodeRole)),
        });
        const began = simulated.seen().at;
        const verificationSeconds = 20;
        const short = { ...verifying, injectionGuard: false, stableSeconds: 0 };
        const { verifiedPods } = await detachment.create(
            { ...short, timeouts: { ...DEFAULT_TIMEOUTS, verificationSeconds } },
            simulated.operation,
        );
        strictEqual(verifiedPods, 9);
        ok(simulated.seen().at - began > 2 * verificationSeconds * 1000);
    });
});
