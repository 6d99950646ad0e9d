import { deepStrictEqual, equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { AddressInfo, createServer } from "node:net";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { permissions, trust } from "./prerequisites";
import { ProviderClient, text } from "../../../providerClient";
import { AWS_PROVIDER } from "../../../pulumiHome";
import { rejectsWith } from "./rejectsWith";
import { useWorld } from "./world";

const ROLE = "aws:iam/role:Role";
const { Mode } = rpc.CheckRequest.AutonamingOptions;

describe("the protocol of the AWS provider stand-in", () => {
    const world = useWorld();

    it("takes names from the engine's autonaming configuration", async () => {
        const { provider } = world();
        const news = { assumeRolePolicy: trust("ec2.amazonaws.com") };
        const named = (mode: rpc.CheckRequest.AutonamingOptions.Mode): ReturnType<ProviderClient["check"]> =>
            provider.check(ROLE, news, { autonaming: { mode, proposedName: "proposed" } });
        equal((await named(Mode.PROPOSE)).inputs["name"], "proposed");
        equal((await named(Mode.ENFORCE)).inputs["name"], "proposed");
        deepStrictEqual((await named(Mode.DISABLE)).failures, {
            name: "automatic naming is disabled but no explicit name was provided",
        });
    });

    it("refuses a resource type that it does not know in each operation, by its name", async () => {
        const { provider } = world();
        const type = "aws:s3/bucket:Bucket";
        const message =
            /^the stand-in for the AWS provider does not implement the resource type "aws:s3\/bucket:Bucket"; it has aws:iam\/role:Role, /;
        await rejectsWith(provider.check(type, {}), message);
        await rejectsWith(provider.diff(type, {}, {}), message);
        await rejectsWith(provider.create(type, {}), message);
        await rejectsWith(provider.read(type, "id"), message);
        await rejectsWith(provider.update(type, "id", {}, {}), message);
        await rejectsWith(provider.delete(type, "id", {}), message);
    });

    it("refuses a function or an argument that it does not know, by its name", async () => {
        const { provider } = world();
        await rejectsWith(
            provider.invoke("aws:s3/getBucket:getBucket", {}),
            /^the stand-in for the AWS provider does not implement the function "aws:s3\/getBucket:getBucket"; it has /,
        );
        await rejectsWith(
            provider.invoke("aws:iam/getRole:getRole", { name: "a", nonsense: true }),
            /^aws:iam\/getRole:getRole: nonsense: "nonsense" is not a known property$/,
        );
        await rejectsWith(
            provider.invoke("aws:iam/getRole:getRole", {}),
            /^aws:iam\/getRole:getRole: name: is required$/,
        );
    });

    it("refuses an option of the provider that it does not implement, before anything is configured", async () => {
        const { provider } = world();
        deepStrictEqual(await provider.checkConfig({ region: "us-west-2", ignoreTags: `{"keys":["a"]}` }), {
            ignoreTags: `the stand-in for the AWS provider does not implement the option "ignoreTags"`,
        });
        await rejectsWith(provider.configure({ region: "us-west-2", assumeRoles: `[{"roleArn":"a"}]` }), /assumeRoles/);
        await provider.configure({ region: "us-west-2" });
    });

    it("finds the AWS API by the provider's endpoints, before AWS_ENDPOINT_URL", async () => {
        const { endpoint } = world();
        const endpoints = JSON.stringify([{ sts: endpoint }]);
        const elsewhere = await ProviderClient.start("http://127.0.0.1:9", { endpoints });
        try {
            const { accountId } = await elsewhere.invoke("aws:index/getCallerIdentity:getCallerIdentity", {});
            equal(accountId, "111122223333");
        } finally {
            await elsewhere.stop();
        }
    });
});

describe("the process of the AWS provider stand-in", () => {
    it("ends by itself when its engine is gone", async function () {
        this.timeout(60_000);
        const engine = createServer().listen(0, "127.0.0.1");
        await once(engine, "listening");
        const { port } = engine.address() as AddressInfo;
        const child = spawn(AWS_PROVIDER, [`127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "inherit"] });
        await once(child.stdout, "data");
        engine.close();
        deepStrictEqual(await once(child, "exit"), [1, null]);
    });
});

describe("the functions of the AWS provider stand-in", () => {
    const world = useWorld();

    it("name the partition of the provider's region", async () => {
        const { provider } = world();
        const token = "aws:index/getPartition:getPartition";
        const us = { id: "aws", partition: "aws", dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" };
        deepStrictEqual(await provider.invoke(token, {}), us);
        await provider.configure({ region: "cn-north-1" });
        const china = await provider.invoke(token, {});
        await provider.configure({ region: "us-west-2" });
        deepStrictEqual(china, {
            id: "aws-cn",
            partition: "aws-cn",
            dnsSuffix: "amazonaws.com.cn",
            reverseDnsPrefix: "cn.com.amazonaws",
        });
    });

    it("tell the region and the caller", async () => {
        const { provider } = world();
        deepStrictEqual(await provider.invoke("aws:index/getRegion:getRegion", {}), {
            id: "us-west-2",
            name: "us-west-2",
            region: "us-west-2",
            endpoint: "ec2.us-west-2.amazonaws.com",
            description: "US West (Oregon)",
        });
        const caller = await provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {});
        equal(caller["accountId"], "111122223333");
        match(text(caller["arn"]), /^arn:aws:sts::111122223333:/);
    });

    it("read a role, and say which one is missing", async () => {
        const { provider, iam } = world();
        await iam.createRole({ RoleName: "known", AssumeRolePolicyDocument: trust("ec2.amazonaws.com"), Path: "/a/" });
        const role = await provider.invoke("aws:iam/getRole:getRole", { name: "known" });
        deepStrictEqual([role["id"], role["path"], role["maxSessionDuration"]], ["known", "/a/", 3600]);
        await rejectsWith(
            provider.invoke("aws:iam/getRole:getRole", { name: "missing" }),
            /^reading IAM Role \(missing\): operation error IAM: GetRole, .* NoSuchEntity: /,
        );
    });

    it("find an OIDC provider by its ARN or its URL", async () => {
        const { provider, iam } = world();
        const url = "https://oidc.eks.us-west-2.amazonaws.com/id/FOUND";
        const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({
            Url: url,
            ClientIDList: ["sts.amazonaws.com"],
            ThumbprintList: ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
        });
        const token = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider";
        const byUrl = await provider.invoke(token, { url });
        deepStrictEqual(await provider.invoke(token, { arn: text(OpenIDConnectProviderArn) }), byUrl);
        deepStrictEqual(
            [byUrl["arn"], byUrl["url"], byUrl["clientIdLists"]],
            [OpenIDConnectProviderArn, "oidc.eks.us-west-2.amazonaws.com/id/FOUND", ["sts.amazonaws.com"]],
        );
        await rejectsWith(
            provider.invoke(token, { url: "https://nowhere" }),
            /^finding IAM OIDC Provider by url \(https:\/\/nowhere\): not found$/,
        );
        await rejectsWith(provider.invoke(token, {}), /^one of "arn" and "url" must be specified$/);
    });

    it("say which cluster is missing", async () => {
        await rejectsWith(
            world().provider.invoke("aws:eks/getCluster:getCluster", { name: "missing" }),
            /^reading EKS Cluster \(missing\): operation error EKS: DescribeCluster, .* ResourceNotFoundException: No cluster found for name: missing\.$/,
        );
    });

    it("write a policy document as the data source does", async () => {
        const document = await world().provider.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {
            statements: [
                {
                    sid: "Trust",
                    actions: ["sts:AssumeRoleWithWebIdentity"],
                    principals: [{ type: "Federated", identifiers: ["arn:aws:iam::111122223333:oidc-provider/x"] }],
                    conditions: [
                        { test: "StringEquals", variable: "x:aud", values: ["sts.amazonaws.com"] },
                        { test: "StringEquals", variable: "x:sub", values: ["&{a}", "b"] },
                    ],
                },
                { effect: "Deny", actions: ["ec2:A", "ec2:B"], resources: ["*"] },
            ],
        });
        deepStrictEqual(JSON.parse(text(document["json"])), {
            Version: "2012-10-17",
            Statement: [
                {
                    Sid: "Trust",
                    Effect: "Allow",
                    Action: "sts:AssumeRoleWithWebIdentity",
                    Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/x" },
                    Condition: { StringEquals: { "x:aud": "sts.amazonaws.com", "x:sub": ["${a}", "b"] } },
                },
                { Effect: "Deny", Action: ["ec2:B", "ec2:A"], Resource: "*" },
            ],
        });
        await rejectsWith(
            world().provider.invoke("aws:iam/getPolicyDocument:getPolicyDocument", {
                sourcePolicyDocuments: [permissions("ec2:A")],
            }),
            /sourcePolicyDocuments: the stand-in for the AWS provider does not implement "sourcePolicyDocuments"/,
        );
    });
});
