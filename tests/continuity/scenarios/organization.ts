/** An organization whose service control policies deny regions, or the CNI's calls. */
import { EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import * as assert from "node:assert";
import { launchInstance } from "local-eks";
import { fullAwsAccess, regionDeny } from "local-eks/iam";
import { CNI_POLICY, NODE_ROLE, type Stage } from "../stage";
import { handedOver, noGaps, type Scenario } from "./scenario";

const DENIED_REGION = "eu-north-1";
/** A change that every call sees at once. */
const AT_ONCE = 10;

const deny = (Condition?: object) =>
    JSON.stringify({
        Version: "2012-10-17",
        Statement: {
            Effect: "Deny",
            Action: ["ec2:*NetworkInterface*", "ec2:*PrivateIpAddresses"],
            Resource: "*",
            ...(Condition && { Condition }),
        },
    });

/** Another cluster's node in the region that is denied afterwards: a policy stops calls, and not instances that run. */
const roleRunsThere: Scenario = {
    name: "role-runs-in-a-denied-region",
    title: "the node role runs in a region that the organization denies: nothing is detached; once it does not, the region counts as empty",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const { sandbox } = stage;
        const there = new EC2Client({
            endpoint: sandbox.awsEndpoint,
            region: DENIED_REGION,
            credentials: { accessKeyId: "test", secretAccessKey: "test" },
        });
        const onlyHere = [[fullAwsAccess, regionDeny([sandbox.region])]];
        const id = await launchInstance(there, { clusterName: "other", instanceProfile: NODE_ROLE });
        await sandbox.setRoleLastUsed(NODE_ROLE, DENIED_REGION);
        await stage.setServiceControlPolicies(onlyHere);
        const pods = await stage.pods();
        const { output } = await stage.fails(
            "up",
            stage.arguments(),
            /\[aws-region-refused\] .* where IAM saw a node role used last: sandbox-nodes in eu-north-1\./,
        );
        assert.match(output, /set `regions` to the regions in which instances may use them/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        assert.ok(holdsPolicy(stage), "the policy was detached from the role of an instance that runs");

        await stage.setServiceControlPolicies([]);
        await there.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
        await stage.setServiceControlPolicies(onlyHere);
        await sandbox.setRoleLastUsed(NODE_ROLE, sandbox.region);
        const passed = await stage.succeeds("up", stage.arguments());
        assert.match(passed.output, /Counted as empty, since a service control policy denies .*: .*eu-north-1/);
        await stage.assertHandedOver();
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

/** The operator knows that nothing runs outside of the chosen regions. IAM still shows the last use in another one. */
const regionsChosen: Scenario = {
    name: "regions-chosen",
    title: "the node role was used in a region that the organization denies: refused; then `regions` leaves the region out, as the message says",
    quick: false,
    bound: { ...noGaps, rollouts: 2, restarts: 2 },
    play: async (stage) => {
        const { sandbox } = stage;
        await sandbox.setRoleLastUsed(NODE_ROLE, DENIED_REGION);
        await stage.setServiceControlPolicies([[fullAwsAccess, regionDeny([sandbox.region, "eu-west-1"])]]);
        await stage.fails("up", stage.arguments(), /\[aws-region-refused\]/);
        assert.ok(holdsPolicy(stage), "the policy was detached");
        const chosen = stage.arguments({ regions: ["eu-west-1"] });
        const { output } = await stage.succeeds("up", chosen);
        assert.match(output, /Not looked at, since `regions` leaves it out, .*: sandbox-nodes in eu-north-1\./);
        await stage.assertHandedOver();
        await stage.succeeds("destroy", chosen);
        await stage.assertAsBefore();
    },
};

const roleDenied: Scenario = {
    name: "service-control-policy-denies-the-cni",
    title: "a service control policy denies the CNI's calls in the whole account: shown, refused, and over once its owner takes it away",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 2 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const repair = await stage.takePath(() => stage.setServiceControlPolicies([[fullAwsAccess, deny()]]));
        const { output } = await stage.succeeds("refresh", stage.arguments());
        assert.match(
            output,
            /can no longer use .* lacks these EC2 permissions: .*The pods have lost these permissions already\. A service control policy of the organization denies this/,
        );
        assert.match(output, /cni-credential-guard/);
        await stage.fails("up", stage.arguments(), /\[permission-missing\].*its owner has to allow these actions/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await repair(AT_ONCE, () => stage.setServiceControlPolicies([]));
        await stage.succeeds("up", stage.arguments(), { flags: ["--refresh"] });
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

/** IAM's simulator leaves such a policy out, so the proof cannot decide. A pod tells, once its warm pool needs EC2. */
const oneRoleDenied: Scenario = {
    name: "service-control-policy-denies-one-role",
    title: "a service control policy denies the CNI role alone: the events of the pods show it, and destroy moves them to the node roles",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 2 },
    play: async (stage) => {
        const pods = await handedOver(stage);
        const roleArn = String(stage.outputs()["roleArn"]);
        const denied = deny({ ArnEquals: { "aws:PrincipalArn": roleArn } });
        const repair = await stage.takePath(() => stage.setServiceControlPolicies([[fullAwsAccess, denied]]));
        const [node = ""] = pods.keys();
        const endWorkload = await stage.startWorkload(node);
        const isShown = async () =>
            /reports? .*missing permissions/.test((await stage.succeeds("refresh", stage.arguments())).output);
        await stage.until("a refresh shows the events", isShown, 120);
        await stage.fails("up", stage.arguments(), /\[pod-misses-permissions\].*a service control policy/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await endWorkload();
        await repair(30 + 3 * stage.props.sizes.nodes, () => stage.succeeds("destroy", stage.arguments()));
        await stage.assertAsBefore();
    },
};

function holdsPolicy(stage: Stage): boolean {
    return stage.currentRoles()[NODE_ROLE]?.attachedPolicyArns.includes(CNI_POLICY) ?? false;
}

export const organization = [roleRunsThere, regionsChosen, roleDenied, oneRoleDenied];
