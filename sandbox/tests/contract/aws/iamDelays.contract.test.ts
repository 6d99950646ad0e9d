import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import {
    AttachRolePolicyCommand,
    GetRoleCommand,
    ListAttachedRolePoliciesCommand,
    ListRolesCommand,
} from "@aws-sdk/client-iam";

import { accountId, assertRefused, cniPolicyArn } from "./support";
import { useIam } from "./useIam";

describe("delays of IAM of the AWS stand-in", () => {
    const account = useIam(true);
    const { createRole } = account;

    describe("delays", () => {
        afterEach(() => account.fixture.api.setDelays({ visibilitySeconds: 0, enforcementSeconds: 0 }));

        it("of visibility let reads answer as before the write", async () => {
            account.fixture.api.setDelays({ visibilitySeconds: 1 });
            const RoleName = "visible-late";
            await createRole(RoleName);
            const attachedArns = async () =>
                (
                    await account.fixture.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))
                ).AttachedPolicies?.map((policy) => policy.PolicyArn);
            const names = async () =>
                (await account.fixture.iam.send(new ListRolesCommand({}))).Roles?.map((r) => r.RoleName);
            await assertRefused(account.fixture.iam.send(new GetRoleCommand({ RoleName })), {
                name: "NoSuchEntityException",
                status: 404,
                message: "The role with name visible-late cannot be found.",
            });
            assert.equal((await names())?.includes(RoleName), false);
            await new Promise((resolve) => setTimeout(resolve, 1100));
            await account.fixture.iam.send(new GetRoleCommand({ RoleName }));
            assert.equal((await names())?.includes(RoleName), true);
            await account.fixture.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: cniPolicyArn }));
            assert.deepEqual(await attachedArns(), []);
            await new Promise((resolve) => setTimeout(resolve, 1100));
            assert.deepEqual(await attachedArns(), [cniPolicyArn]);
        });

        it("are in the log of changes, with the state that comes into force", async () => {
            account.fixture.api.setDelays({ visibilitySeconds: 2, enforcementSeconds: 7 });
            await createRole("logged");
            const lines = readFileSync(join(account.fixture.directory, "iam-changes.jsonl"), "utf8").trim().split("\n");
            const change = JSON.parse(lines.at(-1) ?? "") as {
                action: string;
                changedAt: number;
                visibleAt: number;
                enforcedAt: number;
                state: { roles: Record<string, { arn: string } | undefined> };
            };
            assert.equal(change.action, "CreateRole");
            assert.equal(change.visibleAt - change.changedAt, 2000);
            assert.equal(change.enforcedAt - change.changedAt, 7000);
            assert.equal(change.state.roles.logged?.arn, `arn:aws:iam::${accountId}:role/logged`);
        });
    });
});
