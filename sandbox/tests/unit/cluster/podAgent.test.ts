import assert from "node:assert/strict";
import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";
import type { Session } from "../../../aws/sts/sessions";
import type { NodeNetwork } from "../../../cluster/cniStart";
import { PodAgent, type Step } from "../../../cluster/podAgent";
import type { IpFamily } from "../../../cluster/programs";

/** A pod with the role of its node. */
const podWith = (status: V1PodStatus): V1Pod => ({
    metadata: { name: "aws-node-1", uid: "uid" },
    spec: { nodeName: "node", containers: [{ name: "aws-node" }] },
    status,
});

interface Play {
    /** Milliseconds. */
    now: number;
    readonly network: NodeNetwork;
    readonly denied: Set<string>;
    /** The calls since the last look. */
    readonly calls: string[];
    readonly agent: PodAgent;
    instanceId: string | undefined;
}

function play(ipFamily: IpFamily, network: Partial<NodeNetwork> = {}, factor = 1, status: V1PodStatus = {}): Play {
    const node = { isTagged: false, hasAddresses: false, ...network };
    const denied = new Set<string>();
    const calls: string[] = [];
    const clock = { now: 0, instanceId: "i-1" };
    const never = () => Promise.reject(new Error("not used"));
    const surroundings = {
        aws: {
            instanceCredentials: () => Promise.resolve({ expiresAt: Infinity, roleArn: "arn" } as Session),
            assumeRole: never,
            assumeRoleForPodIdentity: never,
            ec2: (_session: Session, action: string) => {
                calls.push(action);
                const refusal = Object.assign(new Error("denied"), { name: "UnauthorizedOperation" });
                return denied.has(action) ? Promise.reject(refusal) : Promise.resolve();
            },
        },
        ipFamily,
        stsIsReachable: () => true,
        instanceId: () => Promise.resolve(clock.instanceId),
        token: () => Promise.resolve(undefined),
        now: () => clock.now,
        podIdentityAgent: () => undefined,
        sdkWindowSeconds: () => 300,
        network: node,
        startFactor: factor,
    };
    const agent = new PodAgent(podWith(status), surroundings, false);
    return Object.assign(clock, { network: node, denied, calls, agent });
}

/** What a step did, in short. */
const shown = (step: Step | undefined) => [
    step?.result?.ok,
    step?.result?.call,
    step?.denied?.join() ?? "",
    step?.container,
];

