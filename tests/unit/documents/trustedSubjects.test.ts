import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseOidcProviderArn } from "../../../documents/arn";
import { covers, trustedSubjects } from "../../../documents/trustedSubjects";
import { trustPolicy } from "../../../documents/trustPolicy";

const arn = (id: string) => `arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/${id}`;
const provider = (id: string) => parseOidcProviderArn(arn(id)) as NonNullable<ReturnType<typeof parseOidcProviderArn>>;
const issuer = (id: string) => `oidc.eks.eu-west-1.amazonaws.com/id/${id}`;
const subject = "system:serviceaccount:kube-system:aws-node";

describe("The subjects that a trust policy accepts", () => {
    it("are the service account of each cluster", () => {
        const document = trustPolicy([provider("B"), provider("A")], { namespace: "kube-system", name: "aws-node" });
        deepStrictEqual(trustedSubjects(document), [
            { issuer: issuer("A"), subject },
            { issuer: issuer("B"), subject },
        ]);
    });

    it("are read from the forms of other writers", () => {
        const Statement = {
            Effect: "Allow",
            Principal: { Federated: [arn("A"), arn("B")] },
            Condition: { StringLike: { [`${issuer("A")}:SUB`]: [subject, "other"], [`${issuer("A")}:aud`]: "x" } },
        };
        deepStrictEqual(trustedSubjects({ Statement }), [
            { issuer: issuer("A"), subject },
            { issuer: issuer("A"), subject: "other" },
            { issuer: issuer("B"), subject },
            { issuer: issuer("B"), subject: "other" },
        ]);
    });

    it("are all of an issuer without such a condition", () => {
        for (const Condition of [
            undefined,
            "none",
            { StringEquals: { [`${issuer("A")}:aud`]: "x", [`${issuer("A")}:subnet`]: "x" } },
            { Null: "x" },
        ]) {
            const Statement = [{ Effect: "Allow", Principal: { Federated: arn("A") }, Condition }];
            deepStrictEqual(trustedSubjects({ Statement }), [{ issuer: issuer("A"), subject: "" }]);
        }
    });

    it("are none of other principals, of a Deny, and of no policy", () => {
        const Federated = arn("A");
        deepStrictEqual(trustedSubjects({ Statement: [{ Effect: "Deny", Principal: { Federated } }] }), []);
        deepStrictEqual(trustedSubjects({ Statement: [{ Effect: "Allow", Principal: { Service: "ec2" } }] }), []);
        deepStrictEqual(trustedSubjects({ Statement: [{ Effect: "Allow", Principal: "*" }] }), []);
        deepStrictEqual(trustedSubjects(undefined), []);
    });

    it("cover a subject by its name, by wildcards, and if none is named", () => {
        for (const named of [subject, "system:serviceaccount:kube-system:*", ""]) {
            strictEqual(covers({ issuer: issuer("A"), subject: named }, subject), true, named);
        }
        for (const named of [`${subject}s`, "system:serviceaccount:*:other"]) {
            strictEqual(covers({ issuer: issuer("A"), subject: named }, subject), false, named);
        }
    });
});
