import { PutRolePolicyCommand } from "@aws-sdk/client-iam";

import { assertRefused, permissions } from "./support";
import { useIam } from "./useIam";

describe("permission policies in IAM of the AWS stand-in", () => {
    const account = useIam();
    const { createRole, createPolicy } = account;

    describe("permission policies", () => {
        const refusals: [string, string, string][] = [
            ["text that is not JSON", "{", "Syntax errors in policy."],
            ["a principal", permissionsWith({ Principal: "*" }), "Policy document should not specify a principal."],
            ["no resource", permissionsWith({ Resource: undefined }), "Policy statement must contain resources."],
            ["no action", permissionsWith({ Action: undefined }), "Policy statement must contain actions."],
            [
                "an action without a service",
                permissionsWith({ Action: "DescribeInstances" }),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ],
            [
                "a resource that is no ARN",
                permissionsWith({ Resource: "eni-1" }),
                'Resource eni-1 must be in ARN format or "*".',
            ],
            ["an unknown version", permissions("ec2:*").replace("2012", "2013"), "Syntax errors in policy."],
            [
                "the old version",
                permissions("ec2:*").replace("2012-10-17", "2008-10-17"),
                "Policy document must be version 2012-10-17 or greater.",
            ],
            [
                "two statements of one id",
                JSON.stringify({
                    Version: "2012-10-17",
                    Statement: [1, 2].map(() => ({ Sid: "same", Effect: "Allow", Action: "ec2:*", Resource: "*" })),
                }),
                "Statement IDs (SID) in a single policy must be unique.",
            ],
        ];
        for (const [what, document, message] of refusals) {
            const refusal = { name: "MalformedPolicyDocumentException", status: 400, message };
            it(`are refused with ${what}, managed`, () => assertRefused(createPolicy("malformed", document), refusal));
            it(`are refused with ${what}, inline`, async () => {
                await createRole("inline-malformed").catch(() => undefined);
                const put = new PutRolePolicyCommand({
                    RoleName: "inline-malformed",
                    PolicyName: "p",
                    PolicyDocument: document,
                });
                await assertRefused(account.fixture.iam.send(put), refusal);
            });
        }

        it("may have 6144 characters and not one more", async () => {
            const sized = (sid: number) => permissionsWith({ Sid: "x".repeat(sid) });
            const overhead = sized(0).length;
            await createPolicy("largest", sized(6144 - overhead));
            await assertRefused(createPolicy("too-large", sized(6145 - overhead)), {
                name: "LimitExceededException",
                status: 409,
                message: "Cannot exceed quota for PolicySize: 6144",
            });
        });

        it("may have 10240 characters in all as inline policies of a role", async () => {
            await createRole("inline-size");
            const put = (PolicyName: string, PolicyDocument: string) =>
                account.fixture.iam.send(
                    new PutRolePolicyCommand({ RoleName: "inline-size", PolicyName, PolicyDocument }),
                );
            const sized = (size: number) =>
                permissionsWith({ Sid: "x".repeat(size - permissionsWith({ Sid: "" }).length) });
            await put("half", sized(5120));
            await put("other-half", sized(5120));
            await assertRefused(put("one-more", sized(100)), {
                name: "LimitExceededException",
                status: 409,
                message: "Maximum policy size of 10240 bytes exceeded for role inline-size",
            });
            await put("half", sized(100));
        });
    });

    it("a permissions boundary must be a policy that exists", async () => {
        const PermissionsBoundary = "arn:aws:iam::111122223333:policy/no-such-boundary";
        await assertRefused(createRole("bounded-by-nothing", undefined, { PermissionsBoundary }), {
            name: "NoSuchEntityException",
            status: 404,
            message: `Scope ARN: ${PermissionsBoundary} does not exist or is not attachable.`,
        });
    });
});

function permissionsWith(change: Record<string, unknown>): string {
    return changed(permissions("ec2:*"), change);
}

function changed(text: string, change: Record<string, unknown>): string {
    const document = JSON.parse(text) as { Version: string; Statement: object[] };
    return JSON.stringify({ ...document, Statement: document.Statement.map((s) => ({ ...s, ...change })) });
}
