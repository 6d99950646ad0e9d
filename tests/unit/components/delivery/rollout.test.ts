import { match, notStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import { digest } from "../../../../components/delivery/rollout";

const ANNOTATIONS = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/cni", b: "2", a: "1" };

describe("the digest of what was delivered", () => {
    it("is short, and the same in each run: another one restarts the pods of every user", () => {
        const roleArn = "arn:aws:iam::111122223333:role/cni-role-1a2b3c4";
        strictEqual(digest("AROA-cni-role", { "eks.amazonaws.com/role-arn": roleArn }), "ec6352e1e6842b81");
        match(digest("", {}), /^[0-9a-f]{16}$/);
    });

    it("does not depend on the order of the annotations", () => {
        const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([key]) => key });
        fc.assert(
            fc.property(
                fc.string(),
                entries.chain((e) => fc.tuple(fc.constant(e), fc.shuffledSubarray(e, { minLength: e.length }))),
                (id, [entriesInOrder, shuffled]) => {
                    strictEqual(
                        digest(id, Object.fromEntries(entriesInOrder)),
                        digest(id, Object.fromEntries(shuffled)),
                    );
                },
            ),
        );
    });

    const before = digest("AROA1", ANNOTATIONS);
    const changes: [string, string, Record<string, string>][] = [
        ["the role was recreated under the same name", "AROA2", ANNOTATIONS],
        [
            "the role's ARN is another",
            "AROA1",
            { ...ANNOTATIONS, "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/b" },
        ],
        ["an annotation's value is another", "AROA1", { ...ANNOTATIONS, a: "2" }],
        ["an annotation was added", "AROA1", { ...ANNOTATIONS, c: "3" }],
        ["two annotations swapped their values", "AROA1", { ...ANNOTATIONS, a: "2", b: "1" }],
        ["an annotation left", "AROA1", { a: "1", b: "2" }],
    ];
    for (const [what, id, annotations] of changes) {
        it(`changes when ${what}`, () => {
            notStrictEqual(digest(id, annotations), before);
        });
    }
});
