import type { KubeConfig } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { NoCredentials } from "../../../../handover/kubernetes/authentication";
import { failureOf, StatusError } from "../../../../handover/kubernetes/clusterErrors";
import { NoResponse } from "../../../../handover/kubernetes/requests";
import { NoConnection, Refusal } from "../../../../handover/model/refusal";

const request = { verb: "get", resource: "nodes", name: "n" };
const configOf = (user: object, server?: string) =>
    ({
        currentContext: "tests",
        getCurrentUser: () => ({ name: "tests", ...user }),
        getCurrentCluster: () => server && { server },
    }) as unknown as KubeConfig;
const config = configOf({ token: "opaque" }, "https://me:hidden@api.example.com");
const withCommand = configOf({ exec: { command: "aws" } }, "https://api.example.com");
const expired = configOf({ token: `x.${Buffer.from('{"exp":1700000000}').toString("base64url")}.x` }, "nowhere");

const reached = (of: KubeConfig) => ({ config: of, kubectl: "kubectl --context prod" });

/** The error that the client throws for an answer. */
const answer = (code: unknown, body: unknown) => Object.assign(new Error("answered"), { code, body });

const READYZ = "`kubectl --context prod get --raw /readyz` must print ok.";
const WHOAMI = "`kubectl --context prod auth whoami` must print the user.";
const UNKNOWN = "The hand-over cannot continue after this response.";
const FIX = "Fix the problem that the API server names, and run again. Each run starts from the current state.";
const refuses = (what: string) => ["cluster-refuses", `The API server ${what}.`, UNKNOWN, FIX] as const;
const unreadable = (kind: string) => refuses(`sent a response to \`get nodes n\` that could not be read (${kind})`);

type RefusalParts = readonly [code: string, seen: string, means: string, fix: string];
const failures: [string, unknown, KubeConfig, RefusalParts][] = [
    [
        "no answer",
        new NoResponse("2 attempts", false),
        config,
        [
            "cluster-unreachable",
            "The API server at api.example.com could not be reached: 2 attempts.",
            "The cluster could not be read, so this step changed nothing. It may still exist: a lost VPN looks the same as a deleted " +
                "cluster.",
            `Check \`kubeconfig\` and the network to the cluster: ${READYZ}`,
        ],
    ],
    [
        "a certificate that is not trusted",
        new NoResponse("1 attempt", true),
        config,
        [
            "cluster-unreachable",
            "The API server at api.example.com could not be reached: 1 attempt.",
            "The kubeconfig does not trust the server's certificate, so this may be the wrong server.",
            `Check \`kubeconfig\` and the network to the cluster: ${READYZ}`,
        ],
    ],
    [
        "a server that turns calls away",
        new NoResponse("9 attempts", false, true),
        config,
        [
            "cluster-throttled",
            "The API server at api.example.com rejects calls: 9 attempts.",
            "It is running, but receives too many calls.",
            "Run the same command again later. It continues from here. To see the callers: `kubectl --context prod get --raw " +
                "'/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1'`.",
        ],
    ],
    [
        "a command that gives no credentials",
        new NoCredentials("log in."),
        withCommand,
        [
            "cluster-credentials-missing",
            'The command `aws` of the user "tests" in the kubeconfig (context "tests") returned no credentials: log in.',
            "No request was sent, so this step changed nothing.",
            "Fix the problem that this credential command reports (for `aws eks get-token`, log in with `aws sso login`), and run " +
                "the same Pulumi command again. The live checks run the credential command without a terminal, with the PATH and the " +
                "environment of the Pulumi command.",
        ],
    ],
    [
        "a file that gives no credentials",
        new NoCredentials("it is not there"),
        config,
        [
            "cluster-credentials-missing",
            'The token of the user "tests" in the kubeconfig (context "tests") returned no credentials: it is not there.',
            "No request was sent, so this step changed nothing.",
            `Use a \`kubeconfig\` with credentials: ${WHOAMI}`,
        ],
    ],
    [
        "credentials that are not taken",
        answer(401, {}),
        config,
        [
            "cluster-credentials-refused",
            'The API server at api.example.com answered 401 to the token of the user "tests" in the kubeconfig (context "tests").',
            "The cluster does not accept these credentials, so this step changed nothing.",
            "Use a `kubeconfig` whose credentials the cluster accepts. On EKS, their IAM identity needs access to the cluster " +
                `(\`aws eks list-access-entries --cluster-name CLUSTER\` shows who has it): ${WHOAMI}`,
        ],
    ],
    [
        "a token that is too old, at an address that is none",
        answer(401, {}),
        expired,
        [
            "cluster-credentials-expired",
            'The API server at its address answered 401 to the token of the user "tests" in the kubeconfig (context "tests").',
            "That token expired at 2023-11-14T22:13:20.000Z, and the kubeconfig cannot get another one.",
            "Use a `kubeconfig` that gets new tokens itself, and run the same command again: `aws eks update-kubeconfig --name CLUSTER` writes one (exec: aws eks get-token).",
        ],
    ],
    [
        "what admission denies",
        answer(403, { message: "webhook denied it." }),
        config,
        [
            "cluster-access-denied",
            "The API server at api.example.com forbids `get nodes n`: webhook denied it.",
            "RBAC allows it, but an admission webhook or policy in the cluster denies it.",
            "Exempt the user in `kubeconfig` from that webhook or policy for `get nodes n`, and run again.",
        ],
    ],
    ["an answer", answer(422, { message: "no." }), config, refuses("answered 422 to `get nodes n`: no")],
    ["a text", answer(418, "a teapot"), config, refuses("answered 418 to `get nodes n`: no reason given")],
    ["what is no JSON", new SyntaxError('"secret" is no JSON'), config, unreadable("SyntaxError")],
    ["a code without a body", Object.assign(new Error(), { code: 403 }), config, unreadable("Error")],
    ["a code that is no number", answer("403", {}), config, unreadable("Error")],
    ["a body without a code", Object.assign(new Error(), { body: {} }), config, unreadable("Error")],
    ["what is no error", { code: 403, body: {} }, config, unreadable("object")],
];

describe("A request that fails", () => {
    for (const [what, error, of, whole] of failures) {
        it(`is reported completely with ${what}`, () => {
            const refusal = failureOf(error, request, reached(of));
            assert.ok(refusal instanceof Refusal);
            assert.deepEqual([refusal.code, refusal.seen, refusal.means, refusal.fix], whole);
        });
    }

    for (const code of [404, 409, 410] as const) {
        it(`is left to the caller with ${code}`, () => {
            const declined = failureOf(answer(code, { message: "no." }), request, reached(config));
            assert.ok(declined instanceof StatusError);
            assert.deepEqual([declined.status, declined.message, declined.conflicts], [code, "no", []]);
        });
    }

    for (const [what, noResponse, isNoConnection] of [
        ["no server", new NoResponse("2 attempts", false), true],
        ["a server whose certificate is not trusted", new NoResponse("1 attempt", true), false],
        ["a server that answered", new NoResponse("2 attempts", false, false, true), false],
    ] as const) {
        it(`is ${isNoConnection ? "" : "not "}reported as no connection with ${what}`, () => {
            const refusal = failureOf(noResponse, request, reached(config));
            assert.equal(refusal instanceof NoConnection, isNoConnection);
            assert.equal(refusal.name, "Refusal");
        });
    }

    it("names no address where the kubeconfig has none", () => {
        const { message } = failureOf(new NoResponse("1 attempt", false), request, reached(configOf({})));
        assert.match(message, /The API server at its address could not be reached/);
    });
});
