import { deepStrictEqual, equal } from "node:assert/strict";
import { World } from "./contract";
import { openIdConnectProvider } from "./contractsOfIam";
import { CNI_POLICY, makeRole, permissions, unique, WORKER_POLICY } from "./prerequisites";
import { ProviderClient } from "../../../providerClient";
import { rejectsWith } from "./rejectsWith";
import { iamDone, ScriptedApi } from "./scriptedApi";
import { useScriptedProvider } from "./useScriptedProvider";

const POLICY = "aws:iam/policy:Policy";
const ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const EXCLUSIVE = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive";

describe("the stand-in of the AWS provider does as the real one", () => {
    const { started, make } = useScriptedProvider();
    let api: ScriptedApi;
    let provider: ProviderClient;
    let world: World;
    before(() => ({ api, provider, world } = started()));

    describe("with a policy", () => {
        it("makes room when there are five versions, and deletes all of them in the end", async () => {
            const made = await make(POLICY, { name: unique("semantics"), policy: permissions("ec2:A0") });
            let state = made.state;
            for (const number of [1, 2, 3, 4, 5, 6]) {
                const changed = { ...made.inputs, policy: permissions(`ec2:A${number}`) };
                state = await provider.update(POLICY, made.id, state, changed);
            }
            const { Versions } = await world.iam.listPolicyVersions({ PolicyArn: made.id });
            equal(Versions?.length, 5);
            deepStrictEqual(
                Versions.filter((version) => version.IsDefaultVersion).map((version) => version.VersionId),
                ["v7"],
            );
            await provider.delete(POLICY, made.id, state);
            const deleted = api.calls.filter((call) => call === "DeletePolicyVersion").length;
            // Two versions were deleted to make room, four before the policy itself.
            equal(deleted, 6);
        });
    });

    describe("with an attachment", () => {
        it("says which policy and role it was about when the role does not exist", async () => {
            await rejectsWith(
                make(ATTACHMENT, { role: "missing", policyArn: CNI_POLICY }),
                /^attaching IAM Policy \(arn:aws:iam::aws:policy\/AmazonEKS_CNI_Policy\) to IAM Role \(missing\): operation error IAM: AttachRolePolicy, .* NoSuchEntity: /,
            );
        });

        it("attaches what is attached already without an error, as IAM does", async () => {
            const role = await makeRole(world);
            await make(ATTACHMENT, { role, policyArn: CNI_POLICY });
            equal((await make(ATTACHMENT, { role, policyArn: CNI_POLICY })).id, `${role}/${CNI_POLICY}`);
        });

        it("is done when the role is gone before the attachment", async () => {
            const role = await makeRole(world);
            const { id, state } = await make(ATTACHMENT, { role, policyArn: CNI_POLICY });
            await world.iam.detachRolePolicy({ RoleName: role, PolicyArn: CNI_POLICY });
            await world.iam.deleteRole({ RoleName: role });
            await provider.delete(ATTACHMENT, id, state);
        });

        it("refuses an import id that is not <role-name>/<policy_arn>", async () => {
            await rejectsWith(
                provider.read(ATTACHMENT, "role"),
                /^unexpected format for Import ID \("role"\), expected <role-name>\/<policy_arn>$/,
            );
        });
    });

    describe("with exclusive attachments", () => {
        const attachedTo = async (role: string) => {
            const { AttachedPolicies = [] } = await world.iam.listAttachedRolePolicies({ RoleName: role });
            return AttachedPolicies.map(({ PolicyArn }) => PolicyArn);
        };

        it("detaches what is not in the list when they are created, and attaches what is missing", async () => {
            const role = await makeRole(world);
            await make(ATTACHMENT, { role, policyArn: WORKER_POLICY });
            await make(EXCLUSIVE, { roleName: role, policyArns: [CNI_POLICY] });
            deepStrictEqual(await attachedTo(role), [CNI_POLICY]);
        });

        it("detaches nothing when they are deleted", async () => {
            const role = await makeRole(world);
            const { id, state } = await make(EXCLUSIVE, { roleName: role, policyArns: [CNI_POLICY] });
            await provider.delete(EXCLUSIVE, id, state);
            deepStrictEqual(await attachedTo(role), [CNI_POLICY]);
        });

        it("fails when the role does not exist", async () => {
            await rejectsWith(make(EXCLUSIVE, { roleName: "missing", policyArns: [] }), /NoSuchEntity/);
        });
    });

    it("adds and removes client ids of an OIDC provider one by one", async () => {
        const { type } = openIdConnectProvider;
        const { id, state, inputs } = await make(type, await openIdConnectProvider.inputs(world));
        // moto implements neither of the two actions, so the test only records their calls.
        api.answer("AddClientIDToOpenIDConnectProvider", iamDone("AddClientIDToOpenIDConnectProvider"));
        api.answer("RemoveClientIDFromOpenIDConnectProvider", iamDone("RemoveClientIDFromOpenIDConnectProvider"));
        await provider.update(type, id, state, { ...inputs, clientIdLists: ["another"] });
        deepStrictEqual(
            api.calls.filter((call) => call.includes("ClientID")),
            ["AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"],
        );
    });
});
