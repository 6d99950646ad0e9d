import assert from "node:assert/strict";

import {
    CreateAddonCommand,
    CreateClusterCommand,
    CreatePodIdentityAssociationCommand,
    DeleteAddonCommand,
    DeleteClusterCommand,
    DeletePodIdentityAssociationCommand,
    DescribeAddonCommand,
    DescribePodIdentityAssociationCommand,
    ListAddonsCommand,
    ListPodIdentityAssociationsCommand,
} from "@aws-sdk/client-eks";

import { noPolicy } from "./refusals";
import { accountId, assertRefused, clients, permissions, podIdentityTrust } from "./support";
import { useIam } from "./useIam";

const roleArn = `arn:aws:iam::${accountId}:role/associated`;
const vpcCni = "vpc-cni";

describe("how EKS of the AWS stand-in gives pods a role", () => {
    const account = useIam();
    before(async () => {
        account.fixture.api.addOns.setBehavior({ seconds: 0 });
        await account.createRole("associated", podIdentityTrust());
    });
    after(() => account.fixture.api.addOns.setBehavior({ seconds: 2 }));
    const eks = () => account.fixture.eks;
    const create = (name: string) =>
        eks().send(
            new CreateClusterCommand({
                name,
                roleArn: `arn:aws:iam::${accountId}:role/cluster`,
                resourcesVpcConfig: {},
            }),
        );
    const addOns = async (clusterName: string) => (await eks().send(new ListAddonsCommand({ clusterName }))).addons;
    const associations = async (clusterName: string, serviceAccount?: string) => {
        const namespace = "kube-system";
        const command = new ListPodIdentityAssociationsCommand({ clusterName, namespace, serviceAccount });
        return (await eks().send(command)).associations ?? [];
    };
    const associate = (clusterName: string, serviceAccount: string) =>
        eks().send(
            new CreatePodIdentityAssociationCommand({ clusterName, namespace: "kube-system", serviceAccount, roleArn }),
        );

    it("lists and describes add-ons, with the role that one gives its service account", async () => {
        await create("with-add-ons");
        assert.deepEqual(await addOns("with-add-ons"), []);
        const named = { clusterName: "with-add-ons", addonName: vpcCni };
        await eks().send(new CreateAddonCommand({ ...named, serviceAccountRoleArn: roleArn }));
        await eks().send(new CreateAddonCommand({ ...named, addonName: "coredns" }));
        assert.deepEqual(await addOns("with-add-ons"), ["coredns", vpcCni]);
        const { addon } = await eks().send(new DescribeAddonCommand(named));
        assert.deepEqual([addon?.status, addon?.serviceAccountRoleArn], ["ACTIVE", roleArn]);
        await eks().send(new DeleteAddonCommand(named));
        assert.deepEqual(await addOns("with-add-ons"), ["coredns"]);
    });

    it("says which add-on and which cluster it does not know", async () => {
        await create("without-add-ons");
        const named = { clusterName: "without-add-ons", addonName: vpcCni };
        await assertRefused(eks().send(new DescribeAddonCommand(named)), {
            name: "ResourceNotFoundException",
            status: 404,
            message: "No addon: vpc-cni found in cluster: without-add-ons",
        });
        await assertRefused(addOns("missing"), {
            name: "ResourceNotFoundException",
            status: 404,
            message: "No cluster found for name: missing.",
        });
    });

    it("lists associations by service account, and tells the role of each one only", async () => {
        await create("associated");
        const { association } = await associate("associated", "aws-node");
        await associate("associated", "other");
        const [listed, ...others] = await associations("associated", "aws-node");
        assert.deepEqual(others, []);
        assert.deepEqual(listed, {
            clusterName: "associated",
            namespace: "kube-system",
            serviceAccount: "aws-node",
            associationArn: association?.associationArn,
            associationId: association?.associationId,
        });
        const named = { clusterName: "associated", associationId: listed.associationId };
        const described = await eks().send(new DescribePodIdentityAssociationCommand(named));
        assert.equal(described.association?.roleArn, roleArn);
        await eks().send(new DeletePodIdentityAssociationCommand(named));
        assert.deepEqual(await associations("associated", "aws-node"), []);
        assert.equal((await associations("associated")).length, 1);
    });

    it("has one association for a service account", async () => {
        await create("associated-twice");
        const { association } = await associate("associated-twice", "aws-node");
        await assertRefused(associate("associated-twice", "aws-node"), {
            name: "ResourceInUseException",
            status: 409,
            message: `Association already exists: ${association?.associationId ?? ""}`,
        });
    });

    it("takes the associations of an add-on away with it, and all of a cluster with the cluster", async () => {
        await create("owned");
        const named = { clusterName: "owned", addonName: vpcCni };
        const podIdentityAssociations = [{ serviceAccount: "aws-node", roleArn }];
        const { addon } = await eks().send(new CreateAddonCommand({ ...named, podIdentityAssociations }));
        const [owned] = await associations("owned");
        assert.deepEqual(addon?.podIdentityAssociations, [owned?.associationArn]);
        assert.equal(owned?.ownerArn, addon.addonArn);
        await eks().send(new DeleteAddonCommand(named));
        assert.deepEqual(await associations("owned"), []);
        await associate("owned", "aws-node");
        await eks().send(new CreateAddonCommand(named));
        await eks().send(new DeleteClusterCommand({ name: "owned" }));
        await create("owned");
        assert.deepEqual([await associations("owned"), await addOns("owned")], [[], []]);
    });

    it("asks for a right on the add-on, and on the association, by their own ARNs", async () => {
        await create("guarded");
        const onAddOns = permissions("eks:DescribeAddon", `arn:aws:eks:us-west-2:${accountId}:addon/guarded/vpc-cni/*`);
        const user = account.fixture.api.createUser("add-on-reader", [onAddOns]);
        const limited = clients(account.fixture.api.endpoint, user).eks;
        await eks().send(new CreateAddonCommand({ clusterName: "guarded", addonName: vpcCni }));
        await limited.send(new DescribeAddonCommand({ clusterName: "guarded", addonName: vpcCni }));
        const refused = (action: string, resource: string) => ({
            name: "AccessDeniedException",
            status: 403,
            message: `User: ${user.arn} is not authorized to perform: ${action} on resource: arn:aws:eks:us-west-2:${accountId}:${resource} ${noPolicy(action)}`,
        });
        await assertRefused(
            limited.send(new ListAddonsCommand({ clusterName: "guarded" })),
            refused("eks:ListAddons", "cluster/guarded"),
        );
        await assertRefused(
            limited.send(new DescribePodIdentityAssociationCommand({ clusterName: "guarded", associationId: "a-1" })),
            refused("eks:DescribePodIdentityAssociation", "podidentityassociation/guarded/a-1"),
        );
    });
});
