import assert from "node:assert/strict";

import { UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";

import { invalidIdentityToken, notAuthorized, notValid } from "./refusals";
import { accountId, assertRefused, trustPolicy } from "./support";
import { useIam } from "./useIam";
import { untilEnforced, useIssuer } from "./useIssuer";

describe("AssumeRoleWithWebIdentity of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "TOKENS");
    before(() => issuer.makeRole("cni"));
    const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

    it("hands out credentials for a token that the role trusts", async () => {
        const answer = await issuer.assume("cni", { DurationSeconds: 900 });
        assert.equal(answer.AssumedRoleUser?.Arn, `arn:aws:sts::${accountId}:assumed-role/cni/aws-node`);
        assert.match(answer.AssumedRoleUser.AssumedRoleId ?? "", /^AROA[A-Z0-9]+:aws-node$/);
        assert.equal(answer.SubjectFromWebIdentityToken, "system:serviceaccount:kube-system:aws-node");
        assert.equal(answer.Audience, "sts.amazonaws.com");
        assert.match(answer.Credentials?.AccessKeyId ?? "", /^ASIA[A-Z2-7]{16}$/);
        const seconds = ((answer.Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000;
        assert.ok(seconds > 880 && seconds <= 900, `expires in ${seconds} s`);
    });

    describe("looks at the role's trust and", () => {
        it("refuses a subject that the role does not trust", () =>
            assertRefused(
                issuer.assumeWith("cni", { sub: "system:serviceaccount:kube-system:default" }),
                notAuthorized,
            ));

        it("refuses a role that does not exist in the same words", () =>
            assertRefused(issuer.assume("missing"), notAuthorized));

        it("refuses a role that trusts another issuer only", async () => {
            await account.createRole("other-issuer", trustPolicy("https://oidc.eks.us-west-2.amazonaws.com/id/OTHER"));
            await assertRefused(issuer.assume("other-issuer"), notAuthorized);
        });

        it("follows StringLike in the trust policy", async () => {
            await account.createRole(
                "pattern",
                trustPolicy(issuer.url)
                    .replace("StringEquals", "StringLike")
                    .replace("kube-system:aws-node", "kube-system:aws-*"),
            );
            await issuer.assume("pattern");
            const coredns = { sub: "system:serviceaccount:kube-system:coredns" };
            await assertRefused(issuer.assumeWith("pattern", coredns), notAuthorized);
        });

        it("follows the trust policy that is in force, not the one last written", async () => {
            await account.createRole("late-trust");
            account.fixture.api.setDelays({ enforcementSeconds: 1 });
            await account.fixture.iam.send(
                new UpdateAssumeRolePolicyCommand({
                    RoleName: "late-trust",
                    PolicyDocument: trustPolicy(issuer.url),
                }),
            );
            await assertRefused(issuer.assume("late-trust"), notAuthorized);
            await untilEnforced();
            await issuer.assume("late-trust");
        });
    });

    describe("looks for the provider of the issuer and", () => {
        it("refuses an audience that is not a client of the provider", () =>
            assertRefused(
                issuer.assumeWith("cni", { aud: "sts.amazonaws.com.cn" }),
                invalidIdentityToken("Incorrect token audience"),
            ));

        it("refuses an issuer without a provider in IAM", () => {
            const iss = "https://oidc.eks.us-west-2.amazonaws.com/id/NONE";
            return assertRefused(
                issuer.assumeWith("cni", { iss }),
                invalidIdentityToken(`No OpenIDConnect provider found in your account for ${iss}`),
            );
        });

        it("looks for the provider in the role's account", () =>
            assertRefused(
                issuer.assume("cni", { RoleArn: "arn:aws:iam::444455556666:role/cni" }),
                invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer.url}`),
            ));
    });

    describe("looks at the token's times and", () => {
        it("refuses an expired token with both times", async () => {
            const exp = inSeconds(-5);
            await assertRefused(issuer.assumeWith("cni", { exp }), {
                name: "ExpiredTokenException",
                status: 400,
                message: new RegExp(
                    `^Token expired: current date/time \\d{10} must be before the expiration date/time ${exp}$`,
                ),
            });
        });

        for (const claim of ["nbf", "iat"]) {
            it(`refuses a token of a clock that is ahead, by its ${claim}`, () =>
                assertRefused(issuer.assumeWith("cni", { [claim]: inSeconds(60) }), notValid));
        }

        it("takes a token of a clock that is behind, as long as it has not expired", () =>
            issuer.assumeWith("cni", { iat: inSeconds(-3600), nbf: inSeconds(-3600), exp: inSeconds(60) }));
    });

    describe("reads the token and", () => {
        it("refuses what is not a JWT", () =>
            assertRefused(
                issuer.assume("cni", { WebIdentityToken: "a-token-that-is-none" }),
                invalidIdentityToken(
                    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
                ),
            ));

        it("refuses a token whose claims were changed after it was signed", async () => {
            const [header, , signature] = (await issuer.issuer.token()).split(".");
            const [, claims] = (await issuer.issuer.token({ exp: inSeconds(86400) })).split(".");
            const WebIdentityToken = [header, claims, signature].join(".");
            await assertRefused(issuer.assume("cni", { WebIdentityToken }), notValid);
        });
    });
});
