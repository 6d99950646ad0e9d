import { deepStrictEqual, rejects } from "node:assert/strict";
import type { Admission } from "../../../../handover/kubernetes/clusterAccess";
import { refusals } from "../../../../handover/model/refusals";
import type { RunContext } from "../../../../handover/observe/runContext";
import { awaitAdmission, awaitInjectionGuard } from "../../../../handover/run/awaitAdmission";
import { NOW, ROLE, subject } from "../support/worlds";

const admitted: Admission = { verdict: "admitted" };
const refused: Admission = { verdict: "refused" };

/** A run whose dry runs have these results, one after another. The last one is repeated. */
function answering(...answers: readonly Admission[]) {
    const calls: string[] = [];
    const lines: string[] = [];
    let now = NOW;
    let tests = 0;
    const context = {
        now: () => now,
        sleep: (milliseconds: number) => {
            now += milliseconds;
            calls.push(`sleep ${String(milliseconds)}`);
            return Promise.resolve();
        },
        progress: (line: string) => lines.push(line),
        cluster: {
            testAdmission: (roleArn: string | undefined) => {
                calls.push(`test ${String(roleArn)}`);
                return Promise.resolve(answers[Math.min(tests++, answers.length - 1)]);
            },
        },
    } as unknown as RunContext;
    return { context, calls, lines };
}

const LIMIT = { limitSeconds: 60, limitArgument: "timeouts.verificationSeconds" } as const;
const TEST = ["test undefined", "sleep 500"];
const TESTING = "testing by dry runs that the injection guard refuses a pod without the role";

describe("The injection guard before a detachment", () => {
    it("is tested until it has refused a pod without a role five times in a row", async () => {
        const { context, calls, lines } = answering(admitted, refused, refused, admitted, refused);
        await awaitInjectionGuard(context, LIMIT);
        deepStrictEqual(calls, [...TEST, ...TEST, ...TEST, ...TEST, ...TEST, ...TEST, ...TEST, ...TEST, ...TEST]);
        deepStrictEqual(lines, [TESTING]);
    });

    it("gets a fixed time where a dry run shows nothing, and the run says so", async () => {
        const { context, calls, lines } = answering({ verdict: "unknown", why: "No right to create pods." });
        await awaitInjectionGuard(context, LIMIT);
        deepStrictEqual(calls, ["test undefined", "sleep 10000"]);
        deepStrictEqual(lines, [
            TESTING,
            "a dry run cannot show whether it does, so the run waits 10 s. No right to create pods.",
        ]);
    });

    it("ends the run where it still admits one at the limit", async () => {
        const { context } = answering(admitted);
        const what = "Waiting until the injection guard refuses a pod without the role";
        await rejects(
            awaitInjectionGuard(context, LIMIT),
            refusals.timeout(what, 60, "timeouts.verificationSeconds", "the API server still admits it"),
        );
    });
});

describe("The injection guard that was widened", () => {
    it("ends the run where another component's guard refuses the role, which its own had hidden until then", async () => {
        const hidden: Admission = { verdict: "unknown", why: "refused", anotherGuard: "eks-cni-theirs" };
        const { context, calls } = answering(refused, hidden);
        const what = "Waiting until the injection guard admits the new role";
        const expected = {
            what,
            roleArn: ROLE,
            verdict: "admitted",
            otherwise: "the API server still refuses them",
        } as const;
        await rejects(awaitAdmission({ ...context, subject }, expected, LIMIT), { code: "another-injection-guard" });
        deepStrictEqual(calls, [`test ${ROLE}`, "sleep 500", `test ${ROLE}`]);
    });
});
