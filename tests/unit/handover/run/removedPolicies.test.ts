import { deepStrictEqual, rejects } from "node:assert/strict";
import { refusals } from "../../../../handover/model/refusals";
import type { ClusterSeen, PodSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { refuseIfStillNeeded, refuseWithoutLogs } from "../../../../handover/run/removedPolicies";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    node,
    onNodeRole,
    OTHER_POLICY,
    otherCarrier,
    pod,
    pods,
    ROLE,
    starting,
    subject,
    world,
} from "../support/worlds";

type ClusterSeenHere = Pick<ClusterSeen, "pods" | "nodes" | "otherCarriers">;

const before: Parameters<typeof refuseIfStillNeeded>[1] = {
    policyArns: [CNI_POLICY, OTHER_POLICY],
    roleUniqueId: "AROA1",
    subject,
};
const after = { ...before, policyArns: [CNI_POLICY] };
const LOGS = "--enable-cloudwatch-logs=true";

function check(
    now: typeof before,
    {
        cni = [],
        logs = [],
        nodeAgentArguments = [],
        daemonSet = true,
        ...more
    }: Partial<ClusterSeenHere> & {
        cni?: string[] | ((ipFamily: string) => string[]);
        logs?: string[];
        nodeAgentArguments?: string[];
        daemonSet?: boolean;
    } = {},
) {
    const asked: unknown[] = [];
    const seen = world(onNodeRole, { cluster: more }).cluster;
    const cluster = {
        ...seen,
        daemonSet: daemonSet && seen.daemonSet ? { ...seen.daemonSet, nodeAgentArguments } : undefined,
    };
    const context = {
        aws: {
            missingGrants: (...args: [string[], string]) => {
                asked.push(args);
                return Promise.resolve({ cni: typeof cni === "function" ? cni(args[1]) : cni, logs });
            },
        },
        cluster: {
            look: () => {
                asked.push("cluster");
                return Promise.resolve(cluster);
            },
        },
    } as unknown as RunContext;
    return { checked: refuseIfStillNeeded(context, before, now), asked };
}

describe("A policy that an update takes away from the role", () => {
    it("is refused while the rest does not suffice for the CNI", async () => {
        const { checked } = check(after, { cni: ["ec2:A", "ec2:B"] });
        const { message } = refusals.policyStillNeeded([OTHER_POLICY], ROLE, ["ec2:A", "ec2:B"], false);
        await rejects(checked, { message });
    });

    it("is refused while network policy logs need it", async () => {
        const { checked } = check(after, { logs: ["logs:A"], nodeAgentArguments: [LOGS] });
        const { message } = refusals.policyStillNeeded([OTHER_POLICY], ROLE, ["logs:A"], true);
        await rejects(checked, { message });
        const both = check(after, { cni: ["ec2:A"], logs: ["logs:A"], nodeAgentArguments: [LOGS] });
        await rejects(both.checked, {
            message: refusals.policyStillNeeded([OTHER_POLICY], ROLE, ["ec2:A", "logs:A"], false).message,
        });
    });

    it("goes if the rest suffices, and the cluster is not asked", async () => {
        const { checked, asked } = check(after);
        await checked;
        deepStrictEqual(asked, [[[CNI_POLICY], "ipv4"]]);
    });

    it("goes if no network policy logs are written", async () => {
        for (const more of [{}, { nodeAgentArguments: ["--enable-cloudwatch-logs=false"] }, { daemonSet: false }]) {
            await check(after, { logs: ["logs:A"], ...more }).checked;
        }
    });

    it("is missed before anything moves, if an update that failed before has left it on the role", async () => {
        const logs = (nodeAgentArguments: string[], policyArns = [CNI_POLICY], missing = ["logs:A"]) => {
            const { daemonSet } = world(onNodeRole).cluster;
            const asked: unknown[] = [];
            const missingGrants = (...args: unknown[]) => {
                asked.push(args);
                return Promise.resolve({ cni: [], logs: missing });
            };
            const seen = daemonSet && { ...daemonSet, nodeAgentArguments };
            const context = { aws: { missingGrants } } as unknown as RunContext;
            const cluster = { ...world(onNodeRole).cluster, daemonSet: seen };
            return { checked: refuseWithoutLogs(context, { policyArns, subject }, cluster), asked };
        };
        await rejects(logs([LOGS]).checked, { message: refusals.nodeAgentLogs().message });
        for (const { checked, asked } of [logs([]), logs([LOGS], [])]) {
            await checked;
            deepStrictEqual(asked, []);
        }
        const granted = logs([LOGS], [CNI_POLICY], []);
        await granted.checked;
        deepStrictEqual(granted.asked, [[[CNI_POLICY], "ipv4"]]);
    });

    describe("of the former IP family", () => {
        const family = { ...after, policyArns: [OTHER_POLICY], subject: { ...subject, ipFamily: "ipv6" as const } };
        const { message } = refusals.ipFamilyNarrows([CNI_POLICY], ROLE, "ipv4", ["ec2:A"]);
        const ofFamily = (ipFamily: string) => (ipFamily === "ipv4" ? ["ec2:A"] : []);
        const on = (...seen: PodSeen[]) => ({ cni: ofFamily, pods: pods(onNodeRole, ...seen) });

        it("is refused while a pod works with the role", async () => {
            await rejects(check(family, on(pod("n1", carrying(ROLE)))).checked, { message });
        });

        it("is refused while a pod carries it on a node that is NotReady, or one of another DaemonSet does", async () => {
            const nodes = [node("n1", { ready: false }), node("n2"), node("n3")];
            await rejects(check(family, { ...on(pod("n1", carrying(ROLE), starting)), nodes }).checked, { message });
            await rejects(check(family, { ...on(), otherCarriers: [otherCarrier("arm", ROLE)] }).checked, { message });
        });

        it("goes if no pod works with the role: the update may be the cure", async () => {
            for (const seen of [pod("n1", onNodeRole), pod("n1", carrying(ROLE), starting)]) {
                await check(family, on(seen)).checked;
            }
        });

        it("goes if the policies that stay grant the actions of both", async () => {
            const { checked, asked } = check(family, { pods: pods(carrying(ROLE)) });
            await checked;
            deepStrictEqual(asked, [
                [[OTHER_POLICY], "ipv4"],
                [[OTHER_POLICY], "ipv6"],
            ]);
        });
    });

    it("is not looked at if none goes, or another role is proved as it is", async () => {
        for (const now of [
            before,
            { ...before, policyArns: [...before.policyArns, "more"] },
            { ...after, roleUniqueId: "AROA2" },
            { ...after, subject: { ...subject, roleArn: FORMER_ROLE } },
        ]) {
            const { checked, asked } = check(now, { cni: ["ec2:A"] });
            await checked;
            deepStrictEqual(asked, []);
        }
    });
});
