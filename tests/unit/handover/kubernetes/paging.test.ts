import * as assert from "node:assert/strict";
import { StatusError } from "../../../../handover/kubernetes/clusterErrors";
import { listAll, type Page } from "../../../../handover/kubernetes/paging";
import { refusalOf } from "./support";

const pages: Record<string, Page<number>> = {
    first: { items: [1, 2], metadata: { _continue: "second", resourceVersion: "7" } },
    second: { items: [3, 4], metadata: { _continue: "third", resourceVersion: "7" } },
    third: { items: [5], metadata: { _continue: "", resourceVersion: "7" } },
};
const even = (number: number) => (number % 2 === 0 ? `is ${number}` : undefined);

describe("A paged list", () => {
    it("goes through all pages, and keeps what is asked for", async () => {
        const cursors: (string | undefined)[] = [];
        const listed = await listAll((cursor) => {
            cursors.push(cursor);
            return Promise.resolve(pages[cursor ?? "first"] ?? { items: [] });
        }, even);
        assert.deepEqual(listed, { kept: ["is 2", "is 4"], resourceVersion: "7" });
        assert.deepEqual(cursors, [undefined, "second", "third"]);
    });

    it("is empty without metadata", async () => {
        assert.deepEqual(await listAll(() => Promise.resolve({ items: [] }), even), {
            kept: [],
            resourceVersion: undefined,
        });
    });

    /** The last page expires this often. */
    const expiring = (times: number) => {
        let left = times;
        return (cursor: string | undefined) =>
            cursor === "third" && left-- > 0
                ? Promise.reject(new StatusError(410, "The provided continue parameter is too old"))
                : Promise.resolve(pages[cursor ?? "first"] ?? { items: [] });
    };

    it("starts again when it is too old to go on, and keeps nothing twice", async () => {
        assert.deepEqual((await listAll(expiring(3), even)).kept, ["is 2", "is 4"]);
    });

    it("is given up when it is too old again and again", async () => {
        const refusal = await refusalOf(listAll(expiring(4), even));
        assert.equal(
            refusal.message,
            "[cluster-refuses] The API server ended a LIST 4 times before its last page: The provided continue parameter is too old. " +
                "It answers so slowly that the list expires before it has been read completely. Run again when the API server is " +
                "less busy.",
        );
    });

    it("ends with any other failure", async () => {
        const failure = new StatusError(404, "not there");
        await assert.rejects(
            listAll(() => Promise.reject(failure), even),
            failure,
        );
        const other = new Error("other");
        await assert.rejects(
            listAll(() => Promise.reject(other), even),
            other,
        );
    });
});
