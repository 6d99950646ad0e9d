import assert from "node:assert/strict";

import {
    CreateRoleCommand,
    DeleteRoleCommand,
    GetAccountAuthorizationDetailsCommand,
    GetPolicyVersionCommand,
    GetRoleCommand,
    ListRolesCommand,
} from "@aws-sdk/client-iam";
import { DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { ec2TrustPolicy, operator, permissions, rawCall } from "./support";
import { useIam } from "./useIam";

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe("answers of the AWS stand-in", () => {
    const account = useIam();
    const { createRole, createPolicy } = account;

    describe("have a request id", () => {
        const idOfRefusal = (call: Promise<unknown>) =>
            call.then(
                () => assert.fail("the call succeeded"),
                (reason: unknown) => (reason as { $metadata: { requestId?: string } }).$metadata.requestId ?? "",
            );

        it("that SDKs show when a call is refused, by each layer of the sandbox", async () => {
            const { iam } = account.fixture;
            const ids = [
                await idOfRefusal(iam.send(new GetRoleCommand({ RoleName: "missing" }))),
                await idOfRefusal(iam.send(new DeleteRoleCommand({ RoleName: "missing" }))),
                await idOfRefusal(
                    iam.send(new CreateRoleCommand({ RoleName: "a/b", AssumeRolePolicyDocument: ec2TrustPolicy })),
                ),
            ];
            ids.forEach((id) => assert.match(id, uuid));
            assert.equal(new Set(ids).size, ids.length);
        });

        it("that SDKs show when a call succeeds, of each service", async () => {
            const { iam, sts, ec2, eks } = account.fixture;
            const answers = [
                await iam.send(new ListRolesCommand({})),
                await sts.send(new GetCallerIdentityCommand({})),
                await ec2.send(new DescribeVpcsCommand({})),
            ];
            answers.forEach(({ $metadata }) => assert.match($metadata.requestId ?? "", uuid));
            const missing = await eks.send(new DescribeClusterCommand({ name: "missing" })).catch((error: unknown) => {
                return error as { $metadata: { requestId?: string } };
            });
            assert.match(missing.$metadata.requestId ?? "", uuid);
        });
    });

    describe("have documents that are URL-encoded", () => {
        /** The SDK does not decode them. */
        const decoded = (text: string | undefined) => {
            assert.match(text ?? "", /^%7B[\w%.~-]+%7D$/);
            return decodeURIComponent(text ?? "");
        };

        it("of one role and of the roles of a list alike", async () => {
            const { iam } = account.fixture;
            await createRole("encoded");
            const one = await iam.send(new GetRoleCommand({ RoleName: "encoded" }));
            const list = (await iam.send(new ListRolesCommand({}))).Roles ?? [];
            const listed = list.find((role) => role.RoleName === "encoded");
            assert.equal(decoded(one.Role?.AssumeRolePolicyDocument), ec2TrustPolicy);
            assert.equal(listed?.AssumeRolePolicyDocument, one.Role?.AssumeRolePolicyDocument);
        });

        it("of a policy's version, with the characters that XML writes in its own way", async () => {
            const document = permissions("s3:GetObject", "arn:aws:s3:::a/<&'!(*)>");
            const { Policy } = await createPolicy("encoded", document);
            const version = await account.fixture.iam.send(
                new GetPolicyVersionCommand({ PolicyArn: Policy?.Arn ?? "", VersionId: "v1" }),
            );
            assert.equal(decoded(version.PolicyVersion?.Document), document);
        });

        it("of the whole account", async () => {
            const details = await account.fixture.iam.send(
                new GetAccountAuthorizationDetailsCommand({ Filter: ["Role", "LocalManagedPolicy"] }),
            );
            const trusts = (details.RoleDetailList ?? []).map((role) => decoded(role.AssumeRolePolicyDocument));
            const policies = (details.Policies ?? []).flatMap((policy) => policy.PolicyVersionList ?? []);
            assert.ok(trusts.includes(ec2TrustPolicy));
            assert.ok(policies.map((version) => decoded(version.Document)).length > 0);
        });

        it("and are the same on the wire as in the SDK", async () => {
            const parameters = { Action: "ListRoles", Version: "2010-05-08" };
            const { body } = await rawCall(account.fixture.api.endpoint, "iam", operator, parameters);
            assert.match(body, /<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22/);
        });
    });
});
