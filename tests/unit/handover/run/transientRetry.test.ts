import { deepStrictEqual, rejects } from "node:assert/strict";
import { isRefusal, Refusal } from "../../../../handover/model/refusal";
import { refusals } from "../../../../handover/model/refusals";
import { freshMemory, Memory, Step } from "../../../../handover/model/steps";
import { RunContext } from "../../../../handover/observe/runContext";
import { Goal, reach } from "../../../../handover/run/loop";
import { attach, NOW, onNodeRole, seconds, subject, world } from "../support/worlds";

const DONE: Step = { do: "done", why: "ready" };
const WAKE: Step = { do: "wake", why: "wakes" };
const ATTACH: Step = { do: "attach", policies: attach("a"), why: "back" };

const failing = (code: string) => new Refusal(code, `Seen of ${code}.`, "means", "fix");
const UNREACHABLE = failing("cluster-unreachable");
const THROTTLED = failing("aws-throttled");
const OTHER = failing("cluster-forbidden");

type Answers = Partial<
    Record<"cluster" | "account" | "wake" | "attach", (nth: number, now: number) => Error | undefined>
>;

/** A run context whose calls fail as `answers` says for the first, the second, and so on. Only sleeping takes time. */
function scripted(answers: Answers, ...steps: Step[]) {
    const calls: string[] = [];
    const lines: string[] = [];
    const memories: Memory[] = [];
    let now = NOW;
    const call =
        <T>(what: keyof Answers, answer: T) =>
        () => {
            const nth = calls.filter((before) => before === what).length + 1;
            calls.push(what);
            const error = answers[what]?.(nth, now);
            return error === undefined ? Promise.resolve(answer) : Promise.reject(error);
        };
    const { cluster, account } = world(onNodeRole);
    const context = {
        subject,
        roleNames: ["nodes"],
        now: () => now,
        progress: (line: string) => lines.push(line),
        sleep: (milliseconds: number) => {
            now += milliseconds;
            calls.push(`sleep ${String(milliseconds)}`);
            return Promise.resolve();
        },
        cluster: { look: call("cluster", cluster), wakeDaemonSet: call("wake", undefined) },
        aws: { look: call("account", account), attach: call("attach", "attached") },
    } as unknown as RunContext;
    const goal: Goal = {
        what: "The work",
        limitSeconds: 3600,
        limitArgument: "timeouts.canarySeconds",
        next: (_world, memory) => steps[memories.push(memory) - 1] ?? DONE,
    };
    const run = (cancelled?: AbortSignal) => reach(cancelled === undefined ? context : { ...context, cancelled }, goal);
    return { run, calls, lines, memories, sleeps: () => (now - NOW) / 2000 };
}

/** Fails `count` times. */
const times = (count: number, error: Error) => (nth: number) => (nth <= count ? error : undefined);
const PAUSE = "sleep 2000";

