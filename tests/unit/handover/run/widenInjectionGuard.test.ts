import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { Admission } from "../../../../handover/kubernetes/clusterAccess";
import { Refusal } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import type { RunContext } from "../../../../handover/observe/runContext";
import { widenInjectionGuard } from "../../../../handover/run/widenInjectionGuard";
import { carrying, NOW, record, ROLE, subject, world } from "../support/worlds";

const NEW = `${ROLE}-new`;
const admitted: Admission = { verdict: "admitted" };
const refused: Admission = { verdict: "refused" };

/** Widens a guard that admits these roles. The last answer of a dry run is repeated. */
async function widen(
    roleArns: string[] | undefined,
    answers: readonly (Admission | Error)[],
    present = true,
    works = true,
) {
    const calls: string[] = [];
    const lines: string[] = [];
    let now = NOW;
    let tests = 0;
    let live = roleArns;
    const context = {
        subject: { ...subject, roleArn: NEW },
        roleNames: [],
        now: () => now,
        sleep: (milliseconds: number) => {
            now += milliseconds;
            calls.push(`sleep ${String(milliseconds)}`);
            return Promise.resolve();
        },
        progress: (line: string) => lines.push(line),
        cluster: {
            look: () =>
                Promise.resolve({
                    ...world(carrying(ROLE)).cluster,
                    injectionGuard: { present, inForce: present, ...(live === undefined ? {} : { roleArns: live }) },
                }),
            admitRoles: (to: string[]) => {
                calls.push(`admit ${to.join(", ")}`);
                live = works ? to : live;
                now += works ? 0 : 1000;
                return Promise.resolve();
            },
            testAdmission: (roleArn: string) => {
                calls.push(`test ${roleArn}`);
                const answer = answers[Math.min(tests++, answers.length - 1)];
                return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
            },
        },
        aws: { look: () => Promise.reject(new Error("the account was read")) },
    } as unknown as RunContext;
    const target = { subject: context.subject, record, formerAnnotations: {} };
    const limit = { limitSeconds: 60, limitArgument: "timeouts.handBackSeconds" } as const;
    const error = await widenInjectionGuard(context, target, limit).then(
        () => undefined,
        (reason: unknown) => reason as Error,
    );
    return { calls, lines, error };
}

const TEST = `test ${NEW}`;
const PASS = [TEST, "sleep 500"];
const FIVE = [PASS, PASS, PASS, PASS, PASS].flat();

describe("The injection guard before another role is delivered", () => {
    it("admits the new role, and is tested until it has done so five times in a row", async () => {
        const { calls, error } = await widen([ROLE], [refused, admitted, admitted, refused, admitted]);
        deepStrictEqual(calls, [`admit ${ROLE}, ${NEW}`, ...PASS, ...PASS, ...PASS, ...PASS, ...FIVE]);
        strictEqual(error, undefined);
    });

    it("is tested also where an earlier run has changed it", async () =>
        deepStrictEqual((await widen([ROLE, NEW], [admitted])).calls, FIVE));

    it("is neither changed nor tested where there is none", async () => {
        deepStrictEqual((await widen(undefined, [admitted], false)).calls, []);
        deepStrictEqual((await widen(undefined, [admitted])).calls, []);
    });

    it("gets a fixed time where a dry run shows nothing, and the run says so", async () => {
        const { calls, lines } = await widen([ROLE, NEW], [{ verdict: "unknown", why: "No right to create pods." }]);
        deepStrictEqual(calls, [TEST, "sleep 10000"]);
        strictEqual(
            lines.at(-1),
            "a dry run cannot show whether it does, so the run waits 10 s. No right to create pods.",
        );
    });

    it("is tested again after a failure that passes", async () => {
        const { calls } = await widen([ROLE, NEW], [new Refusal("cluster-unreachable", "", "", ""), admitted]);
        deepStrictEqual(calls, [TEST, "sleep 2000", ...FIVE]);
    });

    it("ends the run where it still refuses the role at the limit", async () => {
        const { calls, error } = await widen([ROLE, NEW], [refused]);
        const what = "Waiting until the injection guard admits the new role";
        const late = refusals.timeout(what, 60, "timeouts.handBackSeconds", "the API server still refuses them");
        strictEqual(error?.message, late.message);
        strictEqual(calls.filter((call) => call === TEST).length, 121);
    });

    it("ends the run where it cannot be changed in time", async () => {
        const { error } = await widen([ROLE], [admitted], true, false);
        const what = "Waiting until the injection guard admits the new role";
        strictEqual(error?.message.startsWith(`[time-limit] ${what} reached its limit of 60 s.`), true, String(error));
    });

    it("ends the run after any other failure", async () =>
        rejects(async () => {
            throw (await widen([ROLE, NEW], [refusals.serviceAccountMissing(subject)])).error ?? new Error("none");
        }, /service-account-missing/));
});
