import * as assert from "node:assert/strict";
import { anotherToken, tokenExpiry } from "../../../../handover/kubernetes/bearerTokens";

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown) => `${encoded({ alg: "RS256" })}.${encoded(claims)}.c2lnbmF0dXJl`;
const eks = (query: string) =>
    `k8s-aws-v1.${Buffer.from(`https://sts.eu-west-1.amazonaws.com/?${query}`).toString("base64url")}`;

describe("A token in a kubeconfig", () => {
    const ends: [string, string | undefined, string | undefined][] = [
        ["of EKS, with space around it", ` ${eks("X-Amz-Date=20231114T215820Z")}\n`, "2023-11-14T22:13:20.000Z"],
        ["of EKS, with other parameters first", eks("a=b&X-Amz-Date=20231114T215820Z&c=d"), "2023-11-14T22:13:20.000Z"],
        ["of EKS, without a date", eks("X-Amz-Expires=60"), undefined],
        ["of EKS, with half a date", eks("X-Amz-Date=20231114"), undefined],
        ["that is a JWT, with space around it", ` ${jwt({ exp: 1_700_000_000 })} `, "2023-11-14T22:13:20.000Z"],
        ["without an end", jwt({}), undefined],
        ["whose end is no number", jwt({ exp: null }), undefined],
        ["with claims that are none", jwt(null), undefined],
        ["that is no JWT", "a.b.c", undefined],
        ["without any structure", "opaque", undefined],
        ["that is missing", undefined, undefined],
    ];
    for (const [what, token, end] of ends) {
        it(`ends ${end === undefined ? "at a time that is not known" : "at its time"}: one ${what}`, () =>
            assert.equal(tokenExpiry(token)?.toISOString(), end));
    }

    const issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/A";
    const others: [string, string | undefined, string | undefined][] = [
        [
            "a service account, whatever its issuer",
            ` ${jwt({ iss: issuer, sub: "system:serviceaccount:ci:deployer" })}\n`,
            "`kubectl create token deployer --namespace ci` prints one",
        ],
        [
            "an OIDC provider",
            jwt({ iss: "https://login.example.com:8443/realms/ops", sub: "jane" }),
            "log in at https://login.example.com:8443/realms/ops for one",
        ],
        [
            "an OIDC provider without a subject",
            jwt({ iss: "https://a.example" }),
            "log in at https://a.example for one",
        ],
        ["a service account whose name is none", jwt({ sub: "system:serviceaccount:ci:a b" }), undefined],
        ["a namespace alone", jwt({ sub: "system:serviceaccount:ci" }), undefined],
        ["an issuer that is no address", jwt({ iss: "kubernetes/serviceaccount" }), undefined],
        ["an issuer with words in it", jwt({ iss: "https://a.example `rm`" }), undefined],
        ["an issuer that is no text", jwt({ iss: 7 }), undefined],
        ["`aws eks get-token`", eks("X-Amz-Date=20231114T215820Z"), undefined],
        ["an unknown issuer", "opaque", undefined],
        ["a kubeconfig without one", undefined, undefined],
    ];
    for (const [whose, token, words] of others) {
        it(`of ${whose} ${words === undefined ? "shows no way to another one" : "shows the way to another one"}`, () =>
            assert.equal(anotherToken(token), words));
    }
});