describe("The loop's patience", () => {
    for (const code of ["cluster-unreachable", "cluster-throttled", "aws-throttled", "aws-unreachable"]) {
        it(`waits where a look ends with ${code}, and says so`, async () => {
            const { run, calls, lines } = scripted({ cluster: times(2, failing(code)) });
            await run();
            deepStrictEqual(calls, ["cluster", PAUSE, "cluster", PAUSE, "cluster", "account"]);
            const line = `Seen of ${code}. Trying again`;
            deepStrictEqual(lines, [line, line, "ready"]);
        });
    }

    it("looks at everything again where the account gave no answer", async () => {
        const { run, calls } = scripted({ account: times(1, THROTTLED) });
        await run();
        deepStrictEqual(calls, ["cluster", "account", PAUSE, "cluster", "account"]);
    });

    it("does not wait for what does not pass", async () => {
        for (const error of [OTHER, new Error("cluster-unreachable")]) {
            const { run, calls, lines } = scripted({ cluster: () => error });
            await rejects(run(), error);
            deepStrictEqual([calls, lines], [["cluster"], []]);
        }
    });

    it("does not wait for what does not pass after what might have", async () => {
        const { run, calls } = scripted({ cluster: (nth) => (nth === 1 ? UNREACHABLE : OTHER) });
        await rejects(run(), OTHER);
        deepStrictEqual(calls, ["cluster", PAUSE, "cluster"]);
    });

    it("ends after three minutes, with the last error as it is", async () => {
        const { run, sleeps } = scripted({ cluster: (nth) => (nth > 90 ? THROTTLED : UNREACHABLE) });
        await rejects(run(), THROTTLED);
        deepStrictEqual(sleeps(), 90);
    });

    it("waits for up to three minutes", async () => {
        const { run, sleeps } = scripted({ cluster: times(90, UNREACHABLE) });
        await run();
        deepStrictEqual(sleeps(), 90);
    });

    it("waits for as long again once there was an answer", async () => {
        const outages = (nth: number) => (nth <= 80 || (nth > 81 && nth <= 161) ? UNREACHABLE : undefined);
        const { run, sleeps } = scripted({ cluster: outages }, WAKE);
        await run();
        deepStrictEqual(sleeps(), 160);
    });

    it("counts from the first failure, and not from the start", async () => {
        const awaitPropagation: Step = { do: "awaitPropagation", milliseconds: 170_000, why: "settles" };
        const { run, sleeps } = scripted(
            { cluster: (nth) => (nth > 1 && nth <= 91 ? UNREACHABLE : undefined) },
            awaitPropagation,
        );
        await run();
        deepStrictEqual(sleeps(), 85 + 90);
    });

    it("counts an act that failed into the time of the looks that fail after it", async () => {
        const { run, sleeps } = scripted(
            { wake: () => THROTTLED, cluster: (nth) => (nth > 1 ? UNREACHABLE : undefined) },
            WAKE,
        );
        await rejects(run(), UNREACHABLE);
        deepStrictEqual(sleeps(), 90);
    });

    it("looks again after an act that failed, and decides again what to do", async () => {
        const { run, calls, lines } = scripted({ wake: () => UNREACHABLE }, WAKE);
        await run();
        deepStrictEqual(calls, ["cluster", "account", "wake", PAUSE, "cluster", "cluster", "account"]);
        deepStrictEqual(lines, ["wakes", "Seen of cluster-unreachable. Trying again", "ready"]);
    });

    it("does not remember an act that did not go through", async () => {
        const { run, memories, calls } = scripted({ attach: times(1, THROTTLED) }, ATTACH, ATTACH);
        await run();
        const before = freshMemory(NOW);
        const after = { ...before, attachedAt: seconds(2), attached: attach("a"), restores: 1 };
        deepStrictEqual(
            memories.map((memory) => ({ ...memory, seen: undefined })),
            [before, before, after].map((memory) => ({ ...memory, seen: undefined })),
        );
        deepStrictEqual(calls.filter((call) => call === "attach").length, 2);
    });

    it("ends with the cancelling, and not with a failure that comes after it", async () => {
        const cancelling = new AbortController();
        const { run, calls, lines } = scripted({
            cluster: () => {
                cancelling.abort();
                return UNREACHABLE;
            },
        });
        await rejects(run(cancelling.signal), refusals.cancelled());
        deepStrictEqual([calls, lines], [["cluster"], []]);
    });

    it("has none with an act that ends for good", async () => {
        const { run, calls, lines } = scripted({ attach: () => OTHER }, ATTACH);
        await rejects(run(), OTHER);
        deepStrictEqual(calls, ["cluster", "account", "attach"]);
        deepStrictEqual(lines, ["back"]);
    });

    it("has it also with the look after a step", async () => {
        const { run, calls } = scripted({ cluster: (nth) => (nth === 2 ? UNREACHABLE : undefined) }, WAKE);
        await run();
        deepStrictEqual(calls, ["cluster", "account", "wake", "cluster", PAUSE, "cluster", "cluster", "account"]);
    });

    it("has it also with the look that comes right before a step", async () => {
        const { run, calls } = scripted(
            { account: (nth) => (nth === 2 ? THROTTLED : undefined) },
            WAKE,
            ATTACH,
            ATTACH,
        );
        await run();
        deepStrictEqual(calls, [
            "cluster",
            "account",
            "wake",
            "cluster",
            "cluster",
            "account",
            PAUSE,
            "cluster",
            "account",
            "attach",
            "cluster",
            "account",
        ]);
    });
});

describe("An error is recognised as a refusal", () => {
    const rows: [string, unknown, string[], boolean][] = [
        ["whatever its code, where none is given", OTHER, [], true],
        ["by one of the codes", OTHER, ["a", "cluster-forbidden"], true],
        ["not by other codes", OTHER, ["a"], false],
        ["not where it is another error", new Error("a"), [], false],
        ["not where it only looks like one", { code: "a" }, ["a"], false],
    ];
    for (const [what, error, codes, expected] of rows) {
        it(what, () => {
            deepStrictEqual(isRefusal(error, ...codes), expected);
        });
    }
});
