import { strictEqual } from "assert";
import * as fc from "fast-check";
import { PolicyDocument, policySize } from "../../../documents/policyDocument";
import { fixture } from "../support/fixtures";

describe("the size of a policy", () => {
    it("counts every character of the EKS user guide's trust policy but its white space", () => {
        // Counted with: tr -d '[:space:]' < eks-user-guide-trust.json | wc -m
        strictEqual(policySize(fixture("eks-user-guide-trust") as PolicyDocument), 487);
    });

    it("does not count white space within a string either", () => {
        const document = (sid: string) => ({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: sid }] });
        strictEqual(policySize(document(" a b  c") as PolicyDocument), policySize(document("abc") as PolicyDocument));
    });

    it("does not depend on how the JSON text was formatted", () => {
        const formats = fc.oneof(fc.constant(""), fc.constant("\t"), fc.integer({ min: 0, max: 10 }));
        const documents = fc.array(fc.record({ Effect: fc.constant("Allow"), Action: fc.string() }), { maxLength: 5 });
        fc.assert(
            fc.property(documents, formats, (Statement, space) => {
                const document = { Version: "2012-10-17", Statement } as PolicyDocument;
                const formatted = JSON.parse(JSON.stringify(document, undefined, space)) as PolicyDocument;
                strictEqual(policySize(formatted), policySize(document));
            }),
        );
    });
});
