import type { KubeConfig, RequestContext } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { authenticate, commandOf, credentialsOf, NoCredentials } from "../../../../handover/kubernetes/authentication";

describe("A kubeconfig's own way to credentials", () => {
    /** The reason that is reported if it fails with this. */
    const whyOf = async (thrown: unknown): Promise<string> => {
        // A credential plugin may throw anything.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        const config = { applySecurityAuthentication: () => Promise.reject(thrown) } as unknown as KubeConfig;
        try {
            await authenticate(config, {} as RequestContext, 1000);
        } catch (error) {
            assert.ok(error instanceof NoCredentials);
            return error.why;
        }
        throw new Error("It gave credentials.");
    };

    for (const [what, thrown, why] of [
        ["is in words", new Error(" log \n\t in\n"), "log in"],
        ["is long", new Error("x".repeat(400)), "x".repeat(300)],
        [
            "has a code of the system",
            Object.assign(new Error("spawn"), { code: "EACCES" }),
            "it could not be run or read (EACCES)",
        ],
        ["has the code that a command ended with", Object.assign(new Error("log in"), { code: 255 }), "log in"],
        ["is no error, but has a code", { code: "EACCES" }, "it failed without a message"],
        ["is nothing", undefined, "it failed without a message"],
    ] as [string, unknown, string][]) {
        it(`says why it failed when that ${what}`, async () => assert.equal(await whyOf(thrown), why));
    }

    const whose = 'the user "tests" in the kubeconfig (context "here")';
    const configOf = (user: object | null) =>
        ({ currentContext: "here", getCurrentUser: () => user && { name: "tests", ...user } }) as unknown as KubeConfig;

    for (const [what, user, words] of [
        ["a command", { exec: { command: "aws" } }, `the command \`aws\` of ${whose}`],
        ["an auth-provider", { authProvider: { name: "gcp" } }, `the auth-provider of ${whose}`],
        ["a token", { token: "secret" }, `the token of ${whose}`],
        ["something else", {}, `the credentials of ${whose}`],
        ["a command that is no text", { exec: { command: ["aws"] } }, `the credentials of ${whose}`],
        ["no user", null, 'the credentials of the user "" in the kubeconfig (context "here")'],
    ] as const) {
        it(`is named where there is ${what}`, () => assert.equal(credentialsOf(configOf(user)), words));
    }

    it("has no command where what stands there is none", () => {
        assert.equal(commandOf(configOf({ exec: { command: 7 } })), undefined);
        assert.equal(commandOf(configOf({ exec: null })), undefined);
    });
});
