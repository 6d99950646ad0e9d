import * as assert from "node:assert/strict";
import { DEFAULT_SETTINGS, IMPATIENT_SETTINGS } from "../../../../handover/kubernetes/clusterSettings";
import { isAboutCertificates } from "../../../../handover/kubernetes/requests";
import {
    accessTo,
    type Answer,
    identityScript,
    namespaceAnswer,
    patient,
    quick,
    refusalOf,
    type Script,
    ScriptedApi,
    status,
    versionAnswer,
} from "./support";

const identity = { uid: "uid-of-kube-system", version: { major: 1, minor: 30 } };

describe("A request to the API server", () => {
    let api: ScriptedApi;
    before(async () => (api = await ScriptedApi.start(identityScript)));
    after(() => api.stop());
    beforeEach(() => api.requests.splice(0));

    const requestsTo = (path: string) => api.requests.filter((request) => request.path === path);
    /** Answers /version with each of these, one after another, and then with the version. */
    const answerVersionWith = (...answers: ReturnType<Script>[]): Script => {
        const remaining = [...answers];
        return ({ path }) => (path === "/version" ? (remaining.shift() ?? versionAnswer) : namespaceAnswer);
    };

    it("is sent once when it is answered, and says who asks", async () => {
        api.script = identityScript;
        assert.deepEqual(await (await accessTo(api.url)).identity(), identity);
        assert.equal(api.requests.length, 2);
        assert.deepEqual(
            api.requests.map(({ headers }) => [headers["user-agent"], headers.authorization]),
            [
                ["eks-cni", "Bearer the-token"],
                ["eks-cni", "Bearer the-token"],
            ],
        );
    });

    for (const [what, answer] of [
        ["500", status(500, "etcd")],
        ["503", status(503, "starting")],
        ["504", status(504, "slow")],
        ["429", status(429, "busy")],
        ["no answer in time", "hang"],
        ["a broken connection", "reset"],
    ] as [string, ReturnType<Script>][]) {
        it(`is sent again after ${what}`, async () => {
            api.script = answerVersionWith(answer, answer);
            const settings = answer === "hang" ? quick : patient;
            assert.deepEqual(await (await accessTo(api.url, undefined, settings)).identity(), identity);
            assert.equal(requestsTo("/version").length, 3);
        });
    }

    for (const code of [429, 503]) {
        it(`waits as long as Retry-After says on ${code}`, async () => {
            api.script = answerVersionWith({
                ...status(code, "busy"),
                headers: { "retry-after": "1" },
            } satisfies Answer);
            const started = Date.now();
            await (await accessTo(api.url)).identity();
            assert.ok(Date.now() - started >= 950, `${Date.now() - started} ms`);
            assert.equal(requestsTo("/version").length, 2);
        });
    }

    it("is sent five times at most when the server fails inside, and the message is the server's", async () => {
        api.script = answerVersionWith(...Array.from({ length: 9 }, () => status(500, "failed calling webhook")));
        const refusal = await refusalOf((await accessTo(api.url)).identity());
        assert.equal(requestsTo("/version").length, 5);
        assert.equal(refusal.code, "cluster-refuses");
        assert.equal(refusal.seen, "The API server answered 500 to `get /version`: failed calling webhook.");
    });

    it("is not sent again after an answer that says no", async () => {
        api.script = answerVersionWith(status(400, "bad"));
        const refusal = await refusalOf((await accessTo(api.url)).identity());
        assert.equal(refusal.seen, "The API server answered 400 to `get /version`: bad.");
        assert.equal(requestsTo("/version").length, 1);
    });

    for (const [what, answer, why] of [
        ["never answers", "hang", "no answer within 0.15 s"],
        ["breaks each connection", "reset", "ECONNRESET"],
    ] as const) {
        it(`ends as unreachable when the server ${what}`, async () => {
            api.script = () => answer;
            const refusal = await refusalOf((await accessTo(api.url, undefined, quick)).identity());
            const host = new URL(api.url).host;
            assert.equal(refusal.code, "cluster-unreachable");
            assert.match(
                refusal.seen,
                new RegExp(
                    `^The API server at ${host} could not be reached: \\d+ attempts, the last failed with: ${why}\\.$`,
                ),
            );
            assert.match(refusal.means, /this step changed nothing/);
            assert.match(refusal.fix, /`kubeconfig`.*`kubectl --kubeconfig FILE get --raw \/readyz`/);
        });
    }

    it("ends as unreachable when the server only ever says that it is not available", async () => {
        api.script = () => status(503, "not yet");
        const started = Date.now();
        const refusal = await refusalOf((await accessTo(api.url, undefined, quick)).identity());
        assert.equal(refusal.code, "cluster-unreachable");
        assert.match(refusal.seen, /\d+ attempts, the last answered with 503\.$/);
        assert.ok(Date.now() - started <= quick.retryMilliseconds * 4, "not for ever");
        assert.ok(requestsTo("/version").length >= 4, "it was asked again and again");
    });

    it("is not sent again once the access is closed", async () => {
        // A separate server, since requests of earlier tests may still reach the other one.
        const unavailable = await ScriptedApi.start(() => {
            setTimeout(() => access.close(), 100);
            return { ...status(503, "not yet"), headers: { "retry-after": "20" } };
        });
        const access = await accessTo(unavailable.url, undefined, { ...patient, retryMilliseconds: 60_000 });
        try {
            assert.equal((await refusalOf(access.identity())).code, "cluster-unreachable");
            assert.equal(unavailable.requests.filter(({ path }) => path === "/version").length, 1);
        } finally {
            await unavailable.stop();
        }
    });

    it("ends as throttled when the server only ever turns it away", async () => {
        api.script = () => status(429, "too many");
        const { code, seen, fix } = await refusalOf((await accessTo(api.url, undefined, quick)).identity());
        assert.equal(code, "cluster-throttled");
        assert.match(seen, /rejects calls: \d+ attempts, the last answered with 429\.$/);
        assert.match(fix, /later\. It continues from here\./);
    });

    it("ends as unreachable when no server listens, without showing the URL's password", async () => {
        const gone = await ScriptedApi.start(identityScript);
        const { host } = new URL(gone.url);
        await gone.stop();
        const refusal = await refusalOf((await accessTo(`http://me:hidden@${host}`, undefined, quick)).identity());
        assert.equal(refusal.code, "cluster-unreachable");
        assert.match(refusal.seen, /ECONNREFUSED/);
        assert.doesNotMatch(refusal.message, /hidden/);
    });

    it("has 15 seconds for an attempt, and is attempted again for a minute, by default", () => {
        assert.equal(DEFAULT_SETTINGS.attemptMilliseconds, 15_000);
        assert.equal(DEFAULT_SETTINGS.retryMilliseconds, 60_000);
        assert.equal(DEFAULT_SETTINGS.credentialsMilliseconds, 60_000);
    });

    it("leaves the credential command of a preview as long as a request, and the preview shorter than an update", () => {
        const { attemptMilliseconds, retryMilliseconds, credentialsMilliseconds } = IMPATIENT_SETTINGS;
        assert.deepEqual([attemptMilliseconds, retryMilliseconds, credentialsMilliseconds], [10_000, 5_000, 10_000]);
    });

    it("counts an answer whose body does not come as none", async () => {
        const slow = await ScriptedApi.start(identityScript);
        slow.script = ({ path }, number) =>
            path === "/version" && number < 3
                ? { ...versionAnswer, headers: { "content-length": "1000" } }
                : identityScript({ path } as never, number);
        try {
            assert.deepEqual(await (await accessTo(slow.url, undefined, quick)).identity(), identity);
            assert.ok(slow.requests.length > 2);
        } finally {
            await slow.stop();
        }
    });

    it("knows the errors that are about certificates, which no other attempt fixes", () => {
        for (const code of [
            "SELF_SIGNED_CERT_IN_CHAIN",
            "DEPTH_ZERO_SELF_SIGNED_CERT",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "CERT_HAS_EXPIRED",
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "INVALID_CA",
            "HOSTNAME_MISMATCH",
        ]) {
            assert.ok(isAboutCertificates(code), code);
        }
        for (const code of [
            "ECONNREFUSED",
            "ECONNRESET",
            "ENOTFOUND",
            "EAI_AGAIN",
            "ETIMEDOUT",
            "the connection broke",
        ]) {
            assert.ok(!isAboutCertificates(code), code);
        }
    });
});
