import type { Program } from "./engine";
import type { Fault } from "./faults";
import type { Happening, Scenario, Turn } from "./modelRun";

const program = (roleName: string): Program => ({ roleName, detachFromNodeRoles: ["a", "b"] });
const up = (roleName: string, killedAt?: number): Turn => ({
    operation: { do: "up", refresh: false, program: program(roleName) },
    faults: [],
    killedAt,
});
const destroy = (killedAt: number): Turn => ({ operation: { do: "destroy" }, faults: [], killedAt });
const nothing: Turn = { operation: { do: "nothing" }, faults: [], killedAt: undefined };
const upAs = (of: Partial<Program>): Turn => ({
    operation: { do: "up", refresh: false, program: { roleName: "cni", detachFromNodeRoles: undefined, ...of } },
    faults: [],
    killedAt: undefined,
});
const during = (turn: Turn, ...faults: [after: number, fault: Happening][]): Turn => ({
    ...turn,
    faults: faults.map(([after, fault]) => ({ after, fault })),
});
const of = (...turns: Turn[]): Scenario => ({ nodes: [], strategy: "RollingUpdate", turns, last: program("cni") });
const webhookLate = (milliseconds: number): Fault => ({ kind: "webhookLate", milliseconds });
const nodeJoins: Fault = { kind: "nodeJoins", role: "a" };

/** Sequences in which a pod once lost its path. Random runs found them; every run plays them again. */
export const foundBefore: readonly Scenario[] = [
    // A killed canary carries a role that was approved before, and the role before it returns: nothing after the guard differed.
    of(up("next", 24), up("cni"), up("next", 49), up("cni")),
    // A canary fails after a killed destroy: it returned to a role that an earlier update had deleted.
    of(up("cni"), up("next"), destroy(53), up("bad2")),
    // A killed run moved a pod to a former role, and the program returns to the present one.
    ...Array.from({ length: 40 }, (_, index) => of(up("cni"), up("next"), up("cni"), up("next", 3 * index), up("cni"))),
    // A canary fails after a killed destroy, for another reason than its role: it returned to the role that an earlier update had deleted.
    ...Array.from({ length: 20 }, (_, index) =>
        of(up("next"), up("cni"), destroy(20 + 2 * index), during(up("cni"), [0, { kind: "subnetCloses", which: 0 }])),
    ),
    // A killed canary, and a pod that a joining node got, were restarted. Both worked again, and both became the canary at once.
    of(
        up("bad2", 31),
        during(nothing, [0, nodeJoins], [35_500, webhookLate(12_000)]),
        during(up("cni"), [0, { kind: "webhookDown" }]),
    ),
    // Two runs were killed at their canaries, and the node of the first was NotReady meanwhile: the second cannot wait for it.
    {
        ...of(
            during(up("bad2", 47), [0, webhookLate(4000)], [11_000, { kind: "nodeNotReady", which: 0 }]),
            up("bad2", 5),
            nothing,
        ),
        nodes: ["a"],
    },
    // Under a fixed name, another IP family took the policy of the former one away from pods that worked with the role.
    of(upAs({}), upAs({ ipFamily: "ipv6", unnamedCluster: true })),
    // The policy of a first update, which was refused, hid from the canary that the wrong family's policy does not suffice.
    {
        ...of(upAs({}), upAs({ ipFamily: "ipv6", unnamedCluster: true, additionalPolicyArns: ["logs"] })),
        last: { ...program("cni"), additionalPolicyArns: ["logs"] },
        writesLogs: true,
    },
    // No pod carried the role yet, but the service account was annotated: the next pod got a role that no longer trusted it.
    of({ ...upAs({}), killedAt: 25 }, upAs({ wrongIssuer: true }), during(nothing, [2500, nodeJoins])),
    // A killed rollout left two broken pods in one place. The webhook was down as they restarted, so that both worked, and became canaries.
    {
        ...of(
            { operation: { do: "destroy" }, faults: [{ after: 6250, fault: nodeJoins }], killedAt: 0 },
            during(up("bad", 39), [7750, { kind: "webhookDown" }]),
            up("cni"),
        ),
        maxUnavailable: 2,
    },
];

/** The service account that the plugin has moved to gets another tool's role, and the component hands back the one of before. */
const foreignPods: Program = {
    ...program("cni"),
    detachFromNodeRoles: ["a", "b", "c"],
    otherIssuers: ["oidc.eks.eu-west-1.amazonaws.com/id/C"],
    ownNodeRoles: ["c"],
    follows: true,
};

/** The same, with other clusters, node roles of the program, and other DaemonSets. */
export const foundWithNeighbours: readonly Scenario[] = [
    // The hand-back waits for the pods that got the other tool's role. The operator has to restart them.
    {
        ...of(
            during(upAs({ ...foreignPods, otherIssuers: [], ownNodeRoles: [], detachFromNodeRoles: ["a", "b"] }), [
                1000,
                { kind: "idleRoleScaled", up: true },
            ]),
            {
                ...during({ ...upAs(foreignPods), killedAt: 0 }, [0, { kind: "roleAnnotated" }]),
                moves: ["daemonSetRenamed", "serviceAccountChanged"],
            },
            {
                ...during(upAs(foreignPods), [0, { kind: "webhookDown" }], [0, nodeJoins]),
                moves: ["daemonSetRenamed"],
            },
        ),
        policyMilliseconds: 1000,
        last: foreignPods,
        more: true,
    },
];
