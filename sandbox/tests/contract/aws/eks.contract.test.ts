import assert from "node:assert/strict";

import {
    CreateClusterCommand,
    CreateNodegroupCommand,
    DeleteClusterCommand,
    DeleteNodegroupCommand,
    DescribeClusterCommand,
    DescribeNodegroupCommand,
    DescribeUpdateCommand,
    ListFargateProfilesCommand,
    ListUpdatesCommand,
    UpdateClusterConfigCommand,
    UpdateClusterVersionCommand,
    UpdateNodegroupConfigCommand,
    UpdateNodegroupVersionCommand,
} from "@aws-sdk/client-eks";

import { noPolicy } from "./refusals";
import { accountId, assertRefused, cniPolicyArn } from "./support";
import { useIam } from "./useIam";
import { untilEnforced, useIssuer } from "./useIssuer";

describe("EKS of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "EKS");

    const create = (name: string, ipFamily: "ipv4" | "ipv6" = "ipv4") =>
        account.fixture.eks.send(
            new CreateClusterCommand({
                name,
                roleArn: `arn:aws:iam::${accountId}:role/cluster`,
                resourcesVpcConfig: {},
                kubernetesNetworkConfig: { ipFamily },
                version: "1.34",
            }),
        );

    it("describes a cluster by its real API server", async () => {
        await create("real", "ipv4");
        const access = { endpoint: "https://127.0.0.1:6443", certificateAuthority: "Q0E=" };
        account.fixture.api.describeCluster("real", access);
        const { cluster } = await account.fixture.eks.send(new DescribeClusterCommand({ name: "real" }));
        assert.equal(cluster?.endpoint, access.endpoint);
        assert.equal(cluster.certificateAuthority?.data, access.certificateAuthority);
        assert.equal(cluster.version, "1.34");
        assert.match(cluster.identity?.oidc?.issuer ?? "", /^https:\/\/oidc\.eks\.us-west-2\.amazonaws\.com\/id\/\w+$/);
        assert.deepEqual(cluster.kubernetesNetworkConfig, {
            ipFamily: "ipv4",
            serviceIpv4Cidr: "10.100.0.0/16",
        });
    });

    it("gives each cluster an issuer of its own, one that is made again too", async () => {
        const issuerOf = async (name: string) =>
            (await account.fixture.eks.send(new DescribeClusterCommand({ name }))).cluster?.identity?.oidc?.issuer;
        const { cluster } = await create("one");
        await create("two");
        const first = await issuerOf("one");
        assert.equal(first, cluster?.identity?.oidc?.issuer);
        assert.notEqual(await issuerOf("two"), first);
        await account.fixture.eks.send(new DeleteClusterCommand({ name: "one" }));
        await create("one");
        assert.notEqual(await issuerOf("one"), first);
    });

    it("tells the IP family of an IPv6 cluster", async () => {
        await create("six", "ipv6");
        const { cluster } = await account.fixture.eks.send(new DescribeClusterCommand({ name: "six" }));
        assert.equal(cluster?.kubernetesNetworkConfig?.ipFamily, "ipv6");
        assert.match(cluster.kubernetesNetworkConfig.serviceIpv6Cidr ?? "", /^fd.*\/108$/);
    });

    it("refuses a session without the right", async () => {
        await create("closed", "ipv4");
        const { eks, arn } = await issuer.session("eks-none", { policyArn: cniPolicyArn });
        await assertRefused(eks.send(new DescribeClusterCommand({ name: "closed" })), {
            name: "AccessDeniedException",
            status: 403,
            message:
                `User: ${arn} is not authorized to perform: eks:DescribeCluster on resource: ` +
                `arn:aws:eks:us-west-2:${accountId}:cluster/closed ${noPolicy("eks:DescribeCluster")}`,
        });
    });

    it("refuses what the stand-in has not got", () =>
        assertRefused(account.fixture.eks.send(new ListFargateProfilesCommand({ clusterName: "real" })), {
            name: "UnknownOperationException",
            status: 404,
            message: "This sandbox has no EKS operation for GET /clusters/real/fargate-profiles.",
        }));

    it("says which cluster it does not know", () =>
        assertRefused(account.fixture.eks.send(new DescribeClusterCommand({ name: "missing" })), {
            name: "ResourceNotFoundException",
            status: 404,
            message: "No cluster found for name: missing.",
        }));

    describe("updates of the version", () => {
        const update = (name: string, version: string) =>
            account.fixture.eks.send(new UpdateClusterVersionCommand({ name, version }));
        const describeCluster = async (name: string) =>
            (await account.fixture.eks.send(new DescribeClusterCommand({ name }))).cluster;

        it("are in progress for a while, and then the cluster has the new version", async () => {
            await create("updated");
            const started = (await update("updated", "1.35")).update;
            assert.deepEqual([started?.status, started?.type], ["InProgress", "VersionUpdate"]);
            const during = await describeCluster("updated");
            assert.deepEqual([during?.status, during?.version], ["UPDATING", "1.34"]);
            await untilEnforced();
            const after = await describeCluster("updated");
            assert.deepEqual([after?.status, after?.version], ["ACTIVE", "1.35"]);
            const named = { name: "updated", updateId: started?.id };
            const { update: done } = await account.fixture.eks.send(new DescribeUpdateCommand(named));
            assert.equal(done?.status, "Successful");
            const { updateIds } = await account.fixture.eks.send(new ListUpdatesCommand({ name: "updated" }));
            assert.deepEqual(updateIds, [started?.id]);
        });

        it("go up by one minor version and not by another step", async () => {
            await create("steps");
            for (const version of ["1.33", "1.34", "1.36"]) {
                await assertRefused(update("steps", version), {
                    name: "InvalidParameterException",
                    status: 400,
                    message: `Unsupported Kubernetes minor version update from 1.34 to ${version}`,
                });
            }
        });

        it("wait for each other, and a change of the configuration waits too", async () => {
            await create("busy");
            const id = (await update("busy", "1.35")).update?.id ?? "";
            const inProgress = (type: string) => ({
                name: "ResourceInUseException",
                status: 409,
                message: `Cannot ${type} because cluster busy currently has update ${id} in progress`,
            });
            await assertRefused(update("busy", "1.36"), inProgress("VersionUpdate"));
            const logging = { clusterLogging: [{ types: ["api" as const], enabled: true }] };
            await assertRefused(
                account.fixture.eks.send(new UpdateClusterConfigCommand({ name: "busy", logging })),
                inProgress("ConfigUpdate"),
            );
        });

        it("of a deleted cluster are no updates of the next one with its name", async () => {
            await create("again");
            await update("again", "1.35");
            await account.fixture.eks.send(new DeleteClusterCommand({ name: "again" }));
            await create("again");
            const { updateIds } = await account.fixture.eks.send(new ListUpdatesCommand({ name: "again" }));
            assert.deepEqual(updateIds, []);
            assert.equal((await describeCluster("again"))?.version, "1.34");
        });

        it("that were never started are not found, nor are those of an unknown cluster", async () => {
            await create("no-update");
            const refusal = { name: "ResourceNotFoundException", status: 404 };
            await assertRefused(
                account.fixture.eks.send(new DescribeUpdateCommand({ name: "no-update", updateId: "u1" })),
                { ...refusal, message: "No update found for ID: u1" },
            );
            await assertRefused(update("missing", "1.35"), {
                ...refusal,
                message: "No cluster found for name: missing.",
            });
        });
    });

    describe("updates of a node group's version", () => {
        const nodegroupName = "nodes";

        /** A cluster that is one minor version newer than its node group. */
        async function createGroup(clusterName: string): Promise<void> {
            await create(clusterName);
            const nodeRole = `arn:aws:iam::${accountId}:role/nodes`;
            const group = { clusterName, nodegroupName, nodeRole, subnets: ["subnet-1"], version: "1.34" };
            await account.fixture.eks.send(new CreateNodegroupCommand(group));
            await account.fixture.eks.send(new UpdateClusterVersionCommand({ name: clusterName, version: "1.35" }));
            await untilEnforced();
        }

        const update = async (clusterName: string, more: { version?: string; releaseVersion?: string } = {}) => {
            const request = { clusterName, nodegroupName, ...more };
            return (await account.fixture.eks.send(new UpdateNodegroupVersionCommand(request))).update;
        };
        const describeGroup = async (clusterName: string) =>
            (await account.fixture.eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName }))).nodegroup;
        const updatesOf = async (name: string, more: { nodegroupName?: string }) =>
            (await account.fixture.eks.send(new ListUpdatesCommand({ name, ...more }))).updateIds ?? [];

        it("go to the cluster's version unless another is named, and take a while", async () => {
            await createGroup("group-updated");
            const started = await update("group-updated", { releaseVersion: "1.35.0-20260101" });
            assert.deepEqual([started?.status, started?.type], ["InProgress", "VersionUpdate"]);
            const during = await describeGroup("group-updated");
            assert.deepEqual([during?.status, during?.version], ["UPDATING", "1.34"]);
            await untilEnforced();
            const after = await describeGroup("group-updated");
            const seen = [after?.status, after?.version, after?.releaseVersion];
            assert.deepEqual(seen, ["ACTIVE", "1.35", "1.35.0-20260101"]);
            const named = { name: "group-updated", nodegroupName, updateId: started?.id };
            const { update: done } = await account.fixture.eks.send(new DescribeUpdateCommand(named));
            assert.equal(done?.status, "Successful");
            assert.deepEqual(await updatesOf("group-updated", { nodegroupName }), [started?.id]);
            assert.equal((await updatesOf("group-updated", {})).includes(started?.id ?? ""), false);
        });

        it("are refused beyond the cluster's version, below the group's, and for a release of another", async () => {
            await createGroup("group-refused");
            for (const version of ["1.33", "1.36"]) {
                await assertRefused(update("group-refused", { version }), {
                    name: "InvalidParameterException",
                    status: 400,
                    message: `Unsupported update of a node group from 1.34 to ${version}: the cluster has 1.35`,
                });
            }
            await assertRefused(update("group-refused", { version: "1.34", releaseVersion: "1.35.0-20260101" }), {
                name: "InvalidRequestException",
                status: 400,
                message: "Requested release version 1.35.0-20260101 is not valid for kubernetes version 1.34.",
            });
        });

        it("keep other updates of the group out, and those of a deleted group are gone", async () => {
            await createGroup("group-busy");
            await update("group-busy");
            const notActive = {
                name: "ResourceInUseException",
                status: 409,
                message: "Nodegroup cannot be updated as it is currently not in Active State",
            };
            await assertRefused(update("group-busy"), notActive);
            const config = { clusterName: "group-busy", nodegroupName, labels: { addOrUpdateLabels: { a: "b" } } };
            await assertRefused(account.fixture.eks.send(new UpdateNodegroupConfigCommand(config)), notActive);
            const { eks } = account.fixture;
            await eks.send(new DeleteNodegroupCommand({ clusterName: "group-busy", nodegroupName }));
            await assertRefused(update("group-busy"), {
                name: "ResourceNotFoundException",
                status: 404,
                message: /No node group found for name: nodes/,
            });
        });
    });
});
