import assert from "node:assert/strict";

import {
    CreatePolicyVersionCommand,
    DeletePolicyCommand,
    DeletePolicyVersionCommand,
    GetPolicyCommand,
    ListPolicyVersionsCommand,
    SetDefaultPolicyVersionCommand,
} from "@aws-sdk/client-iam";

import { accountId, assertRefused, cniPolicyArn, permissions } from "./support";
import { useIam } from "./useIam";

describe("versions of a policy in IAM of the AWS stand-in", () => {
    const account = useIam();
    const arnOf = async (name: string) => (await account.createPolicy(name)).Policy?.Arn ?? "";
    const add = (PolicyArn: string, SetAsDefault = false, PolicyDocument = permissions("ec2:*")) =>
        account.fixture.iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault }));
    const remove = (PolicyArn: string, VersionId: string) =>
        account.fixture.iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    const setDefault = (PolicyArn: string, VersionId: string) =>
        account.fixture.iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }));
    const defaultOf = async (PolicyArn: string) =>
        (await account.fixture.iam.send(new GetPolicyCommand({ PolicyArn }))).Policy?.DefaultVersionId;
    const conflict = (message: string) => ({ name: "DeleteConflictException", status: 409, message });

    it("become the default one when that is asked for, and later by SetDefaultPolicyVersion", async () => {
        const arn = await arnOf("defaults");
        assert.equal((await add(arn)).PolicyVersion?.IsDefaultVersion, false);
        assert.equal(await defaultOf(arn), "v1");
        assert.equal((await add(arn, true)).PolicyVersion?.VersionId, "v3");
        assert.equal(await defaultOf(arn), "v3");
        await setDefault(arn, "v2");
        const { Versions } = await account.fixture.iam.send(new ListPolicyVersionsCommand({ PolicyArn: arn }));
        const defaults = (Versions ?? []).filter((version) => version.IsDefaultVersion);
        assert.deepEqual(
            defaults.map((version) => version.VersionId),
            ["v2"],
        );
    });

    it("are five at most", async () => {
        const arn = await arnOf("five");
        for (let count = 2; count <= 5; count++) {
            await add(arn);
        }
        await assertRefused(add(arn), {
            name: "LimitExceededException",
            status: 409,
            message:
                "A managed policy can have up to 5 versions. Before you create a new version, " +
                "you must delete an existing version.",
        });
    });

    it("are counted on: a deleted one's number does not come again", async () => {
        const arn = await arnOf("numbers");
        await add(arn);
        await remove(arn, "v2");
        assert.equal((await add(arn)).PolicyVersion?.VersionId, "v3");
    });

    it("are deleted, but not the default one", async () => {
        const arn = await arnOf("default-stays");
        await add(arn, true);
        await assertRefused(remove(arn, "v2"), conflict("Cannot delete the default version of a policy."));
        await remove(arn, "v1");
    });

    it("go before the policy itself", async () => {
        const arn = await arnOf("versions-first");
        await add(arn);
        const deletePolicy = () => account.fixture.iam.send(new DeletePolicyCommand({ PolicyArn: arn }));
        await assertRefused(
            deletePolicy(),
            conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's " +
                    "versions. The default version is deleted with the policy.",
            ),
        );
        await remove(arn, "v2");
        await deletePolicy();
    });

    it("that are not there can be neither deleted nor made the default one", async () => {
        const arn = await arnOf("no-version");
        const missing = {
            name: "NoSuchEntityException",
            status: 404,
            message: `Policy ${arn} version v7 does not exist or is not attachable.`,
        };
        await assertRefused(remove(arn, "v7"), missing);
        await assertRefused(setDefault(arn, "v7"), missing);
    });

    it("have ids of a certain form", async () => {
        const arn = await arnOf("ids");
        await assertRefused(setDefault(arn, "newest"), {
            name: "ValidationError",
            status: 400,
            message:
                "1 validation error detected: Value 'newest' at 'versionId' failed to satisfy constraint: " +
                "Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?",
        });
    });

    it("have to be as well written as the first one", async () => {
        const arn = await arnOf("well-written");
        await assertRefused(add(arn, false, "{"), {
            name: "MalformedPolicyDocumentException",
            status: 400,
            message: "Syntax errors in policy.",
        });
    });

    it("of policies that AWS manages, or that are not there, cannot be made", async () => {
        await assertRefused(add(cniPolicyArn), {
            name: "AccessDenied",
            status: 403,
            message: "Policy is outside your own account.",
        });
        const arn = `arn:aws:iam::${accountId}:policy/missing`;
        await assertRefused(add(arn), {
            name: "NoSuchEntityException",
            status: 404,
            message: `Policy ${arn} was not found.`,
        });
    });
});
