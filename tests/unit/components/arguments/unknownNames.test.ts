import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "node:assert/strict";
import { RULES } from "../../../../components/arguments/allRules";
import { unknownNames } from "../../../../components/arguments/unknownNames";
import { validateNow } from "../../../../components/arguments/validateArguments";

const unknown = (name: string, suggestion?: string) =>
    `Unknown argument ${name} is ignored.${suggestion === undefined ? "" : ` Did you mean ${suggestion}?`}`;

describe("a name that is not an argument", () => {
    const rows: [string, object, string[]][] = [
        ["is none where all are known", { clusterName: "a", timeouts: { proofSeconds: 1 }, tags: { any: "tag" } }, []],
        ["is reported", { color: "red" }, [unknown("color")]],
        [
            "is reported with the argument that differs only in case",
            { clustername: "a" },
            [unknown("clustername", "clusterName")],
        ],
        [
            "is reported with the argument that starts with it",
            { detachFromNodeRole: "a" },
            [unknown("detachFromNodeRole", "detachFromNodeRoles")],
        ],
        ["is reported with the argument that it starts with", { tagsOfRole: {} }, [unknown("tagsOfRole", "tags")]],
        [
            "is reported with the argument that differs only in case, even if it is short",
            { AWS: {} },
            [unknown("AWS", "aws")],
        ],
        [
            "is reported without a suggestion if it has three letters",
            { rol: "a", tag: {} },
            [unknown("rol"), unknown("tag")],
        ],
        [
            "is reported for an object's properties",
            { timeouts: { proof: 5, x: 1 } },
            [unknown("timeouts.proof", "timeouts.proofSeconds"), unknown("timeouts.x")],
        ],
        [
            "is each, in their order",
            { b: 1, a: 2, rollout: { enable: true } },
            [unknown("b"), unknown("a"), unknown("rollout.enable", "rollout.enabled")],
        ],
        [
            "does not matter where nothing is given by it",
            { clustername: undefined, rollout: { enable: undefined } },
            [],
        ],
        ["does not matter in what is no object", { timeouts: "soon", rollout: ["a"], serviceAccount: null }, []],
    ];
    for (const [what, args, warnings] of rows) {
        it(what, () => {
            deepStrictEqual(unknownNames(args as Record<string, unknown>, RULES), warnings);
        });
    }

    it("is warned of before the arguments are refused", () => {
        const warnings: string[] = [];
        const { warn } = pulumi.log;
        Object.defineProperty(pulumi.log, "warn", { value: (text: string) => warnings.push(text), configurable: true });
        try {
            deepStrictEqual(validateNow("cni", { clusterName: "a", detachFromNodeRole: "b" }), {
                clusterName: "a",
                detachFromNodeRole: "b",
            });
        } finally {
            Object.defineProperty(pulumi.log, "warn", { value: warn, configurable: true });
        }
        deepStrictEqual(warnings, [
            `CniServiceAccountRole "cni": ${unknown("detachFromNodeRole", "detachFromNodeRoles")}`,
        ]);
    });
});
