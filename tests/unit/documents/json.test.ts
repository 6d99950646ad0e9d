import { notStrictEqual, strictEqual } from "node:assert/strict";
import { canonicalJson } from "../../../documents/json";

describe("The canonical text of a policy document", () => {
    it("is the same whatever the order of members and lists, and for a list of one", () => {
        const text = '{"a":["x","y"],"b":{"c":"z","d":true}}';
        strictEqual(canonicalJson({ b: { d: true, c: "z" }, a: ["y", "x"] }), text);
        strictEqual(canonicalJson({ a: ["x", ["y"]], b: [{ c: ["z"], d: [true] }] }), text);
    });

    it("tells documents apart that mean something else", () => {
        for (const [one, other] of [
            [["x", "y"], ["x,y"]],
            [{ a: "x" }, { b: "x" }],
            [{ a: ["x", "y"] }, { a: ["x"] }],
            [{ a: "1" }, { a: 1 }],
        ]) {
            notStrictEqual(canonicalJson(one), canonicalJson(other));
        }
    });
});
