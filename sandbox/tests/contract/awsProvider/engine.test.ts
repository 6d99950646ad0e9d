import { deepStrictEqual, equal, match, ok, rejects } from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { OpMap, Stack } from "@pulumi/pulumi/automation";
import { makeRole, permissions, trust } from "./prerequisites";
import { Engine, startEngine } from "./engine";
import { rejectsWith } from "./rejectsWith";
import { useWorld } from "./world";

const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

describe("an unmodified @pulumi/aws program on the real engine", function () {
    this.timeout(120_000);
    const world = useWorld();
    let engine: Engine;

    before(async function () {
        this.timeout(600_000);
        engine = await startEngine(world().endpoint);
    });

    after(() => engine.end());

    describe("with a role, a policy and an attachment", () => {
        const settings = { path: "/", description: "one", action: "ec2:DescribeSubnets", roles: 1 };
        let stack: Stack;
        let roleName: string;

        before(async () => {
            stack = await engine.stack("lifecycle", () => {
                const partition = aws.getPartitionOutput().partition;
                const role = new aws.iam.Role("cni", {
                    assumeRolePolicy: trust("ec2.amazonaws.com"),
                    description: settings.description,
                    path: settings.path,
                });
                const policy = new aws.iam.Policy("cni", { policy: permissions(settings.action) });
                new aws.iam.RolePolicyAttachment("own", { role: role.name, policyArn: policy.arn });
                new aws.iam.RolePolicyAttachment("managed", {
                    role: role.name,
                    policyArn: pulumi.interpolate`arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`,
                });
                return Promise.resolve({ roleName: role.name, roleArn: role.arn, password: pulumi.secret("hidden") });
            });
        });

        it("previews what it will make, with nothing made", async () => {
            const { changeSummary } = await stack.preview();
            deepStrictEqual(changeSummary, { create: 5 });
            deepStrictEqual(await ownRoles(), []);
        });

        it("makes it, and a second up changes nothing", async () => {
            const { outputs, summary } = await stack.up();
            deepStrictEqual(summary.resourceChanges, { create: 5 });
            roleName = String(outputs["roleName"]?.value);
            match(roleName, /^cni-[0-9a-f]{7}$/);
            equal((await attachedTo(roleName)).length, 2);
            deepStrictEqual(await changesOf(stack.up()), { same: 5 });
        });

        it("updates the role and the policy in place", async () => {
            Object.assign(settings, { description: "two", action: "ec2:DescribeTags" });
            deepStrictEqual(await changesOf(stack.up()), { same: 3, update: 2 });
            const { Role } = await world().iam.getRole({ RoleName: roleName });
            equal(Role?.Description, "two");
        });

        it("finds in a refresh what another client changed, and up reverts it", async () => {
            await world().iam.updateRoleDescription({ RoleName: roleName, Description: "by hand" });
            await world().iam.detachRolePolicy({ RoleName: roleName, PolicyArn: CNI_POLICY });
            deepStrictEqual(await changesOf(stack.refresh()), { delete: 1, same: 3, update: 1 });
            deepStrictEqual(await changesOf(stack.up()), { create: 1, same: 3, update: 1 });
            equal((await attachedTo(roleName)).length, 2);
            deepStrictEqual(await changesOf(stack.refresh()), { same: 5 });
        });

        it("makes the new role before it deletes the old one when the name is automatic", async () => {
            settings.path = "/cni/";
            deepStrictEqual(await changesOf(stack.up()), { replace: 3, same: 2 });
            const { Roles } = await world().iam.listRoles({ PathPrefix: "/cni/" });
            equal(Roles?.length, 1);
            ok(Roles[0]?.RoleName !== roleName);
            await rejects(world().iam.getRole({ RoleName: roleName }), { name: "NoSuchEntityException" });
        });

        it("destroys all of it", async () => {
            deepStrictEqual(await changesOf(stack.destroy()), { delete: 5 });
            deepStrictEqual(await ownRoles(), []);
            const { Policies } = await world().iam.listPolicies({ Scope: "Local" });
            deepStrictEqual(
                (Policies ?? []).filter((policy) => policy.PolicyName?.startsWith("cni-")),
                [],
            );
        });
    });

    it("imports a role, a policy and an attachment that exist", async () => {
        const { iam } = world();
        const RoleName = await makeRole(world());
        const { Policy } = await iam.createPolicy({ PolicyName: "existing", PolicyDocument: permissions("ec2:*") });
        const policyArn = String(Policy?.Arn);
        await iam.attachRolePolicy({ RoleName, PolicyArn: policyArn });
        const stack = await engine.stack("imports", () => {
            const role = new aws.iam.Role(
                "role",
                { name: RoleName, assumeRolePolicy: trust("ec2.amazonaws.com") },
                { import: RoleName },
            );
            new aws.iam.Policy("policy", { name: "existing", policy: permissions("ec2:*") }, { import: policyArn });
            new aws.iam.RolePolicyAttachment(
                "own",
                { role: role.name, policyArn },
                { import: `${RoleName}/${policyArn}` },
            );
            return Promise.resolve({});
        });
        deepStrictEqual(await changesOf(stack.up()), { create: 1, import: 3 });
        deepStrictEqual((await stack.preview()).changeSummary, { same: 4 });
    });

    it("stops with IAM's DeleteConflict when the role still holds a policy that it did not attach", async () => {
        const stack = await engine.stack("held", () => {
            new aws.iam.Role("held", { name: "held", assumeRolePolicy: trust("ec2.amazonaws.com") });
            return Promise.resolve({});
        });
        await stack.up();
        await world().iam.attachRolePolicy({ RoleName: "held", PolicyArn: CNI_POLICY });
        await rejectsWith(
            stack.destroy(),
            /deleting IAM Role \(held\): operation error IAM: DeleteRole, https response error StatusCode: 409, RequestID: \S*, DeleteConflict: Cannot delete entity, must detach all policies first\./,
        );
        await world().iam.detachRolePolicy({ RoleName: "held", PolicyArn: CNI_POLICY });
        await stack.destroy();
    });

    it("keeps what failed to initialise, and the next up completes it", async () => {
        let role = "missing";
        const stack = await engine.stack("partial", () => {
            new aws.iam.InstanceProfile("partial", { role });
            return Promise.resolve({});
        });
        await rejectsWith(stack.up(), /adding IAM Role \(missing\) to IAM Instance Profile \(partial-/);
        role = await makeRole(world(), "ec2.amazonaws.com");
        deepStrictEqual(await changesOf(stack.up()), { same: 1, update: 1 });
        deepStrictEqual(await changesOf(stack.destroy()), { delete: 2 });
    });

    it("forgets a role whose managed policies failed: the next up cannot create it under the same name", async () => {
        const stack = await engine.stack("orphan", () => {
            const managedPolicyArns = ["arn:aws:iam::aws:policy/Nonsense"];
            new aws.iam.Role("orphan", {
                name: "orphan",
                assumeRolePolicy: trust("ec2.amazonaws.com"),
                managedPolicyArns,
            });
            return Promise.resolve({});
        });
        await rejectsWith(
            stack.up(),
            /attaching IAM Policy \(arn:aws:iam::aws:policy\/Nonsense\) to IAM Role \(orphan\)/,
        );
        await rejectsWith(stack.up(), /EntityAlreadyExists: Role with name orphan already exists/);
        await world().iam.deleteRole({ RoleName: "orphan" });
        await stack.destroy();
    });

    it("looks a cluster up whose issuer and IP family the program needs", async () => {
        const { eks } = world();
        await eks.createCluster({
            name: "sandbox",
            roleArn: `arn:aws:iam::111122223333:role/${await makeRole(world(), "eks.amazonaws.com")}`,
            resourcesVpcConfig: { subnetIds: [] },
            kubernetesNetworkConfig: { ipFamily: "ipv6" },
        });
        const stack = await engine.stack("lookup", () => {
            const cluster = aws.eks.getClusterOutput({ name: "sandbox" });
            return Promise.resolve({
                issuer: cluster.identities[0]?.oidcs[0]?.issuer,
                ipFamily: cluster.kubernetesNetworkConfigs[0]?.ipFamily,
                region: aws.getRegionOutput().region,
                account: aws.getCallerIdentityOutput().accountId,
            });
        });
        const { outputs } = await stack.up();
        match(String(outputs["issuer"]?.value), /^https:\/\/oidc\.eks\.us-west-2\.amazonaws\.com\/id\/\w+$/);
        equal(outputs["ipFamily"]?.value, "ipv6");
        equal(outputs["region"]?.value, "us-west-2");
        equal(outputs["account"]?.value, "111122223333");
    });

    it("makes a cluster from nothing, and deletes it in the right order", async () => {
        const stack = await engine.stack("cluster", () => {
            const tagged = new aws.Provider("tagged", {
                region: "us-west-2",
                defaultTags: { tags: { team: "network" } },
                endpoints: [{ iam: world().endpoint }],
            });
            const options = { provider: tagged };
            const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: "10.0.0.0/16" }, options);
            const subnetArgs = { vpcId: vpc.id, cidrBlock: "10.0.1.0/24", availabilityZone: "us-west-2a" };
            const subnet = new aws.ec2.Subnet("subnet", subnetArgs, options);
            const clusterRole = new aws.iam.Role("cluster", { assumeRolePolicy: trust("eks.amazonaws.com") }, options);
            const nodeRole = new aws.iam.Role("nodes", { assumeRolePolicy: trust("ec2.amazonaws.com") }, options);
            const cluster = new aws.eks.Cluster(
                "made",
                { roleArn: clusterRole.arn, vpcConfig: { subnetIds: [subnet.id] } },
                options,
            );
            const issuer = cluster.identities.apply((identities) => identities[0]?.oidcs[0]?.issuer ?? "");
            const oidc = new aws.iam.OpenIdConnectProvider(
                "oidc",
                { url: issuer, clientIdLists: ["sts.amazonaws.com"] },
                options,
            );
            const group = new aws.eks.NodeGroup(
                "nodes",
                {
                    clusterName: cluster.name,
                    nodeRoleArn: nodeRole.arn,
                    subnetIds: [subnet.id],
                    scalingConfig: { desiredSize: 1, maxSize: 1, minSize: 1 },
                },
                options,
            );
            return Promise.resolve({ oidc: oidc.arn, tags: group.tagsAll, vpcTags: vpc.tagsAll });
        });
        deepStrictEqual((await stack.preview()).changeSummary, { create: 9 });
        const { outputs } = await stack.up();
        match(String(outputs["oidc"]?.value), /:oidc-provider\/oidc\.eks\.us-west-2\.amazonaws\.com\/id\//);
        deepStrictEqual(outputs["tags"]?.value, { team: "network" });
        deepStrictEqual(outputs["vpcTags"]?.value, { team: "network" });
        deepStrictEqual(await changesOf(stack.up()), { same: 9 });
        deepStrictEqual(await changesOf(stack.refresh()), { same: 9 });
        deepStrictEqual(await changesOf(stack.destroy()), { delete: 9 });
    });

    it("deletes a role with a fixed name before it makes the new one", async () => {
        const settings = { path: "/" };
        const stack = await engine.stack("fixed", () => {
            const assumeRolePolicy = trust("ec2.amazonaws.com");
            new aws.iam.Role("fixed", { name: "fixed-by-program", assumeRolePolicy, path: settings.path });
            return Promise.resolve({});
        });
        await stack.up();
        settings.path = "/fixed/";
        const operations: string[] = [];
        await stack.up({
            onEvent: ({ resourcePreEvent }) => {
                operations.push(resourcePreEvent?.metadata.op ?? "");
            },
        });
        deepStrictEqual(
            operations.filter((operation) => operation.includes("replace")),
            ["delete-replaced", "replace", "create-replacement"],
        );
        equal((await world().iam.getRole({ RoleName: "fixed-by-program" })).Role?.Path, "/fixed/");
    });

    it("is shown the type that the stand-in does not implement", async () => {
        const stack = await engine.stack("unknown", () => {
            new aws.s3.Bucket("bucket");
            return Promise.resolve({});
        });
        await rejectsWith(
            stack.preview(),
            /the stand-in for the AWS provider does not implement the resource type "aws:s3\/bucket:Bucket"/,
        );
    });

    it("writes a secret input to the state only encrypted", async () => {
        const stack = await engine.stack("secretive", () => {
            new aws.iam.Role("secretive", {
                assumeRolePolicy: trust("ec2.amazonaws.com"),
                description: pulumi.secret("must-stay-secret"),
            });
            return Promise.resolve({});
        });
        await stack.up();
        const state = engine.stateOf("secretive");
        ok(state.includes("secretive") && !state.includes("must-stay-secret"));
    });

    async function ownRoles(): Promise<string[]> {
        const { Roles } = await world().iam.listRoles({});
        return (Roles ?? []).flatMap((role) => role.RoleName ?? []).filter((name) => name.startsWith("cni-"));
    }

    async function attachedTo(role: string): Promise<unknown[]> {
        return (await world().iam.listAttachedRolePolicies({ RoleName: role })).AttachedPolicies ?? [];
    }

    async function changesOf(operation: Promise<{ summary: { resourceChanges?: OpMap } }>): Promise<OpMap> {
        return (await operation).summary.resourceChanges ?? {};
    }
});
