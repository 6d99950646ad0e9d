import { deepStrictEqual } from "assert";
import { secret } from "local-eks/providerClient";
import { unwrapSecrets, wrapSecrets } from "../../../../handover/engine/secretWrappers";

describe("secrets on the wire to the plugin", () => {
    const rows: [string, object, object, string[]][] = [
        ["nothing is a secret", { a: "b", c: [1, null, true] }, { a: "b", c: [1, null, true] }, []],
        ["a property is one", { a: secret("b"), c: "d" }, { a: "b", c: "d" }, ["a"]],
        ["an element of a list is one", { a: ["b", secret("c")] }, { a: ["b", "c"] }, ["a"]],
        ["a member of an object is one", { a: { b: { c: secret(1) } } }, { a: { b: { c: 1 } } }, ["a"]],
        ["one is in another", { a: secret({ b: secret("c") }) }, { a: { b: "c" } }, ["a"]],
        ["an empty text is one", { a: secret("") }, { a: "" }, ["a"]],
        ["nothing at all is one", { a: secret(null) }, { a: null }, ["a"]],
    ];
    for (const [title, sent, properties, secrets] of rows) {
        it(`come out of their wraps, and are remembered by the property's name: ${title}`, () => {
            deepStrictEqual(unwrapSecrets(sent), { properties, secrets: new Set(secrets) });
        });
    }

    it("go back in a wrap around the whole property", () => {
        const state = { a: { b: "c" }, d: "e" };
        deepStrictEqual(wrapSecrets(state, new Set(["a"])), { a: secret({ b: "c" }), d: "e" });
    });

    it("go back without what is undefined, which the wire does not have", () => {
        deepStrictEqual(wrapSecrets({ a: undefined, b: { c: undefined } }, new Set(["a", "b"])), { b: secret({}) });
    });

    it("that are not there are not made", () => {
        deepStrictEqual(wrapSecrets({ a: 1 }, new Set(["kubeconfig"])), { a: 1 });
    });
});
