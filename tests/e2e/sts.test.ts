import * as assert from "assert";
import { DeleteOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { generateKeyPairSync } from "crypto";
import { assumeRole, type Sandbox } from "local-eks";
import { requestToken, signToken } from "local-eks/kubernetes";
import { CniServiceAccountRole, Delivery } from "../../index";
import { clusterOf } from "./support/cluster";
import { createOidcProvider, iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { makeStack } from "./support/stacks";
import { untilAssumed } from "./support/sts";

describe("what STS answers to a token that the role does not trust", () => {
    let sandbox: Sandbox;
    let stack: Awaited<ReturnType<typeof makeStack>>;
    let roleArn: string;

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        stack = await makeStack(sandbox, () => {
            const args = { oidcProviderArn: sandbox.oidcProviderArn, delivery: Delivery.External };
            return { roleArn: new CniServiceAccountRole("cni", args).roleArn };
        });
        roleArn = String((await stack.up()).outputs["roleArn"]?.value);
        await trusted();
    });
    after(async () => {
        await stack.destroy();
    });

    const trusted = async () => untilAssumed(sandbox, roleArn, await requestToken(clusterOf(sandbox).config));

    /** Shows the answer, so that a run of the suite can be read. */
    async function refused(token: string, name: string, message: RegExp): Promise<void> {
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
        await refused(token, "AccessDenied", /^Not authorized to perform sts:AssumeRoleWithWebIdentity$/);
    });

    it("another audience", async () => {
        const token = await requestToken(clusterOf(sandbox).config, { audience: "sts.amazonaws.com.cn" });
        await refused(token, "InvalidIdentityTokenException", /^Incorrect token audience$/);
    });

    it("another issuer", async () => {
        const token = await signToken(sandbox, { issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/OTHER" });
        await refused(
            token,
            "InvalidIdentityTokenException",
            /^No OpenIDConnect provider found in your account for https:.*OTHER$/,
        );
    });

    it("an expired token", async () => {
        await refused(
            await signToken(sandbox, { expiresIn: "-1h" }),
            "ExpiredTokenException",
            /^Token expired: current date\/time \d+ must be before/,
        );
    });

    it("a key that is not the cluster's", async () => {
        const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        await refused(
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
            await refused(
                token,
                "InvalidIdentityTokenException",
                /^No OpenIDConnect provider found in your account for https:/,
            );
        } finally {
            await createOidcProvider(sandbox);
            await trusted();
        }
    });
});
