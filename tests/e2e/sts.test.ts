import * as assert from "assert";
import { DeleteOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { generateKeyPairSync } from "crypto";
import { assumeRole, type Sandbox } from "local-eks";
import { requestToken, signToken } from "local-eks/kubernetes";
import { CniServiceAccountRole, Delivery } from "../../index";
import { clusterOf } from "./support/cluster";
import { createOidcProvider, iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { createStack } from "./support/stacks";
import { untilAssumed } from "./support/sts";

describe("what STS answers to a token that the role does not trust", () => {
    let sandbox: Sandbox;
    let stack: Awaited<ReturnType<typeof createStack>>;
    let roleArn: string;

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        stack = await createStack(sandbox, () => {
            const args = { oidcProviderArn: sandbox.oidcProviderArn, delivery: Delivery.External, liveChecks: false };
            return { roleArn: new CniServiceAccountRole("cni", args).roleArn };
        });
        roleArn = String((await stack.up()).outputs["roleArn"]?.value);
        await awaitTrust();
    });
    after(async () => {
        await stack.destroy();
    });

    const awaitTrust = async () => untilAssumed(sandbox, roleArn, await requestToken(clusterOf(sandbox).config));

    /** Also prints the answer, so that the test output shows it. */
    async function assertRefused(token: string, name: string, message: RegExp): Promise<void> {
        await assert.rejects(assumeRole(sandbox, roleArn, token), (error: Error) => {
            process.stdout.write(`        ${error.name}: ${error.message}\n`);
            assert.strictEqual(error.name, name);
            assert.match(error.message, message);
            return true;
        });
    }

    it("a token like the API server's own is taken", async () => {
        await assumeRole(sandbox, roleArn, await signToken(sandbox));
    });

    it("another service account", async () => {
        const token = await requestToken(clusterOf(sandbox).config, { serviceAccount: "default" });
        await assertRefused(token, "AccessDenied", /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/);
    });

    it("another audience", async () => {
        const token = await requestToken(clusterOf(sandbox).config, { audience: "sts.amazonaws.com.cn" });
        await assertRefused(token, "InvalidIdentityTokenException", /^Incorrect token audience$/);
    });

    it("another issuer", async () => {
        const token = await signToken(sandbox, { issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/OTHER" });
        await assertRefused(
            token,
            "InvalidIdentityTokenException",
            /^No OpenIDConnect provider found in your account for https:.*OTHER$/,
        );
    });

    it("an expired token", async () => {
        await assertRefused(
            await signToken(sandbox, { expiresIn: "-1h" }),
            "ExpiredTokenException",
            /^Token expired: current date\/time \d+ must be before/,
        );
    });

    it("a key that is not the cluster's", async () => {
        const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        await assertRefused(
            await signToken(sandbox, { key: privateKey }),
            "InvalidIdentityTokenException",
            /could not be validated/,
        );
    });

    it("an OIDC provider that IAM does not have", async () => {
        const { client } = iamOf(sandbox);
        const token = await requestToken(clusterOf(sandbox).config);
        await client.send(
            new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: sandbox.oidcProviderArn }),
        );
        try {
            await new Promise((resolve) => setTimeout(resolve, 4000));
            await assertRefused(
                token,
                "InvalidIdentityTokenException",
                /^No OpenIDConnect provider found in your account for https:/,
            );
        } finally {
            await createOidcProvider(sandbox);
            await awaitTrust();
        }
    });
});
