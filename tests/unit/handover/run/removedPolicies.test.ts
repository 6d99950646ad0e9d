import { deepStrictEqual, rejects } from "node:assert/strict";
import { refusals } from "../../../../handover/model/refusals";
import type { RunContext } from "../../../../handover/observe/runContext";
import { refuseIfStillNeeded } from "../../../../handover/run/removedPolicies";
import { CNI_POLICY, FORMER_ROLE, OTHER_POLICY, ROLE, subject, world, onNodeRole } from "../support/worlds";

const before = { policyArns: [CNI_POLICY, OTHER_POLICY], roleUniqueId: "AROA1", subject };
const after = { ...before, policyArns: [CNI_POLICY] };
const LOGS = "--enable-cloudwatch-logs=true";

function check(
    now: typeof before,
    { cni = [] as string[], logs = [] as string[], nodeAgentArguments = [] as string[], daemonSet = true } = {},
) {
    const asked: unknown[] = [];
    const seen = world(onNodeRole).cluster;
    const cluster = {
        ...seen,
        daemonSet: daemonSet && seen.daemonSet ? { ...seen.daemonSet, nodeAgentArguments } : undefined,
    };
    const context = {
        aws: {
            missingGrants: (...args: unknown[]) => {
                asked.push(args);
                return Promise.resolve({ cni, logs });
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
