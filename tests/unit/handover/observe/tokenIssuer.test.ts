import { deepStrictEqual } from "node:assert/strict";
import { issuerOfToken } from "../../../../handover/observe/tokenIssuer";
import { ISSUER } from "../support/worlds";

const encoded = (text: string) => Buffer.from(text).toString("base64url");
const token = (claims: unknown) => `e30.${encoded(JSON.stringify(claims))}.signature`;

describe("The issuer of a token", () => {
    const rows: [string, string, string | undefined][] = [
        ["is returned without https://", token({ aud: ["sts.amazonaws.com"], iss: `https://${ISSUER}` }), ISSUER],
        ["is returned as it is where it has none", token({ iss: ISSUER }), ISSUER],
        ["keeps http://", token({ iss: "http://a" }), "http://a"],
        ["loses https:// only at its start", token({ iss: "a?https://b" }), "a?https://b"],
        // Its base64url encoding has both - and _, which standard base64 does not have.
        ["is read in the alphabet of URLs", token({ iss: "https://a/??>>ÿÿ~~" }), "a/??>>ÿÿ~~"],
        ["is read without a signature too", `e30.${encoded('{"iss":"a"}')}`, "a"],
        ["is not known of a token without it", token({ sub: "a" }), undefined],
        ["is not known when it is no text", token({ iss: 1 }), undefined],
        ["is not known when the claims are null", token(null), undefined],
        ["is not known when the claims are no JSON", `e30.${encoded("{")}.signature`, undefined],
        ["is not known of what has no payload", "opaque", undefined],
        ["is not known of an empty payload", "e30..signature", undefined],
        ["is not known of nothing", "", undefined],
    ];
    for (const [what, of, expected] of rows) {
        it(what, () => {
            deepStrictEqual(issuerOfToken(of), expected);
        });
    }
});
