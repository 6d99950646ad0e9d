import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CoreV1Api } from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { otherNodeKinds } from "../../../cluster/otherNodes";
import { loadKubeconfig } from "../../../kubeconfigs";
import { podCredentials } from "../../../pods";
import { type Sandbox, startSandbox } from "../../../sandbox";

describe("A sandbox with nodes of other kinds", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let ec2: EC2Client;

    before(async () => {
        sandbox = await startSandbox({
            name: `other-nodes-test-${process.pid}`,
            nodes: 1,
            podReadySeconds: 0.2,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        core = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        ec2 = new EC2Client({ endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials });
    });
    after(() => sandbox.stop());

    const names = async () => (await core.listNode()).items.map(({ metadata }) => metadata?.name ?? "").sort();
    /** The state, the instance profile and a tag of an instance, as EC2 shows them. */
    const shown = async (id: string, tag: string) => {
        const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
        const { State, IamInstanceProfile, Tags = [] } = Reservations[0]?.Instances?.[0] ?? {};
        return [State?.Name, IamInstanceProfile?.Arn?.split("/").at(-1), Tags.find(({ Key }) => Key === tag)?.Value];
    };

    it("runs no pod of aws-node there, shows the instances of two kinds in EC2, and is without them after a reset", async () => {
        const before = await names();
        const others = [];
        for (const kind of otherNodeKinds) {
            others.push(await sandbox.nodes.addOther(kind));
        }
        // Its tags are those of the call.
        const untagged = await sandbox.nodes.addOther("windows", { tags: {} });
        assert.deepEqual(await names(), [...before, ...others.map(({ name }) => name), untagged.name].sort());

        // A node that the DaemonSet selects gets its pod meanwhile.
        const selected = await sandbox.nodes.add();
        const nodesOfPods = async () => (await podCredentials(sandbox.kubeconfigPath)).map(({ node }) => node).sort();
        while (!(await nodesOfPods()).includes(selected)) {
            await sleep(100);
        }
        assert.deepEqual(await nodesOfPods(), [...before, selected].sort());

        const [windows, auto, fargate, hybrid] = others;
        assert.deepEqual([fargate?.instanceId, hybrid?.instanceId], [undefined, undefined]);
        const nodeRole = "sandbox-nodes";
        assert.deepEqual(await shown(windows?.instanceId ?? "", "eks:cluster-name"), ["running", nodeRole, "sandbox"]);
        assert.deepEqual(await shown(auto?.instanceId ?? "", "eks:eks-cluster-name"), ["running", nodeRole, "sandbox"]);
        assert.deepEqual(await shown(untagged.instanceId ?? "", "eks:cluster-name"), ["running", nodeRole, undefined]);

        await sandbox.reset();
        assert.deepEqual(await names(), before);
    });
});
