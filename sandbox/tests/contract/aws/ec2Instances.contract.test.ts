import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";

import {
    DescribeInstancesCommand,
    DescribeRegionsCommand,
    EC2Client,
    StartInstancesCommand,
    StopInstancesCommand,
    TerminateInstancesCommand,
    type DescribeInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import {
    AddRoleToInstanceProfileCommand,
    CreateInstanceProfileCommand,
    GetInstanceProfileCommand,
    ListInstanceProfilesForRoleCommand,
} from "@aws-sdk/client-iam";

import { launchInstance } from "../../../cluster/instances";
import { accountId, operator } from "./support";
import { useIam } from "./useIam";

describe("instances of the AWS stand-in", () => {
    const account = useIam(true);
    const profileArn = (name: string) => `arn:aws:iam::${accountId}:instance-profile/${name}`;
    let here: string;
    let unprofiled: string;
    let other: string;

    const ec2In = (region: string) =>
        new EC2Client({ endpoint: account.fixture.api.endpoint, region, credentials: operator });
    const ids = async (input: DescribeInstancesCommandInput, ec2 = account.fixture.ec2) =>
        ((await ec2.send(new DescribeInstancesCommand(input))).Reservations ?? [])
            .flatMap(({ Instances = [] }) => Instances.map(({ InstanceId = "" }) => InstanceId))
            .sort();
    const withProfile = (...Values: string[]) => ({ Filters: [{ Name: "iam-instance-profile.arn", Values }] });

    before(async () => {
        const { iam, ec2 } = account.fixture;
        for (const name of ["instances-a", "instances-b"]) {
            await account.createRole(name);
            await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
            await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
        }
        here = await launchInstance(ec2, { clusterName: "one", instanceProfile: "instances-a" });
        other = await launchInstance(ec2, { clusterName: "two", instanceProfile: "instances-b" });
        unprofiled = await launchInstance(ec2, { clusterName: "one" });
    });

    it("show their instance profile", async () => {
        const { Reservations } = await account.fixture.ec2.send(new DescribeInstancesCommand({ InstanceIds: [here] }));
        assert.equal(Reservations?.[0]?.Instances?.[0]?.IamInstanceProfile?.Arn, profileArn("instances-a"));
    });

    it("are found by their instance profile, with others of the call's conditions", async () => {
        assert.deepEqual(await ids(withProfile(profileArn("instances-a"))), [here]);
        assert.deepEqual(
            await ids(withProfile(profileArn("instances-a"), profileArn("instances-b"))),
            [here, other].sort(),
        );
        assert.deepEqual(await ids(withProfile("*/instances-?")), [here, other].sort());
        assert.deepEqual(await ids({ ...withProfile("*"), InstanceIds: [here] }), [here]);
        assert.deepEqual(await ids(withProfile(profileArn("missing"))), []);
        const filters = [
            ...withProfile("*").Filters,
            { Name: "tag:kubernetes.io/cluster/two", Values: ["owned"] },
            { Name: "instance-state-name", Values: ["pending", "running"] },
        ];
        assert.deepEqual(await ids({ Filters: filters }), [other]);
    });

    it("are found by tag and by state", async () => {
        const one = { Name: "tag:eks:cluster-name", Values: ["one"] };
        assert.deepEqual(await ids({ Filters: [one] }), [here, unprofiled].sort());
        await account.fixture.ec2.send(new TerminateInstancesCommand({ InstanceIds: [unprofiled] }));
        const states = (...Values: string[]) => ({ Filters: [one, { Name: "instance-state-name", Values }] });
        assert.deepEqual(await ids(states("running")), [here]);
        assert.deepEqual(await ids(states("terminated")), [unprofiled]);
    });

    it("tell when they were last launched, which a start sets again", async () => {
        const { ec2 } = account.fixture;
        const stopped = await launchInstance(ec2, { clusterName: "three" });
        const launched = async () => {
            const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [stopped, here] }));
            return (Reservations ?? [])
                .flatMap(({ Instances = [] }) => Instances)
                .map(({ InstanceId, State, LaunchTime }) => ({
                    id: InstanceId,
                    state: State?.Name,
                    at: LaunchTime?.getTime() ?? 0,
                }))
                .sort((a, b) => Number(a.id === stopped) - Number(b.id === stopped));
        };
        await ec2.send(new StopInstancesCommand({ InstanceIds: [stopped] }));
        const [other, before] = await launched();
        assert.equal(before?.state, "stopped");
        await setTimeout(1100);
        await ec2.send(new StartInstancesCommand({ InstanceIds: [stopped] }));
        const [same, after] = await launched();
        assert.deepEqual([same, after?.state], [other, "running"]);
        assert.ok((after?.at ?? 0) >= before.at + 1000, "the start does not show");
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: [stopped] }));
    });

    it("of another region are seen there alone", async () => {
        const ireland = ec2In("eu-west-1");
        const far = await launchInstance(ireland, { clusterName: "far", instanceProfile: "instances-a" });
        assert.deepEqual(await ids(withProfile(profileArn("instances-a")), ireland), [far]);
        assert.deepEqual(await ids(withProfile(profileArn("instances-a"))), [here]);
    });

    it("lead to their role by the instance profile, and the role to its profiles", async () => {
        const { iam } = account.fixture;
        const named = { InstanceProfileName: "instances-a" };
        const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand(named));
        assert.deepEqual(
            InstanceProfile?.Roles?.map(({ RoleName }) => RoleName),
            ["instances-a"],
        );
        const { InstanceProfiles } = await iam.send(
            new ListInstanceProfilesForRoleCommand({ RoleName: "instances-b" }),
        );
        assert.deepEqual(
            InstanceProfiles?.map(({ Arn }) => Arn),
            [profileArn("instances-b")],
        );
    });
});

describe("regions of the AWS stand-in", () => {
    const account = useIam();
    const regions = async (input: ConstructorParameters<typeof DescribeRegionsCommand>[0] = {}) =>
        ((await account.fixture.ec2.send(new DescribeRegionsCommand(input))).Regions ?? []).map(
            ({ RegionName = "" }) => RegionName,
        );

    it("are those that are enabled, unless all of them are asked for", async () => {
        const enabled = await regions();
        assert.ok(enabled.includes("us-west-2") && enabled.includes("eu-west-1"));
        assert.ok(!enabled.includes("eu-central-2"));
        const all = await regions({ AllRegions: true });
        assert.ok(all.includes("eu-central-2"));
        assert.ok(!all.some((name) => name.startsWith("cn-") || name.startsWith("us-gov-")));
    });

    it("can be filtered by name and by whether they are enabled", async () => {
        assert.deepEqual(await regions({ Filters: [{ Name: "region-name", Values: ["us-west-*"] }] }), [
            "us-west-1",
            "us-west-2",
        ]);
        const off = { AllRegions: true, Filters: [{ Name: "opt-in-status", Values: ["not-opted-in"] }] };
        assert.ok((await regions(off)).includes("eu-central-2"));
        assert.ok(!(await regions(off)).includes("us-west-2"));
    });
});
