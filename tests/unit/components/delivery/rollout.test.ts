import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, notStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import { digest, rolloutAnnotationValue, skipAwait } from "../../../../components/delivery/rollout";

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

describe("the rollout", () => {
    const valueOf = (carried: boolean | undefined) =>
        new Promise((resolve) => {
            rolloutAnnotationValue(pulumi.output(carried), pulumi.output("digest")).apply(resolve);
        });

    it("changes nothing of the template where every pod carries the role since before, and else says what was delivered", async () => {
        strictEqual(await valueOf(true), undefined);
        strictEqual(await valueOf(false), "digest");
        strictEqual(await valueOf(undefined), "digest");
        const plain = new Promise((resolve) =>
            rolloutAnnotationValue(undefined, pulumi.output("digest")).apply(resolve),
        );
        strictEqual(await plain, "digest");
    });
});

describe("the wait for the rollout", () => {
    const valueOf = (strategy: string | undefined, maxNotReadyNodes = 0) =>
        new Promise((resolve) => {
            pulumi.output(skipAwait({ updateStrategy: pulumi.output(strategy), maxNotReadyNodes })).apply(resolve);
        });

    it("is left to the live checks where the DaemonSet replaces no pod by itself, and to the provider otherwise", async () => {
        deepStrictEqual(await valueOf("OnDelete"), { "pulumi.com/skipAwait": "true" });
        deepStrictEqual(await valueOf("RollingUpdate"), { "pulumi.com/skipAwait": undefined });
        deepStrictEqual(await valueOf(undefined), { "pulumi.com/skipAwait": undefined });
        deepStrictEqual(skipAwait({ updateStrategy: undefined, maxNotReadyNodes: 0 }), {});
    });

    it("is left to the live checks where NotReady nodes are ignored, on which the DaemonSet replaces no pod", async () => {
        deepStrictEqual(await valueOf("RollingUpdate", 1), { "pulumi.com/skipAwait": "true" });
        deepStrictEqual(await valueOf(undefined, 1), { "pulumi.com/skipAwait": "true" });
    });
});
