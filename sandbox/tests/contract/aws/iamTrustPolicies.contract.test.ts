import { UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";

import { accountId, assertRefused, ec2TrustPolicy } from "./support";
import { useIam } from "./useIam";

describe("trust policies in IAM of the AWS stand-in", () => {
    const account = useIam();
    const { createRole } = account;

    describe("trust policies", () => {
        const refusals: [string, string, string][] = [
            ["text that is not JSON", "{", "This policy contains invalid Json"],
            ["a resource", trust({ Resource: "*" }), "Has prohibited field Resource"],
            ["no principal", trust({ Principal: undefined }), "Missing required field Principal"],
            [
                "everybody as the principal",
                trust({ Principal: "*" }),
                'AssumeRolepolicy contained an invalid principal: "STAR":"*".',
            ],
            [
                "an action of another service",
                trust({ Action: "ec2:RunInstances" }),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ],
            ["an unknown element", trust({ Foo: "bar" }), "Syntax errors in policy."],
            ["an effect in lower case", trust({ Effect: "allow" }), "Syntax errors in policy."],
            [
                "an unknown condition operator",
                trust({ Condition: { StringSame: { "aws:SourceAccount": accountId } } }),
                "Syntax errors in policy.",
            ],
            [
                "a federated principal that is an issuer's URL",
                trust({ Principal: { Federated: "https://oidc.eks.us-west-2.amazonaws.com/id/X" } }),
                "Federated principals must be valid domain names or SAML metadata ARNs",
            ],
            [
                "a role of the account that does not exist",
                trust({ Principal: { AWS: `arn:aws:iam::${accountId}:role/missing` } }),
                `Invalid principal in policy: "AWS":"arn:aws:iam::${accountId}:role/missing"`,
            ],
            [
                "no version",
                JSON.stringify({ ...(JSON.parse(ec2TrustPolicy) as object), Version: undefined }),
                "Policy document must be version 2012-10-17 or greater.",
            ],
        ];
        for (const [what, document, message] of refusals) {
            it(`are refused with ${what}`, async () => {
                const refusal = { name: "MalformedPolicyDocumentException", status: 400, message };
                await assertRefused(createRole("malformed", document), refusal);
            });
        }

        it("are refused in the same way when they are replaced", async () => {
            await createRole("replace-trust");
            const update = new UpdateAssumeRolePolicyCommand({
                RoleName: "replace-trust",
                PolicyDocument: trust({ Resource: "*" }),
            });
            await assertRefused(account.fixture.iam.send(update), {
                name: "MalformedPolicyDocumentException",
                status: 400,
                message: "Has prohibited field Resource",
            });
        });

        it("may name an OIDC provider that does not exist", async () => {
            const Federated = `arn:aws:iam::${accountId}:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/NONE`;
            await createRole(
                "unknown-provider",
                trust({ Principal: { Federated }, Action: "sts:AssumeRoleWithWebIdentity" }),
            );
        });

        it("may have 2048 characters and not one more, white space not counted", async () => {
            const spaced = (sid: number) => JSON.stringify(JSON.parse(trust({ Sid: "x".repeat(sid) })), undefined, 8);
            const overhead = JSON.stringify(JSON.parse(spaced(0))).length;
            await createRole("largest-trust", spaced(2048 - overhead));
            await assertRefused(createRole("too-large-trust", spaced(2049 - overhead)), {
                name: "LimitExceededException",
                status: 409,
                message: "Cannot exceed quota for ACLSizePerRole: 2048",
            });
        });
    });
});

function trust(change: Record<string, unknown>): string {
    return changed(ec2TrustPolicy, change);
}

function changed(text: string, change: Record<string, unknown>): string {
    const document = JSON.parse(text) as { Version: string; Statement: object[] };
    return JSON.stringify({ ...document, Statement: document.Statement.map((s) => ({ ...s, ...change })) });
}
