import * as assert from "assert";
import * as fs from "fs";
import * as path from "path";
import { DeleteOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { createPrivateKey, generateKeyPairSync, KeyObject } from "crypto";
import { decodeProtectedHeader, SignJWT } from "jose";
import { CniServiceAccountRole, Delivery } from "../../index";
import { assumeRole, requestToken } from "../../sandbox/podIdentity";
import { Sandbox } from "../../sandbox/sandbox";
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

    /** A token as the API server would sign it, which does not sign one that has expired. */
    async function signed(claims: { issuer?: string; expiresIn?: string; key?: KeyObject }): Promise<string> {
        const keyFile = path.join(sandbox.directory, "cluster", "credentials", "service-account.key");
        const { kid } = decodeProtectedHeader(await requestToken(clusterOf(sandbox).config));
        return new SignJWT({})
            .setProtectedHeader({ alg: "RS256", kid })
            .setIssuer(claims.issuer ?? sandbox.issuer)
            .setAudience("sts.amazonaws.com")
            .setSubject("system:serviceaccount:kube-system:aws-node")
            .setIssuedAt("-2h")
            .setExpirationTime(claims.expiresIn ?? "1h")
            .sign(claims.key ?? createPrivateKey(fs.readFileSync(keyFile)));
    }

    it("a token like the API server's own is taken", async () => {
        await assumeRole(sandbox, roleArn, await signed({}));
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
        const token = await signed({ issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/OTHER" });
        await refused(
            token,
            "InvalidIdentityTokenException",
            /^No OpenIDConnect provider found in your account for https:.*OTHER$/,
        );
    });

    it("an expired token", async () => {
        await refused(
            await signed({ expiresIn: "-1h" }),
            "ExpiredTokenException",
            /^Token expired: current date\/time \d+ must be before/,
        );
    });

    it("a key that is not the cluster's", async () => {
        const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        await refused(await signed({ key: privateKey }), "InvalidIdentityTokenException", /could not be validated/);
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
