import { deepStrictEqual } from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../../../components/arguments/defaults";
import { dynamicProvider } from "../../../../handover/engine/dynamicBinding";
import { changedInputs, LiveInputs, mustAct } from "../../../../handover/run/liveResource";
import { subject } from "../support/worlds";

const inputs: LiveInputs = {
    subject,
    timeouts: DEFAULT_TIMEOUTS,
    iamPropagationSeconds: 120,
    forceDestroy: false,
    drift: "none",
};

const TOKEN = (token: string) => JSON.stringify({ users: [{ user: { token } }] });

describe("The inputs that changed", () => {
    const rows: [string, object, object, string[]][] = [
        ["are none where all is the same", inputs, structuredClone(inputs), []],
        [
            "are those of another value, and no others",
            inputs,
            { ...inputs, drift: "a", forceDestroy: true },
            ["forceDestroy", "drift"],
        ],
        ["are those that came", { a: 1 }, { a: 1, b: 2 }, ["b"]],
        ["are found deep inside", { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, ["a"]],
        ["are found where something inside went", { a: { b: 1, c: 2 } }, { a: { b: 1 } }, ["a"]],
        [
            "do not depend on the order of keys",
            { a: { b: 1, c: { d: 1, e: 2 } } },
            { a: { c: { e: 2, d: 1 }, b: 1 } },
            [],
        ],
        ["do not depend on it inside of lists", { a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }, []],
        [
            "do not depend on it where it is the other way round",
            { a: { c: 2, b: 1, d: 3 } },
            { a: { d: 3, b: 1, c: 2 } },
            [],
        ],
        ["depend on the order in a list", { a: [1, 2] }, { a: [2, 1] }, ["a"]],
        ["are found from a list to an object that looks like one", { a: ["b"] }, { a: { 0: "b" } }, ["a"]],
        ["depend on the type of a value", { a: 1 }, { a: "1" }, ["a"]],
        ["are found from an empty object to none", { a: {} }, { a: null }, ["a"]],
        ["are none from null to undefined", { a: null }, { a: undefined }, []],
        ["are none from nothing to null", {}, { a: null }, []],
        ["are none from undefined to nothing", { region: undefined }, {}, []],
        ["are found from null to a value", { a: null }, { a: "null" }, ["a"]],
        ["are found where null is inside", { a: { b: null } }, { a: { b: 0 } }, ["a"]],
        ["are found from false to nothing", { a: false }, { a: undefined }, ["a"]],
        ["are found from an empty text to nothing", { region: "" }, {}, ["region"]],
        ["are none where an output is in the state alone", { ...inputs, record: {}, shown: "a" }, inputs, []],
        ["are none where the provider's code is in the state alone", { a: 1, __provider: "code" }, { a: 1 }, []],
        [
            "are the optional ones that went",
            {
                kubeconfig: "k",
                context: "c",
                aws: { region: "r" },
                region: "r",
                detachFromNodeRoles: ["n"],
                proof: "off",
                ownNodeRoles: ["n"],
                existingRoleOfProgram: true,
                maxNotReadyNodes: 1,
                regions: ["r"],
            },
            {},
            [
                "kubeconfig",
                "context",
                "aws",
                "region",
                "detachFromNodeRoles",
                "proof",
                "ownNodeRoles",
                "existingRoleOfProgram",
                "maxNotReadyNodes",
                "regions",
            ],
        ],
        ["are found once where an optional one is on both sides", { region: "a" }, { region: "b" }, ["region"]],
        ["are found where an empty list came", {}, { detachFromNodeRoles: [] }, ["detachFromNodeRoles"]],
        ["are none where a kubeconfig has another token", { kubeconfig: TOKEN("a") }, { kubeconfig: TOKEN("b") }, []],
        [
            "are found where a kubeconfig has a credential command instead of a token",
            { kubeconfig: TOKEN("a") },
            { kubeconfig: '{"users":[{"user":{"exec":{"command":"aws"}}}]}' },
            ["kubeconfig"],
        ],
        ["are found where a kubeconfig came", {}, { kubeconfig: TOKEN("a") }, ["kubeconfig"]],
        ["are found in other inputs that look like a token", { shown: "token: a" }, { shown: "token: b" }, ["shown"]],
    ];
    for (const [what, before, after, expected] of rows) {
        it(what, () => {
            deepStrictEqual(changedInputs(before, after), expected);
        });
    }
});

describe("A live check acts", () => {
    const rows: [string, LiveInputs, (keyof LiveInputs)[], boolean][] = [
        ["when an input changed upon which it acts", { ...inputs, drift: "a" }, ["subject", "drift"], true],
        ["when others changed as well", { ...inputs, drift: "a", region: "r" }, ["drift"], true],
        ["not when others changed alone", { ...inputs, region: "r", forceDestroy: true }, ["drift"], false],
        ["not when nothing changed", structuredClone(inputs), ["subject", "drift"], false],
        ["not when it acts upon nothing", { ...inputs, drift: "a" }, [], false],
    ];
    for (const [what, after, acting, expected] of rows) {
        it(what, () => {
            deepStrictEqual(mustAct(inputs, after, acting), expected);
        });
    }

    it("when an optional input went upon which it acts", () => {
        deepStrictEqual(mustAct({ ...inputs, region: "r" }, inputs, ["region"]), true);
    });
});

describe("The operation of TypeScript programs", () => {
    const diff = (state: object, news: object) =>
        dynamicProvider("canary").diff?.("id", { shown: "it works", rollouts: 1, ...state }, news);

    it("sees no change in the provider's own code, which differs in each version", async () => {
        deepStrictEqual(await diff({ ...inputs, __provider: "old" }, { ...inputs, __provider: "new" }), {
            changes: false,
        });
    });

    it("sees a change of an input", async () => {
        const state = { ...inputs, __provider: "code" };
        deepStrictEqual(await diff(state, { ...state, drift: "a" }), { changes: true });
    });

    it("sees no change in another token of the kubeconfig", async () => {
        const state = { ...inputs, kubeconfig: TOKEN("a"), __provider: "code" };
        deepStrictEqual(await diff(state, { ...state, kubeconfig: TOKEN("b") }), { changes: false });
    });

    it("sees a change in what the plugin brought up, whose state has no code to delete it by", async () => {
        deepStrictEqual(await diff(inputs, { ...inputs, __provider: "code" }), { changes: true });
    });
});
