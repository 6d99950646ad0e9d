import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Session } from "../../../aws/sts/sessions";
import { bootLimitSeconds, Boots } from "../../../cluster/boots";
import { type Instance, nodeName } from "../../../cluster/nodes";

const instance: Instance = {
    id: "i-1",
    zone: "us-west-2a",
    subnetId: "subnet-1",
    privateIp: "10.0.16.4",
    ipv6: "",
    nodeGroup: "sandbox",
};

function play(waitSeconds: number, limitSeconds?: number) {
    const calls: string[] = [];
    const world = { isDenied: false, hasRole: true, calls, registered: 0 };
    const aws = {
        instanceCredentials: () => Promise.resolve(world.hasRole ? ({ roleArn: "nodes" } as Session) : undefined),
        ec2: ({ roleArn }: Session, action: string, parameters: object = {}) => {
            calls.push(`${roleArn} ${action} ${JSON.stringify(parameters)}`);
            const refusal = Object.assign(new Error("no"), { name: "UnauthorizedOperation" });
            return world.isDenied ? Promise.reject(refusal) : Promise.resolve();
        },
    };
    const register = () => {
        world.registered += 1;
        return Promise.resolve();
    };
    return { world, boots: new Boots(aws, waitSeconds, limitSeconds), register };
}

const refused = (why: string) => ({ message: `The instance i-1 runs, and has not joined the cluster: ${why}` });

describe("an instance that boots", () => {
    it("asks EC2 for its name with the session of its role, and registers its node", async () => {
        const { world, boots, register } = play(1);
        await boots.join(instance, register);
        assert.deepEqual(world.calls, ['nodes DescribeInstances {"InstanceId.1":"i-1"}']);
        assert.equal(world.registered, 1);
    });

    it("does not join without the right, and does as soon as it is back", async () => {
        const { world, boots, register } = play(0.1);
        world.isDenied = true;
        await assert.rejects(boots.join(instance, register), refused("UnauthorizedOperation: no"));
        assert.equal(world.registered, 0);
        world.isDenied = false;
        await sleep(700);
        assert.equal(world.registered, 1);
    });

    it("does not join without a role", async () => {
        const { world, boots, register } = play(0.1);
        world.hasRole = false;
        await assert.rejects(boots.join(instance, register), refused("Error: no EC2 IMDS role found"));
        await boots.end();
        assert.deepEqual([world.calls, world.registered], [[], 0]);
    });

    it("asks nothing if its node has its own name", async () => {
        const { world, boots, register } = play(1);
        world.isDenied = true;
        const named = { ...instance, instanceIdNodeName: true };
        await boots.join(named, register);
        assert.deepEqual([world.calls, world.registered], [[], 1]);
        const names = [nodeName(instance, "us-west-2"), nodeName(named, "us-west-2")];
        assert.deepEqual(names, ["ip-10-0-16-4.us-west-2.compute.internal", "i-1"]);
    });

    it("gives up after ten minutes, as nodeadm does", async () => {
        assert.equal(bootLimitSeconds, 600);
        const { world, boots, register } = play(0.1, 0.3);
        world.isDenied = true;
        await assert.rejects(boots.join(instance, register), refused("UnauthorizedOperation: no"));
        await sleep(600);
        world.isDenied = false;
        await sleep(600);
        assert.equal(world.registered, 0);
    });

    it("registers nothing after its end", async () => {
        const { world, boots, register } = play(0.1);
        world.isDenied = true;
        await assert.rejects(boots.join(instance, register), refused("UnauthorizedOperation: no"));
        await boots.end(["i-2"]);
        await boots.end(["i-1"]);
        world.isDenied = false;
        await sleep(700);
        assert.equal(world.registered, 0);
    });
});
