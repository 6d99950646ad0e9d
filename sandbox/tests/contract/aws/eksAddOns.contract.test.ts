import assert from "node:assert/strict";

import {
    CreateAddonCommand,
    CreateClusterCommand,
    DeleteAddonCommand,
    DescribeAddonCommand,
    DescribeUpdateCommand,
    ListAddonsCommand,
    ListTagsForResourceCommand,
    ListUpdatesCommand,
    TagResourceCommand,
    UntagResourceCommand,
    UpdateAddonCommand,
    type UpdateAddonCommandInput,
} from "@aws-sdk/client-eks";

import { noPolicy } from "./refusals";
import { accountId, assertRefused, clients, permissions } from "./support";
import { useIam } from "./useIam";

const roleArn = `arn:aws:iam::${accountId}:role/cni`;
const addonName = "vpc-cni";
const accessDenied = { name: "AccessDeniedException", status: 403 };

describe("managed add-ons of EKS of the AWS stand-in", () => {
    const account = useIam();
    const eks = () => account.fixture.eks;
    const addOns = () => account.fixture.api.addOns;
    afterEach(() => addOns().setBehavior({ seconds: 2 }));

    /** A cluster whose changes of add-ons take no time. */
    async function makeCluster(name: string): Promise<void> {
        const role = `arn:aws:iam::${accountId}:role/cluster`;
        await eks().send(new CreateClusterCommand({ name, roleArn: role, resourcesVpcConfig: {} }));
        addOns().setBehavior({ seconds: 0 });
    }

    /** A cluster with the add-on. */
    async function make(clusterName: string, serviceAccountRoleArn?: string) {
        await makeCluster(clusterName);
        const named = { clusterName, addonName };
        const { addon } = await eks().send(new CreateAddonCommand({ ...named, serviceAccountRoleArn }));
        return { ...named, arn: addon?.addonArn ?? "" };
    }
    const described = async (clusterName: string) =>
        (await eks().send(new DescribeAddonCommand({ clusterName, addonName }))).addon;
    const update = async (clusterName: string, asked: Partial<UpdateAddonCommandInput>) =>
        (await eks().send(new UpdateAddonCommand({ clusterName, addonName, ...asked }))).update;
    const describeUpdate = async (name: string, updateId: string | undefined) =>
        (await eks().send(new DescribeUpdateCommand({ name, addonName, updateId }))).update;

    it("are updated in the background, and each update is described by its id", async () => {
        await make("slow-add-on");
        addOns().setBehavior({ seconds: 3 });
        const asked = { serviceAccountRoleArn: roleArn, resolveConflicts: "OVERWRITE" } as const;
        const started = await update("slow-add-on", asked);
        assert.deepEqual([started?.type, started?.status], ["AddonUpdate", "InProgress"]);
        assert.deepEqual(started?.params, [
            { type: "ServiceAccountRoleArn", value: roleArn },
            { type: "ResolveConflicts", value: "OVERWRITE" },
        ]);
        assert.equal((await described("slow-add-on"))?.status, "UPDATING");
        await assertRefused(update("slow-add-on", {}), {
            name: "ResourceInUseException",
            status: 409,
            message: "Addon vpc-cni cannot be updated as it is currently in UPDATING state",
        });
        await addOns().ended("slow-add-on", addonName);
        assert.equal((await describeUpdate("slow-add-on", started.id))?.status, "Successful");
        const ended = await described("slow-add-on");
        assert.deepEqual([ended?.status, ended?.serviceAccountRoleArn], ["ACTIVE", roleArn]);
        const { updateIds } = await eks().send(new ListUpdatesCommand({ name: "slow-add-on", addonName }));
        assert.deepEqual(updateIds, [started.id]);
        assert.deepEqual((await eks().send(new ListUpdatesCommand({ name: "slow-add-on" }))).updateIds, []);
        await assertRefused(describeUpdate("slow-add-on", "missing"), {
            name: "ResourceNotFoundException",
            status: 404,
            message: "No update found for ID: missing",
        });
    });

    it("tell why an update failed, in its errors and in the health of the add-on", async () => {
        await make("failing-add-on");
        addOns().setBehavior({ healsAfterSeconds: null });
        addOns().setNext({ update: "failedButApplied" });
        const failed = await update("failing-add-on", { serviceAccountRoleArn: roleArn });
        const message = "The add-on is unhealthy because it doesn't have the desired number of replicas.";
        const code = "InsufficientNumberOfReplicas";
        assert.deepEqual(failed?.errors, [{ errorCode: code, errorMessage: message, resourceIds: [] }]);
        const addOn = await described("failing-add-on");
        assert.deepEqual([addOn?.status, addOn?.serviceAccountRoleArn], ["DEGRADED", roleArn]);
        assert.deepEqual(addOn?.health?.issues, [{ code, message }]);
        assert.equal((await update("failing-add-on", {}))?.status, "Successful");
        assert.deepEqual((await described("failing-add-on"))?.health?.issues, []);
        addOns().setBehavior({ healsAfterSeconds: 2 });
    });

    it("lose a role that an update leaves out", async () => {
        await make("without-role", roleArn);
        await update("without-role", { addonVersion: "v1.23.2-eksbuild.1" });
        const addOn = await described("without-role");
        assert.deepEqual([addOn?.addonVersion, addOn?.serviceAccountRoleArn], ["v1.23.2-eksbuild.1", undefined]);
    });

    it("refuse an empty role and the role of another account with the same words", async () => {
        await make("cross-account", roleArn);
        const message = "Cross-account pass role is not allowed.";
        for (const serviceAccountRoleArn of ["", "arn:aws:iam::444455556666:role/cni"]) {
            await assertRefused(update("cross-account", { serviceAccountRoleArn }), { ...accessDenied, message });
        }
        assert.equal((await described("cross-account"))?.serviceAccountRoleArn, roleArn);
    });

    it("refuse versions, configurations and steps that EKS refuses", async () => {
        await make("refusing");
        const refused = { name: "InvalidParameterException", status: 400 };
        await assertRefused(update("refusing", { addonVersion: "1.23" }), {
            ...refused,
            message: "Addon version specified is not supported",
        });
        await assertRefused(update("refusing", { addonVersion: "v1.25.0-eksbuild.1" }), {
            ...refused,
            message: "Updating VPC-CNI can only go up or down 1 minor version at a time",
        });
        await assertRefused(update("refusing", { configurationValues: "null" }), {
            ...refused,
            message: /^ConfigurationValue provided in request is not supported: .*\[\$: null found, object expected\]$/,
        });
    });

    describe("ask for iam:PassRole", () => {
        const passRole = (service: string) =>
            JSON.stringify({
                Version: "2012-10-17",
                Statement: {
                    Effect: "Allow",
                    Action: "iam:PassRole",
                    Resource: roleArn,
                    Condition: { StringEquals: { "iam:PassedToService": service } },
                },
            });
        /** A user with every right of EKS, and with these policies. */
        const as = (name: string, ...policies: string[]) => {
            const user = account.fixture.api.createUser(name, [permissions("eks:*", "*"), ...policies]);
            return { arn: user.arn, eks: clients(account.fixture.api.endpoint, user).eks };
        };
        const refusing = () => [as("passes-nothing"), as("passes-to-pods", passRole("pods.eks.amazonaws.com"))];
        const refusalOf = (user: { readonly arn: string }) => ({
            ...accessDenied,
            message: `User: ${user.arn} is not authorized to perform: iam:PassRole on resource: ${roleArn} ${noPolicy("iam:PassRole")}`,
        });

        it("on the role that a call passes to EKS, and on no role without one", async () => {
            const named = await make("passing", roleArn);
            const call = ({ eks }: ReturnType<typeof as>, serviceAccountRoleArn?: string) =>
                eks.send(new UpdateAddonCommand({ ...named, serviceAccountRoleArn }));
            await call(as("passes-to-eks", passRole("eks.amazonaws.com")), roleArn);
            for (const user of refusing()) {
                await assertRefused(call(user, roleArn), refusalOf(user));
                await call(user);
            }
        });

        it("on the role that they are created with, and on no role without one", async () => {
            await makeCluster("creating");
            const named = { clusterName: "creating", addonName };
            const call = ({ eks }: ReturnType<typeof as>, serviceAccountRoleArn?: string) =>
                eks.send(new CreateAddonCommand({ ...named, serviceAccountRoleArn }));
            for (const user of refusing()) {
                await assertRefused(call(user, roleArn), refusalOf(user));
                assert.deepEqual((await eks().send(new ListAddonsCommand(named))).addons, []);
                await call(user);
                await eks().send(new DeleteAddonCommand(named));
            }
            await call(as("passes-to-eks", passRole("eks.amazonaws.com")), roleArn);
            assert.equal((await described("creating"))?.serviceAccountRoleArn, roleArn);
        });
    });

    it("do a request once that is sent twice with the same token", async () => {
        await make("idempotent");
        const asked = { serviceAccountRoleArn: roleArn, clientRequestToken: "once" };
        const [first, second] = [await update("idempotent", asked), await update("idempotent", asked)];
        assert.deepEqual(second, first);
        await assertRefused(update("idempotent", { clientRequestToken: "once" }), {
            name: "InvalidParameterException",
            status: 400,
            message: "The clientRequestToken was used for a request with other parameters.",
        });
    });

    it("are DELETING for a while, and then gone", async () => {
        const { clusterName } = await make("deleted-add-on");
        addOns().setBehavior({ seconds: 2 });
        const { addon } = await eks().send(new DeleteAddonCommand({ clusterName, addonName, preserve: true }));
        assert.equal(addon?.status, "DELETING");
        assert.equal((await described(clusterName))?.status, "DELETING");
        await addOns().ended(clusterName, addonName);
        assert.deepEqual((await eks().send(new ListAddonsCommand({ clusterName }))).addons, []);
    });

    it("have tags, which can be added and removed", async () => {
        const { arn: resourceArn } = await make("tagged-add-on");
        await eks().send(new TagResourceCommand({ resourceArn, tags: { a: "1", b: "2" } }));
        await eks().send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
        const { tags } = await eks().send(new ListTagsForResourceCommand({ resourceArn }));
        assert.deepEqual([tags, (await described("tagged-add-on"))?.tags], [{ b: "2" }, { b: "2" }]);
    });
});
