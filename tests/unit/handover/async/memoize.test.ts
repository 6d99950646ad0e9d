import { deepStrictEqual, rejects, strictEqual } from "assert";
import { memoize, memoizeByKey } from "../../../../handover/async/memoize";

/** A loader that returns these answers in order, and the keys that it was called with. */
function loaderOf<T>(...answers: (T | Error)[]) {
    const keys: string[] = [];
    const load = async (key: string): Promise<T> => {
        const answer = answers[keys.push(key) - 1] as T | Error;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    return { keys, load };
}

describe("what is asked for by a key", () => {
    it("is the same promise for all who ask by the same key, before it is there and after", async () => {
        const { keys, load } = loaderOf("a's", "b's");
        const get = memoizeByKey(load);
        const first = get("a");
        strictEqual(get("a"), first);
        strictEqual(await first, "a's");
        strictEqual(get("a"), first);
        strictEqual(await get("b"), "b's");
        deepStrictEqual(keys, ["a", "b"]);
    });

    const cachedValues: [string, unknown][] = [
        ["nothing to speak of", ""],
        ["zero", 0],
        ["no", false],
        ["null", null],
    ];
    for (const [what, answer] of cachedValues) {
        it(`is kept when it is ${what}`, async () => {
            const { keys, load } = loaderOf(answer);
            const get = memoizeByKey(load);
            strictEqual(await get("a"), answer);
            strictEqual(await get("a"), answer);
            deepStrictEqual(keys, ["a"]);
        });
    }

    it("is asked for again after a failure, which the caller gets", async () => {
        const { keys, load } = loaderOf(new Error("not yet"), "now");
        const get = memoizeByKey(load);
        await rejects(get("a"), { message: "not yet" });
        strictEqual(await get("a"), "now");
        strictEqual(await get("a"), "now");
        deepStrictEqual(keys, ["a", "a"]);
    });

    it("is asked for again when nothing was found", async () => {
        const { keys, load } = loaderOf<string | undefined>(undefined, "now");
        const get = memoizeByKey(load);
        strictEqual(await get("a"), undefined);
        strictEqual(await get("a"), "now");
        strictEqual(await get("a"), "now");
        deepStrictEqual(keys, ["a", "a"]);
    });

    it("is kept while what is asked for by another key fails", async () => {
        const { keys, load } = loaderOf("a's", new Error("not yet"));
        const get = memoizeByKey(load);
        await get("a");
        await rejects(get("b"));
        strictEqual(await get("a"), "a's");
        deepStrictEqual(keys, ["a", "b"]);
    });
});

describe("what is asked for once", () => {
    it("is the same for all, and asked for again after a failure", async () => {
        const { keys, load } = loaderOf(new Error("not yet"), "now");
        const get = memoize(async () => load("it"));
        await rejects(get(), { message: "not yet" });
        const second = get();
        strictEqual(get(), second);
        strictEqual(await second, "now");
        deepStrictEqual(keys, ["it", "it"]);
    });
});