describe("the agent of a pod of aws-node", () => {
    it("makes the calls of the CNI's start in their order on IPv4, on a new node", async () => {
        const { agent, calls, network } = play("ipv4");
        assert.deepEqual(shown(await agent.step()), [true, undefined, "", "ready"]);
        assert.deepEqual(calls, [
            "DescribeNetworkInterfaces",
            "CreateTags",
            "DescribeSubnets",
            "ModifyNetworkInterfaceAttribute",
            "AssignPrivateIpAddresses",
        ]);
        assert.deepEqual(network, { isTagged: true, hasAddresses: true });
    });

    it("makes the calls of the CNI's start in their order on IPv6, on a new node", async () => {
        const { agent, calls } = play("ipv6");
        assert.deepEqual(shown(await agent.step()), [true, undefined, "", "ready"]);
        assert.deepEqual(calls, [
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "CreateTags",
            "AssignIpv6Addresses",
            "ModifyNetworkInterfaceAttribute",
        ]);
    });

    for (const ipFamily of ["ipv4", "ipv6"] as const) {
        it(`neither tags nor assigns where an earlier start did, on ${ipFamily}`, async () => {
            const { agent, calls } = play(ipFamily, { isTagged: true, hasAddresses: true });
            assert.deepEqual(shown(await agent.step()), [true, undefined, "", "ready"]);
            assert.ok(!calls.some((call) => call === "CreateTags" || call.startsWith("Assign")), calls.join());
        });
    }

    const fatal: [IpFamily, string][] = [
        ["ipv4", "DescribeNetworkInterfaces"],
        ["ipv4", "CreateTags"],
        ["ipv4", "AssignPrivateIpAddresses"],
        ["ipv6", "DescribeNetworkInterfaces"],
        ["ipv6", "DescribeSubnets"],
        ["ipv6", "CreateTags"],
    ];
    for (const [ipFamily, action] of fatal) {
        it(`does not start without ${action} on ${ipFamily}`, async () => {
            const { agent, denied, calls, network } = play(ipFamily);
            denied.add(action);
            assert.deepEqual(shown(await agent.step()), [false, `ec2:${action}`, `ec2:${action}`, undefined]);
            assert.equal(calls.at(-1), action);
            // EC2 keeps the tags of a start that fails later.
            const isTagged = calls.indexOf("CreateTags") >= 0 && action !== "CreateTags";
            assert.deepEqual(network, { isTagged, hasAddresses: false });
        });
    }

    it("does nothing once its node is gone", async () => {
        const playing = play("ipv4");
        playing.instanceId = undefined;
        assert.equal(await playing.agent.step(), undefined);
        assert.deepEqual(playing.calls, []);
    });

    it("does not tag again after a start that failed at a later call", async () => {
        const playing = play("ipv4");
        playing.denied.add("AssignPrivateIpAddresses");
        await playing.agent.step();
        playing.calls.length = 0;
        playing.now = 90_000;
        await playing.agent.step();
        await playing.agent.step();
        assert.ok(playing.calls.includes("DescribeSubnets") && !playing.calls.includes("CreateTags"));
    });

    it("assigns on IPv4 where there are addresses, if it could not look at its subnet: it has not recorded them", async () => {
        const { agent, calls, denied } = play("ipv4", { isTagged: true, hasAddresses: true });
        denied.add("DescribeSubnets");
        assert.deepEqual(shown(await agent.step()), [true, undefined, "ec2:DescribeSubnets", undefined]);
        assert.equal(calls.at(-1), "AssignPrivateIpAddresses");
    });

    it("waits for its liveness probe after a failed start, and is restarted at once the first time, then with back-off", async () => {
        const playing = play("ipv4");
        const { agent, denied, calls } = playing;
        denied.add("CreateTags");
        const at = async (seconds: number) => {
            playing.now = seconds * 1000;
            const step = await agent.step();
            return [step?.container ?? (step?.result ? "tried" : undefined), agent.restarts];
        };
        assert.deepEqual(await at(0), ["tried", 0]);
        assert.deepEqual(await at(89.9), [undefined, 0]);
        assert.deepEqual(await at(90), ["restarted", 1]);
        assert.deepEqual(await at(90), ["tried", 1]);
        assert.deepEqual(await at(179.9), [undefined, 1]);
        assert.deepEqual(await at(180), ["backOff", 1]);
        assert.deepEqual(await at(189.9), [undefined, 1]);
        assert.deepEqual(await at(190), ["restarted", 2]);
        assert.deepEqual(await at(190), ["tried", 2]);
        assert.deepEqual(await at(280), ["backOff", 2]);
        assert.deepEqual(await at(299.9), [undefined, 2]);
        denied.clear();
        assert.deepEqual(await at(300), ["restarted", 3]);
        calls.length = 0;
        assert.deepEqual(await at(300.5), ["ready", 3]);
        assert.ok(calls.includes("CreateTags"));
    });

    it("goes on counting the restarts that its container has had", async () => {
        const containerStatuses = [{ name: "aws-node", restartCount: 3, ready: false, image: "", imageID: "" }];
        const playing = play("ipv4", {}, 1, { containerStatuses });
        playing.denied.add("CreateTags");
        await playing.agent.step();
        playing.now = 90_000;
        assert.equal((await playing.agent.step())?.container, "backOff");
        playing.now = 90_000 + 40_000;
        assert.deepEqual([(await playing.agent.step())?.container, playing.agent.restarts], ["restarted", 4]);
    });

    it("waits at most five minutes between two starts", async () => {
        const playing = play("ipv4");
        playing.denied.add("CreateTags");
        const pauses: number[] = [];
        let waitsSince: number | undefined;
        // An hour is far more than nine restarts need. Without an end, the loop would hide that there are none.
        for (; playing.agent.restarts < 9 && playing.now < 3_600_000; playing.now += 500) {
            const { container } = (await playing.agent.step()) ?? {};
            if (container === "backOff") {
                waitsSince = playing.now;
            } else if (container === "restarted" && waitsSince !== undefined) {
                pauses.push((playing.now - waitsSince) / 1000);
            }
        }
        assert.deepEqual(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
    });

    it("scales these times by its factor", async () => {
        const playing = play("ipv4", {}, 0.1);
        playing.denied.add("CreateTags");
        await playing.agent.step();
        playing.now = 8999;
        assert.equal(await playing.agent.step(), undefined);
        playing.now = 9000;
        assert.equal((await playing.agent.step())?.container, "restarted");
    });

    const delayed: [IpFamily, string, boolean][] = [
        ["ipv4", "DescribeSubnets", true],
        ["ipv6", "AssignIpv6Addresses", false],
    ];
    for (const [ipFamily, action, hasAddresses] of delayed) {
        it(`is Ready 50 s later without ${action} on ${ipFamily}, and complains`, async () => {
            const playing = play(ipFamily);
            const { agent, denied, network } = playing;
            denied.add(action);
            assert.deepEqual(shown(await agent.step()), [true, undefined, `ec2:${action}`, undefined]);
            assert.deepEqual(network, { isTagged: true, hasAddresses });
            playing.now = 49_999;
            assert.equal(await agent.step(), undefined);
            playing.now = 50_000;
            assert.deepEqual(await agent.step(), { container: "ready" });
        });
    }

    it("complains about security groups that it cannot set, and is Ready at once: so it is on IPv6 with AWS's policy", async () => {
        const { agent, denied } = play("ipv6");
        denied.add("ModifyNetworkInterfaceAttribute");
        assert.deepEqual(shown(await agent.step()), [true, undefined, "ec2:ModifyNetworkInterfaceAttribute", "ready"]);
        assert.deepEqual(shown(await agent.step()), [true, undefined, "", undefined]);
    });

    it("looks and assigns once it runs, and stays Ready when that is denied", async () => {
        const { agent, denied, calls } = play("ipv4");
        await agent.step();
        calls.length = 0;
        await agent.step();
        assert.deepEqual(calls, ["DescribeNetworkInterfaces", "AssignPrivateIpAddresses"]);
        denied.add("AssignPrivateIpAddresses");
        assert.deepEqual(shown(await agent.step()), [false, "ec2:AssignPrivateIpAddresses", "", undefined]);
        denied.clear();
        assert.deepEqual(shown(await agent.step()), [true, undefined, "", undefined]);
    });
});
