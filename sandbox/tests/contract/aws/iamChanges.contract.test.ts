import assert from "node:assert/strict";

import {
    AddClientIDToOpenIDConnectProviderCommand,
    AddRoleToInstanceProfileCommand,
    AttachRolePolicyCommand,
    CreateInstanceProfileCommand,
    CreateOpenIDConnectProviderCommand,
    DeletePolicyCommand,
    DeleteRoleCommand,
    DeleteRolePolicyCommand,
    DetachRolePolicyCommand,
    GetOpenIDConnectProviderCommand,
    GetPolicyCommand,
    GetRoleCommand,
    ListAttachedRolePoliciesCommand,
    PutRolePolicyCommand,
    RemoveClientIDFromOpenIDConnectProviderCommand,
    RemoveRoleFromInstanceProfileCommand,
    GenerateServiceLastAccessedDetailsCommand,
    UpdateRoleCommand,
    UpdateRoleDescriptionCommand,
} from "@aws-sdk/client-iam";

import { accountId, assertRefused, cniPolicyArn, ec2TrustPolicy, permissions } from "./support";
import { useIam } from "./useIam";

describe("attachments and deletion in IAM of the AWS stand-in", () => {
    const account = useIam();
    const { createRole, createPolicy } = account;

    describe("attachments", () => {
        const attach = (RoleName: string, PolicyArn: string) =>
            account.fixture.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
        const detach = (RoleName: string, PolicyArn: string) =>
            account.fixture.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));

        it("of a policy that is not there are refused", async () => {
            await createRole("attach-missing");
            for (const arn of ["arn:aws:iam::aws:policy/Nope", "arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy"]) {
                await assertRefused(attach("attach-missing", arn), {
                    name: "NoSuchEntityException",
                    status: 404,
                    message: `Policy ${arn} does not exist or is not attachable.`,
                });
            }
        });

        it("made twice are one, and one detachment ends them", async () => {
            await createRole("attach-twice");
            const policy = await createPolicy("attached-twice");
            const arn = policy.Policy?.Arn ?? "";
            await attach("attach-twice", arn);
            await attach("attach-twice", arn);
            const attached = await account.fixture.iam.send(
                new ListAttachedRolePoliciesCommand({ RoleName: "attach-twice" }),
            );
            assert.deepEqual(attached.AttachedPolicies, [{ PolicyName: "attached-twice", PolicyArn: arn }]);
            await detach("attach-twice", arn);
            const count = await account.fixture.iam.send(new GetPolicyCommand({ PolicyArn: arn }));
            assert.equal(count.Policy?.AttachmentCount, 0);
        });

        it("that are not there cannot be taken away", async () => {
            await createRole("detach-missing");
            await assertRefused(detach("detach-missing", cniPolicyArn), {
                name: "NoSuchEntityException",
                status: 404,
                message: `Policy ${cniPolicyArn} was not found.`,
            });
        });

        it("are ten a role at most", async () => {
            await createRole("ten-policies");
            for (let index = 0; index < 10; index++) {
                const policy = await createPolicy(`ten-${index}`);
                await attach("ten-policies", policy.Policy?.Arn ?? "");
            }
            await assertRefused(attach("ten-policies", cniPolicyArn), {
                name: "LimitExceededException",
                status: 409,
                message: "Cannot exceed quota for PoliciesPerRole: 10",
            });
        });
    });

    describe("changes", () => {
        it("of a role's session duration keep its description, and of a description nothing else", async () => {
            const RoleName = "update";
            await createRole(RoleName, ec2TrustPolicy, { Description: "before" });
            const read = async () => (await account.fixture.iam.send(new GetRoleCommand({ RoleName }))).Role;
            await account.fixture.iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 7200 }));
            assert.deepEqual([(await read())?.Description, (await read())?.MaxSessionDuration], ["before", 7200]);
            await account.fixture.iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: "after" }));
            assert.deepEqual([(await read())?.Description, (await read())?.MaxSessionDuration], ["after", 7200]);
        });

        it("of a provider's client ids may be made twice", async () => {
            const created = await account.fixture.iam.send(
                new CreateOpenIDConnectProviderCommand({
                    Url: "https://oidc.eks.us-west-2.amazonaws.com/id/CLIENTS",
                    ClientIDList: ["sts.amazonaws.com"],
                    Tags: [{ Key: "team", Value: "network" }],
                }),
            );
            const provider = { OpenIDConnectProviderArn: created.OpenIDConnectProviderArn ?? "" };
            const clientIds = async () =>
                (await account.fixture.iam.send(new GetOpenIDConnectProviderCommand(provider))).ClientIDList;
            for (let round = 0; round < 2; round++) {
                await account.fixture.iam.send(
                    new AddClientIDToOpenIDConnectProviderCommand({ ...provider, ClientID: "vault" }),
                );
                assert.deepEqual(await clientIds(), ["sts.amazonaws.com", "vault"]);
            }
            for (let round = 0; round < 2; round++) {
                await account.fixture.iam.send(
                    new RemoveClientIDFromOpenIDConnectProviderCommand({ ...provider, ClientID: "sts.amazonaws.com" }),
                );
                assert.deepEqual(await clientIds(), ["vault"]);
            }
            const { Tags } = await account.fixture.iam.send(new GetOpenIDConnectProviderCommand(provider));
            assert.deepEqual(Tags, [{ Key: "team", Value: "network" }]);
        });

        it("of a provider that is not there are refused", () => {
            const OpenIDConnectProviderArn = `arn:aws:iam::${accountId}:oidc-provider/missing.example.com`;
            return assertRefused(
                account.fixture.iam.send(
                    new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: "vault" }),
                ),
                {
                    name: "NoSuchEntityException",
                    status: 404,
                    message: `OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}`,
                },
            );
        });
    });

    describe("deletion", () => {
        const deleteRole = (RoleName: string) => account.fixture.iam.send(new DeleteRoleCommand({ RoleName }));
        const conflict = (message: string) => ({ name: "DeleteConflictException", status: 409, message });

        it("of a role waits for its attached policies", async () => {
            const RoleName = "delete-attached";
            await createRole(RoleName);
            await account.fixture.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: cniPolicyArn }));
            await assertRefused(
                deleteRole(RoleName),
                conflict("Cannot delete entity, must detach all policies first."),
            );
            await account.fixture.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: cniPolicyArn }));
            await deleteRole(RoleName);
        });

        it("of a role waits for its inline policies", async () => {
            const RoleName = "delete-inline";
            await createRole(RoleName);
            const PolicyName = "inline";
            const PolicyDocument = permissions("ec2:*");
            await account.fixture.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
            await assertRefused(deleteRole(RoleName), conflict("Cannot delete entity, must delete policies first."));
            await account.fixture.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
            await deleteRole(RoleName);
        });

        it("of a role waits for its instance profiles", async () => {
            const RoleName = "delete-profile";
            const InstanceProfileName = "profile";
            await createRole(RoleName);
            await account.fixture.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
            await account.fixture.iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
            await assertRefused(
                deleteRole(RoleName),
                conflict("Cannot delete entity, must remove roles from instance profile first."),
            );
            const leave = () =>
                account.fixture.iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
            await leave();
            await assertRefused(leave(), {
                name: "NoSuchEntityException",
                status: 404,
                message: `The role with name ${RoleName} cannot be found in the instance profile ${InstanceProfileName}.`,
            });
            await deleteRole(RoleName);
        });

        it("of a policy waits for its attachments, as a boundary too", async () => {
            const policy = await createPolicy("delete-attached-policy");
            const PolicyArn = policy.Policy?.Arn ?? "";
            const deletePolicy = () => account.fixture.iam.send(new DeletePolicyCommand({ PolicyArn }));
            const refusal = conflict("Cannot delete a policy attached to entities.");
            await createRole("holds-policy");
            await account.fixture.iam.send(new AttachRolePolicyCommand({ RoleName: "holds-policy", PolicyArn }));
            await assertRefused(deletePolicy(), refusal);
            await account.fixture.iam.send(new DetachRolePolicyCommand({ RoleName: "holds-policy", PolicyArn }));
            await createRole("holds-boundary", ec2TrustPolicy, { PermissionsBoundary: PolicyArn });
            await assertRefused(deletePolicy(), refusal);
            await deleteRole("holds-boundary");
            await deletePolicy();
        });
    });

    it("lets no caller change AWS managed policies", () =>
        assertRefused(account.fixture.iam.send(new DeletePolicyCommand({ PolicyArn: cniPolicyArn })), {
            name: "AccessDenied",
            status: 403,
            message: "Policy is outside your own account.",
        }));

    it("refuses a call that it does not know", () =>
        assertRefused(
            account.fixture.iam.send(
                new GenerateServiceLastAccessedDetailsCommand({
                    Arn: `arn:aws:iam::${accountId}:role/missing`,
                }),
            ),
            {
                name: "InvalidAction",
                status: 400,
                message: "Could not find operation GenerateServiceLastAccessedDetails for version 2010-05-08",
            },
        ));
});
