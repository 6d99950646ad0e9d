import assert from "node:assert/strict";

import type { AssumeRoleWithWebIdentityCommandInput } from "@aws-sdk/client-sts";

import { accountId, assertRefused } from "./support";
import { useIam } from "./useIam";
import { useIssuer } from "./useIssuer";

describe("parameters of AssumeRoleWithWebIdentity of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "PARAMETERS");
    before(() => issuer.makeRole("parameters-of-sts"));

    const failed = (value: string, member: string, constraint: string) =>
        `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`;
    const refusals: [string, Partial<AssumeRoleWithWebIdentityCommandInput>, string][] = [
        [
            "a role ARN of less than 20 characters",
            { RoleArn: "cni" },
            failed("cni", "roleArn", "Member must have length greater than or equal to 20"),
        ],
        ["an ARN that names no role", { RoleArn: `arn:aws:iam::${accountId}:user/cni` }, "Request ARN is invalid"],
        [
            "a session name of one character",
            { RoleSessionName: "x" },
            failed("x", "roleSessionName", "Member must have length greater than or equal to 2"),
        ],
        [
            "a session name of 65 characters",
            { RoleSessionName: "x".repeat(65) },
            failed("x".repeat(65), "roleSessionName", "Member must have length less than or equal to 64"),
        ],
        [
            "a session name with a blank",
            { RoleSessionName: "aws node" },
            failed("aws node", "roleSessionName", "Member must satisfy regular expression pattern: [\\w+=,.@-]*"),
        ],
        [
            "a session of less than 15 minutes",
            { DurationSeconds: 899 },
            failed("899", "durationSeconds", "Member must have value greater than or equal to 900"),
        ],
        [
            "a session of more than 12 hours",
            { DurationSeconds: 43201 },
            failed("43201", "durationSeconds", "Member must have value less than or equal to 43200"),
        ],
        [
            "a token of three characters",
            { WebIdentityToken: "a.b" },
            failed("***", "webIdentityToken", "Member must have length greater than or equal to 4"),
        ],
        [
            "a session longer than the role allows",
            { DurationSeconds: 3601 },
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ],
    ];
    for (const [what, input, message] of refusals) {
        it(`are refused with ${what}`, () =>
            assertRefused(issuer.assume("parameters-of-sts", input), {
                name: "ValidationError",
                status: 400,
                message,
            }));
    }

    it("may ask for as long a session as the role allows", async () => {
        await issuer.makeRole("long-sessions", { MaxSessionDuration: 7200 });
        const { Credentials } = await issuer.assume("long-sessions", { DurationSeconds: 7200 });
        const seconds = ((Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000;
        assert.ok(seconds > 7180 && seconds <= 7200, `expires in ${seconds} s`);
    });

    it("may not narrow the session: session policies are refused, not left out", () =>
        assertRefused(issuer.assume("parameters-of-sts", { PolicyArns: [{ arn: "arn:aws:iam::aws:policy/Any" }] }), {
            name: "NotImplemented",
            status: 501,
            message: "This sandbox has no session policies (Policy, PolicyArns).",
        }));
});
