import { deepStrictEqual, strictEqual } from "assert";
import {
    MAX_TOKEN_EXPIRATION_SECONDS,
    MIN_TOKEN_EXPIRATION_SECONDS,
    ROLLOUT_ANNOTATION,
    serviceAccountAnnotations,
} from "../../../documents/serviceAccountAnnotations";

const roleArn = "arn:aws:iam::111122223333:role/AmazonEKSVPCCNIRole";

describe("the service account's annotations", () => {
    it("are the role alone when nothing else is asked for", () => {
        deepStrictEqual(serviceAccountAnnotations({ roleArn }), { "eks.amazonaws.com/role-arn": roleArn });
    });

    it("leave out what is null", () => {
        const annotations = serviceAccountAnnotations({
            roleArn,
            stsRegionalEndpoints: null,
            tokenExpirationSeconds: null,
        });
        deepStrictEqual(annotations, { "eks.amazonaws.com/role-arn": roleArn });
    });

    it("name the regional endpoint when it is asked for", () => {
        deepStrictEqual(serviceAccountAnnotations({ roleArn, stsRegionalEndpoints: true }), {
            "eks.amazonaws.com/role-arn": roleArn,
            "eks.amazonaws.com/sts-regional-endpoints": "true",
        });
    });

    it("name the global endpoint when it is asked for", () => {
        deepStrictEqual(serviceAccountAnnotations({ roleArn, stsRegionalEndpoints: false }), {
            "eks.amazonaws.com/role-arn": roleArn,
            "eks.amazonaws.com/sts-regional-endpoints": "false",
        });
    });

    it("give the token's lifetime in seconds", () => {
        deepStrictEqual(serviceAccountAnnotations({ roleArn, tokenExpirationSeconds: 7200 }), {
            "eks.amazonaws.com/role-arn": roleArn,
            "eks.amazonaws.com/token-expiration": "7200",
        });
    });

    it("can be all three", () => {
        const all = serviceAccountAnnotations({ roleArn, stsRegionalEndpoints: true, tokenExpirationSeconds: 86400 });
        deepStrictEqual(all, {
            "eks.amazonaws.com/role-arn": roleArn,
            "eks.amazonaws.com/sts-regional-endpoints": "true",
            "eks.amazonaws.com/token-expiration": "86400",
        });
    });

    it("have lifetimes from ten minutes to a day", () => {
        strictEqual(MIN_TOKEN_EXPIRATION_SECONDS, 10 * 60);
        strictEqual(MAX_TOKEN_EXPIRATION_SECONDS, 24 * 60 * 60);
    });
});

describe("the annotation of the pod template", () => {
    it("keeps its name, since a change of it would restart the pods of every cluster that has it", () => {
        strictEqual(ROLLOUT_ANNOTATION, "eks-cni/delivered");
    });
});
