import assert from "node:assert/strict";

import {
    AssignPrivateIpAddressesCommand,
    AttachNetworkInterfaceCommand,
    CreateNetworkInterfaceCommand,
    CreateTagsCommand,
    DeleteNetworkInterfaceCommand,
    DescribeFpgaImagesCommand,
    DescribeInstancesCommand,
    DescribeInstanceTypesCommand,
    DescribeNetworkInterfacesCommand,
    DescribeSecurityGroupsCommand,
    DescribeSubnetsCommand,
    DescribeTagsCommand,
    DescribeVpcsCommand,
    DetachNetworkInterfaceCommand,
    ModifyNetworkInterfaceAttributeCommand,
    RunInstancesCommand,
    type EC2Client,
} from "@aws-sdk/client-ec2";

import { noPolicy, unauthorized, wouldSucceed } from "./refusals";
import { accountId, assertRefused, cniPolicyArn, operator, permissions, rawCall } from "./support";
import { useIam } from "./useIam";
import { useIssuer } from "./useIssuer";

describe("EC2 of the AWS stand-in", () => {
    const account = useIam();
    const issuer = useIssuer(account, "EC2");

    const ec2Call = (Action: string, parameters: Record<string, string> = {}, keys = operator) =>
        rawCall(account.fixture.api.endpoint, "ec2", keys, { Action, Version: "2016-11-15", ...parameters });

    it("lets DryRun tell what would succeed and what is not allowed", async () => {
        const { ec2, arn } = await issuer.session("dry-run", { policyArn: cniPolicyArn });
        await assertRefused(ec2.send(new DescribeInstancesCommand({ DryRun: true })), wouldSucceed);
        await assertRefused(
            ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: "eni-1", DryRun: true })),
            wouldSucceed,
        );
        await assertRefused(
            ec2.send(new DescribeVpcsCommand({ DryRun: true })),
            unauthorized(arn, "ec2:DescribeVpcs", noPolicy("ec2:DescribeVpcs")),
        );
    });

    const [NetworkInterfaceId, InstanceId, DryRun] = ["eni-0123456789abcdef0", "i-0123456789abcdef0", true];
    const dryRuns: Record<string, (ec2: EC2Client) => Promise<unknown>> = {
        AttachNetworkInterface: (ec2) =>
            ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1, DryRun })),
        CreateNetworkInterface: (ec2) =>
            ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: "subnet-0123456789abcdef0", DryRun })),
        DeleteNetworkInterface: (ec2) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId, DryRun })),
        DescribeInstances: (ec2) => ec2.send(new DescribeInstancesCommand({ DryRun })),
        DescribeInstanceTypes: (ec2) => ec2.send(new DescribeInstanceTypesCommand({ DryRun })),
        DescribeNetworkInterfaces: (ec2) => ec2.send(new DescribeNetworkInterfacesCommand({ DryRun })),
        DescribeSecurityGroups: (ec2) => ec2.send(new DescribeSecurityGroupsCommand({ DryRun })),
        DescribeSubnets: (ec2) => ec2.send(new DescribeSubnetsCommand({ DryRun })),
        DescribeTags: (ec2) => ec2.send(new DescribeTagsCommand({ DryRun })),
        DetachNetworkInterface: (ec2) =>
            ec2.send(new DetachNetworkInterfaceCommand({ AttachmentId: "eni-attach-0123456789abcdef0", DryRun })),
        ModifyNetworkInterfaceAttribute: (ec2) =>
            ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, DryRun })),
    };

    it("answers DryRun of every call of the CNI policy that has it, by the session's policies", async () => {
        const allowed = await issuer.session("dry-run-all", { policyArn: cniPolicyArn });
        const refused = await issuer.session("dry-run-none");
        for (const [action, dryRun] of Object.entries(dryRuns)) {
            await assertRefused(dryRun(allowed.ec2), wouldSucceed);
            const message = new RegExp(`is not authorized to perform: ec2:${action} `);
            await assertRefused(dryRun(refused.ec2), { name: "UnauthorizedOperation", status: 403, message });
        }
    });

    it("hands allowed calls on and refuses the others", async () => {
        const { ec2, arn } = await issuer.session("real-run", { policyArn: cniPolicyArn });
        assert.deepEqual((await ec2.send(new DescribeInstancesCommand({}))).Reservations, []);
        await assertRefused(
            ec2.send(new DescribeVpcsCommand({})),
            unauthorized(arn, "ec2:DescribeVpcs", noPolicy("ec2:DescribeVpcs")),
        );
    });

    it("carries out what the CNI does to network interfaces", async () => {
        const { ec2 } = await issuer.session("interfaces", { policyArn: cniPolicyArn });
        const subnets = await ec2.send(new DescribeSubnetsCommand({}));
        const created = await ec2.send(
            new CreateNetworkInterfaceCommand({ SubnetId: subnets.Subnets?.[0]?.SubnetId ?? "" }),
        );
        const NetworkInterfaceId = created.NetworkInterface?.NetworkInterfaceId ?? "";
        await ec2.send(new CreateTagsCommand({ Resources: [NetworkInterfaceId], Tags: [{ Key: "node", Value: "a" }] }));
        await ec2.send(new AssignPrivateIpAddressesCommand({ NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 }));
        const found = await ec2.send(
            new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] }),
        );
        assert.equal(found.NetworkInterfaces?.[0]?.PrivateIpAddresses?.length, 2);
    });

    it("looks at the resource: the CNI policy tags interfaces only", async () => {
        const { ec2, arn } = await issuer.session("tags", { policyArn: cniPolicyArn });
        const tag = (id: string) =>
            ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "a", Value: "b" }], DryRun: true }));
        await assertRefused(tag("eni-0123456789abcdef0"), wouldSucceed);
        await assertRefused(
            tag("i-0123456789abcdef0"),
            unauthorized(
                arn,
                "ec2:CreateTags",
                noPolicy("ec2:CreateTags"),
                ` on resource: arn:aws:ec2:us-west-2:${accountId}:instance/i-0123456789abcdef0`,
            ),
        );
    });

    it("knows the tags of the request as condition keys", async () => {
        const inline = JSON.stringify({
            Version: "2012-10-17",
            Statement: [
                {
                    Effect: "Allow",
                    Action: "ec2:CreateTags",
                    Resource: "*",
                    Condition: { StringEquals: { "aws:RequestTag/cluster.k8s.amazonaws.com/name": "sandbox" } },
                },
            ],
        });
        const { ec2 } = await issuer.session("request-tags", { inline });
        const tag = (Value: string) =>
            ec2.send(
                new CreateTagsCommand({
                    Resources: ["eni-0123456789abcdef0"],
                    Tags: [{ Key: "cluster.k8s.amazonaws.com/name", Value }],
                    DryRun: true,
                }),
            );
        await assertRefused(tag("sandbox"), wouldSucceed);
        await assertRefused(tag("other"), { name: "UnauthorizedOperation", status: 403, message: /CreateTags/ });
    });

    it("does not take DryRun for the assigning calls, which have no such parameter", async () => {
        const { keys } = await issuer.session("assign", { policyArn: cniPolicyArn });
        const parameters = { NetworkInterfaceId: "eni-1", SecondaryPrivateIpAddressCount: "1", DryRun: "true" };
        const answer = await ec2Call("AssignPrivateIpAddresses", parameters, keys);
        assert.equal(answer.status, 400);
        assert.match(
            answer.body,
            /<Code>UnknownParameter<\/Code><Message>The parameter DryRun is not recognized<\/Message>/,
        );
    });

    it("ends with an explicit deny, whatever else allows", async () => {
        const inline = permissions("ec2:DescribeInstances").replace("Allow", "Deny");
        const { ec2, arn } = await issuer.session("denied", { policyArn: cniPolicyArn, inline });
        await assertRefused(
            ec2.send(new DescribeInstancesCommand({})),
            unauthorized(arn, "ec2:DescribeInstances", "with an explicit deny in an identity-based policy"),
        );
    });

    it("stays within the permissions boundary", async () => {
        const boundary = await account.createPolicy("boundary", permissions("ec2:DescribeSubnets"));
        const PermissionsBoundary = boundary.Policy?.Arn ?? "";
        const { ec2, arn } = await issuer.session("bounded", { policyArn: cniPolicyArn, PermissionsBoundary });
        await assertRefused(ec2.send(new DescribeSubnetsCommand({ DryRun: true })), wouldSucceed);
        await assertRefused(
            ec2.send(new DescribeInstancesCommand({ DryRun: true })),
            unauthorized(
                arn,
                "ec2:DescribeInstances",
                "because no permissions boundary allows the ec2:DescribeInstances action",
            ),
        );
    });

    it("refuses actions that EC2 has not got, and those that the stand-in has not got", async () => {
        await assertRefused(account.fixture.ec2.send(new DescribeFpgaImagesCommand({})), {
            name: "InvalidAction",
            status: 400,
            message: "The action DescribeFpgaImages is not valid for this web service.",
        });
        const answer = await ec2Call("DescribeMoons");
        assert.equal(answer.status, 400);
        assert.match(
            answer.body,
            /<Code>InvalidAction<\/Code><Message>The action DescribeMoons is not valid for this web service\.</,
        );
    });

    it("does nothing when an operator says DryRun", async () => {
        const run = new RunInstancesCommand({ ImageId: "ami-12c6146b", MinCount: 1, MaxCount: 1, DryRun: true });
        await assertRefused(account.fixture.ec2.send(run), wouldSucceed);
        const instances = await account.fixture.ec2.send(new DescribeInstancesCommand({}));
        assert.deepEqual(instances.Reservations, []);
    });
});
