import { deepStrictEqual, strictEqual } from "assert";
import * as keys from "../../../documents/serviceAccountAnnotations";
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

// The webhook and the Kubernetes provider read them, and live clusters have them.
describe("the keys of annotations and labels", () => {
    const rows: [keyof typeof keys, string][] = [
        ["ROLE_ARN_ANNOTATION", "eks.amazonaws.com/role-arn"],
        ["AUDIENCE_ANNOTATION", "eks.amazonaws.com/audience"],
        ["STS_REGIONAL_ENDPOINTS_ANNOTATION", "eks.amazonaws.com/sts-regional-endpoints"],
        ["TOKEN_EXPIRATION_ANNOTATION", "eks.amazonaws.com/token-expiration"],
        ["SKIP_WEBHOOK_LABEL", "eks.amazonaws.com/skip-pod-identity-webhook"],
        ["SKIP_CONTAINERS_ANNOTATION", "eks.amazonaws.com/skip-containers"],
        ["PATCH_FIELD_MANAGER_ANNOTATION", "pulumi.com/patchFieldManager"],
        ["PATCH_FORCE_ANNOTATION", "pulumi.com/patchForce"],
        ["SKIP_AWAIT_ANNOTATION", "pulumi.com/skipAwait"],
        ["LIVE_CHECKS_ANNOTATION", "eks-cni/live-checks"],
        ["LIVE_CHECKS_OFF", "off"],
    ];
    for (const [name, expected] of rows) {
        it(`${name} is ${expected}`, () => {
            strictEqual(keys[name], expected);
        });
    }
});
