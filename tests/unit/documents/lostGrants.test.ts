import { deepStrictEqual } from "node:assert/strict";
import { lostGrants } from "../../../documents/lostGrants";

const allow = (Action: string | string[], more: object = {}) => ({ Effect: "Allow", Action, Resource: "*", ...more });
const lost = (before: object[], after: object[]) => lostGrants({ Statement: before }, { Statement: after });

describe("What another policy document no longer grants", () => {
    it("is nothing if it says the same in another form, or more", () => {
        deepStrictEqual(lost([allow(["ec2:A", "ec2:B"])], [allow("EC2:a"), allow("ec2:B")]), []);
        deepStrictEqual(lost([allow("ec2:A")], [allow("ec2:*")]), []);
        deepStrictEqual(lost([allow("ec2:A", { Resource: "arn:x" })], [allow("ec2:A")]), []);
        deepStrictEqual(lost([], [allow("ec2:A")]), []);
    });

    it("is each action that left, once", () => {
        deepStrictEqual(lost([allow(["ec2:A", "ec2:B", "ec2:C"]), allow("ec2:C")], [allow("ec2:B")]), [
            "ec2:A",
            "ec2:C",
        ]);
        deepStrictEqual(lost([allow("ec2:*")], [allow("ec2:A")]), ["ec2:*"]);
    });

    it("is an action on fewer resources", () => {
        deepStrictEqual(lost([allow("ec2:A")], [allow("ec2:A", { Resource: "arn:x" })]), ["ec2:A"]);
        const two = allow("ec2:A", { Resource: ["arn:x", "arn:y"] });
        deepStrictEqual(lost([two], [allow("ec2:A", { Resource: "arn:x" })]), ["ec2:A"]);
        deepStrictEqual(
            lost([two], [allow("ec2:A", { Resource: "arn:x" }), allow("ec2:A", { Resource: "arn:y" })]),
            [],
        );
    });

    it("is an action under a new condition or exception", () => {
        for (const more of [
            { Condition: { StringEquals: { "ec2:Vpc": "v" } } },
            { Resource: undefined, NotResource: "arn:x" },
            { Action: undefined, NotAction: "ec2:B" },
        ]) {
            deepStrictEqual(lost([allow("ec2:A")], [allow("ec2:A", more)]), ["ec2:A"]);
        }
    });

    it("is an action that is denied from now on", () => {
        const deny = { Effect: "Deny", Action: "ec2:A", Resource: "*" };
        deepStrictEqual(lost([allow("ec2:A")], [allow("ec2:A"), deny]), ["ec2:A"]);
        deepStrictEqual(lost([allow("ec2:A"), deny], [allow("ec2:A"), deny]), []);
        deepStrictEqual(lost([allow("ec2:A"), deny], [allow("ec2:A")]), []);
    });

    it("is whatever a new or wider Deny names, whether it was granted or not", () => {
        const deny = (more: object) => ({ Effect: "Deny", Action: "ec2:B", Resource: "*", ...more });
        for (const added of [deny({}), deny({ Action: undefined, NotAction: "ec2:B" }), deny({ Resource: "arn:x" })]) {
            deepStrictEqual(lost([allow("ec2:A")], [allow("ec2:A"), added]), ["ec2:B"]);
        }
        deepStrictEqual(lost([deny({ Resource: "arn:x" })], [deny({})]), ["ec2:B"]);
    });

    it("is what a statement with an exception grants, beyond what it names", () => {
        for (const excepting of [
            { Action: undefined, NotAction: "ec2:A" },
            { Resource: undefined, NotResource: "arn:x" },
        ]) {
            deepStrictEqual(lost([allow("ec2:A", excepting)], [allow("ec2:A")]), ["ec2:A"]);
            deepStrictEqual(lost([allow("ec2:A", excepting)], [allow("ec2:A", excepting), allow("ec2:A")]), []);
        }
    });

    it("is an action that only another effect or an exception is about", () => {
        const deny = { Effect: "Deny", Action: "ec2:A", Resource: "*" };
        deepStrictEqual(lost([allow("ec2:A"), deny], [deny]), ["ec2:A"]);
        deepStrictEqual(lost([deny], []), []);
        deepStrictEqual(lost([allow("ec2:B")], [allow("ec2:A", { Action: undefined, NotAction: "ec2:B" })]), ["ec2:B"]);
        const before = allow("ec2:A", { Resource: "arn:x" });
        deepStrictEqual(lost([before], [allow("ec2:A", { Resource: undefined, NotResource: "arn:x" })]), ["ec2:A"]);
    });

    it("is nothing that is one of several actions and resources from now on", () => {
        const after = allow(["ec2:B", "ec2:A"], { Resource: ["arn:y", "arn:x"] });
        deepStrictEqual(lost([allow("ec2:A", { Resource: "arn:x" })], [after]), []);
    });

    it("is nothing of a statement that stays, in whatever order", () => {
        const conditional = allow("ec2:A", { Condition: { StringEquals: { "ec2:Vpc": "v" } } });
        const reordered = { Condition: { StringEquals: { "ec2:Vpc": ["v"] } }, ...allow(["ec2:A"]) };
        deepStrictEqual(lost([conditional], [reordered]), []);
        deepStrictEqual(lost([conditional], [conditional, allow("ec2:B")]), []);
    });
});
