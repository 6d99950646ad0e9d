import * as assert from "node:assert/strict";
import { accessTo, type Answer, refusalOf, ScriptedApi, status } from "./support";

describe("The issuer of a cluster's tokens", () => {
    let api: ScriptedApi;
    let answer: Answer;
    before(async () => (api = await ScriptedApi.start(() => answer)));
    after(() => api.stop());
    beforeEach(() => api.requests.splice(0));

    const issuer = async (document: Answer) => {
        answer = document;
        return (await accessTo(api.url)).issuer();
    };

    it("is read from the discovery document, as a role's trust names it", async () => {
        const url = "https://oidc.eks.us-west-2.amazonaws.com/id/1";
        assert.equal(await issuer({ body: { issuer: url } }), "oidc.eks.us-west-2.amazonaws.com/id/1");
        assert.deepEqual(
            api.requests.map(({ method, path }) => `${method} ${path}`),
            ["GET /.well-known/openid-configuration"],
        );
    });

    for (const [what, document] of [
        ["the document may not be read", status(403, "User me cannot get path.")],
        ["there is no document", status(404, "not found")],
        ["the document names none", { body: {} }],
        ["the document names something else", { body: { issuer: 7 } }],
        ["the answer is no document", { body: "ok" }],
    ] as [string, Answer][]) {
        it(`is not known where ${what}`, async () => assert.equal(await issuer(document), undefined));
    }

    it("is not taken for unknown where the question itself fails", async () => {
        assert.equal((await refusalOf(issuer(status(401, "Unauthorized")))).code, "cluster-credentials-refused");
        assert.equal(
            (await refusalOf(issuer(status(400, "bad")))).seen,
            "The API server answered 400 to `get /.well-known/openid-configuration`: bad.",
        );
        await assert.rejects(issuer(status(410, "expired")), /expired/);
    });
});
