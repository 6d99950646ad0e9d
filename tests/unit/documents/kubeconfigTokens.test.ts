import { dumpYaml as dump, KubeConfig } from "@kubernetes/client-node";
import { deepStrictEqual, notDeepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { withoutTokens } from "../../../documents/kubeconfigTokens";

const SERVER = "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com";

const kubeconfig = (user: object, server = SERVER) => ({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "prod", cluster: { server, "certificate-authority-data": "Q0E=" } }],
    contexts: [{ name: "prod", context: { cluster: "prod", user: "operator" } }],
    "current-context": "prod",
    users: [{ name: "operator", user }],
});

/** How programs and tools write a kubeconfig. */
const WRITERS: [string, (config: object) => unknown][] = [
    ["JSON", (config) => JSON.stringify(config)],
    ["JSON on several lines", (config) => JSON.stringify(config, undefined, 4)],
    ["YAML, as kubectl writes it", (config) => dump(config)],
    ["YAML in flow style", (config) => dump(config, { flowLevel: 1 })],
    ["YAML with quotes", (config) => dump(config, { forceQuotes: true })],
    ["YAML with double quotes", (config) => dump(config, { forceQuotes: true, quotingType: '"' })],
    ["a JSON value", (config) => config],
];

/** Of a service account or an OIDC provider, of `aws eks get-token`, and one that is no JWT. */
const letters = (min: number, max: number) =>
    fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{${String(min)},${String(max)}}$`));
const token = fc.oneof(
    fc.tuple(letters(20, 200), letters(20, 900), letters(20, 400)).map((parts) => parts.join(".")),
    letters(20, 400).map((text) => `k8s-aws-v1.${text}`),
    letters(1, 40).map((text) => `a${text}`),
);

describe("a kubeconfig without its tokens", () => {
    for (const [what, write] of WRITERS) {
        it(`is the same whatever the token, in ${what}`, () => {
            fc.assert(
                fc.property(token, token, (one, other) => {
                    const [first, second] = [one, other].map((t) => withoutTokens(write(kubeconfig({ token: t }))));
                    deepStrictEqual(first, second);
                    ok(!JSON.stringify(first).includes(one) || one.length < 8);
                }),
            );
        });

        it(`is the same whatever the tokens of an OIDC provider, in ${what}`, () => {
            const oidc = (idToken: string) => ({
                "auth-provider": {
                    name: "oidc",
                    config: {
                        "client-id": "kubernetes",
                        "id-token": idToken,
                        "refresh-token": `r${idToken}`,
                        "idp-issuer-url": "https://accounts.example.com",
                    },
                },
            });
            const [first, second] = ["one", "other"].map((t) => withoutTokens(write(kubeconfig(oidc(t)))));
            deepStrictEqual(first, second);
            const issuer = kubeconfig(oidc("one"));
            notDeepStrictEqual(
                withoutTokens(JSON.parse(JSON.stringify(issuer).replace("accounts.example.com", "login.example.com"))),
                withoutTokens(issuer),
            );
        });

        const changes: [string, object][] = [
            ["another server", kubeconfig({ token: "one" }, "https://other.example.com")],
            ["a credential command instead", kubeconfig({ exec: { command: "aws", args: ["eks", "get-token"] } })],
            ["a file with a token instead", kubeconfig({ tokenFile: "/var/run/token" })],
            ["another user", { ...kubeconfig({ token: "one" }), users: [{ name: "admin", user: { token: "one" } }] }],
        ];
        for (const [change, config] of changes) {
            it(`differs with ${change}, in ${what}`, () => {
                notDeepStrictEqual(withoutTokens(write(config)), withoutTokens(write(kubeconfig({ token: "one" }))));
            });
        }

        it(`differs with another file that holds the token, in ${what}`, () => {
            const [one, other] = ["/run/a", "/run/b"].map((tokenFile) =>
                withoutTokens(write(kubeconfig({ tokenFile }))),
            );
            notDeepStrictEqual(one, other);
        });
    }

    it("is a kubeconfig still, for the same server", () => {
        for (const [, write] of WRITERS.slice(0, -1)) {
            const config = new KubeConfig();
            config.loadFromString(String(withoutTokens(write(kubeconfig({ token: "a.b.c" })))));
            deepStrictEqual([config.getCurrentCluster()?.server, config.getCurrentUser()?.token], [SERVER, "TOKEN"]);
        }
    });

    it("has no token in a block of its own either", () => {
        const [one, other] = ["one", "other"].map((t) =>
            withoutTokens(`users:\n- name: operator\n  user:\n    token: >-\n      ${t}\n`),
        );
        strictEqual(one, other);
        strictEqual(one, 'users:\n- name: operator\n  user:\n    token: "TOKEN"\n');
    });

    it("is a path as it was, and what is no kubeconfig too", () => {
        for (const given of ["~/.kube/config", "./token.yaml", "", undefined, null, 7]) {
            strictEqual(withoutTokens(given), given);
        }
    });

    it("keeps keys whose names end in one of those", () => {
        const text = "csrf-token: a\nmy_token: b\ntokens: c\n";
        strictEqual(withoutTokens(text), text);
        notStrictEqual(withoutTokens("{token: a}"), "{token: a}");
    });
});
