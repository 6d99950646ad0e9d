import { deepStrictEqual, rejects, strictEqual } from "assert";
import { memoize, memoizeByKey } from "../../../../handover/async/memoize";

/** Answers in their order, and who asked for them. */
function answering<T>(...answers: (T | Error)[]) {
    const asked: string[] = [];
    const make = async (key: string): Promise<T> => {
        const answer = answers[asked.push(key) - 1] as T | Error;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    return { asked, make };
}

describe("what is asked for by a key", () => {
    it("is the same promise for all who ask by the same key, before it is there and after", async () => {
        const { asked, make } = answering("a's", "b's");
        const get = memoizeByKey(make);
        const first = get("a");
        strictEqual(get("a"), first);
        strictEqual(await first, "a's");
        strictEqual(get("a"), first);
        strictEqual(await get("b"), "b's");
        deepStrictEqual(asked, ["a", "b"]);
    });

    const kept: [string, unknown][] = [
        ["nothing to speak of", ""],
        ["zero", 0],
        ["no", false],
        ["null", null],
    ];
    for (const [what, answer] of kept) {
        it(`is kept when it is ${what}`, async () => {
            const { asked, make } = answering(answer);
            const get = memoizeByKey(make);
            strictEqual(await get("a"), answer);
            strictEqual(await get("a"), answer);
            deepStrictEqual(asked, ["a"]);
        });
    }

    it("is asked for again after a failure, which whoever asked hears", async () => {
        const { asked, make } = answering(new Error("not yet"), "now");
        const get = memoizeByKey(make);
        await rejects(get("a"), { message: "not yet" });
        strictEqual(await get("a"), "now");
        strictEqual(await get("a"), "now");
        deepStrictEqual(asked, ["a", "a"]);
    });

    it("is asked for again when nothing was found", async () => {
        const { asked, make } = answering<string | undefined>(undefined, "now");
        const get = memoizeByKey(make);
        strictEqual(await get("a"), undefined);
        strictEqual(await get("a"), "now");
        strictEqual(await get("a"), "now");
        deepStrictEqual(asked, ["a", "a"]);
    });

    it("is kept while what is asked for by another key fails", async () => {
        const { asked, make } = answering("a's", new Error("not yet"));
        const get = memoizeByKey(make);
        await get("a");
        await rejects(get("b"));
        strictEqual(await get("a"), "a's");
        deepStrictEqual(asked, ["a", "b"]);
    });
});

describe("what is asked for once", () => {
    it("is the same for all, and asked for again after a failure", async () => {
        const { asked, make } = answering(new Error("not yet"), "now");
        const get = memoize(async () => make("it"));
        await rejects(get(), { message: "not yet" });
        const second = get();
        strictEqual(get(), second);
        strictEqual(await second, "now");
        deepStrictEqual(asked, ["it", "it"]);
    });
});
