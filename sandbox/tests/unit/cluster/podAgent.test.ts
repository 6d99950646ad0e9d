import assert from "node:assert/strict";
import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";
import type { Session } from "../../../aws/sts/sessions";
import { PodAgent, type Step } from "../../../cluster/podAgent";
import { newNetwork, type NodeNetwork } from "../../../cluster/warmPool";

/** The variables of the container aws-node by which its calls differ. */
const modes = {
    ipv4: {},
    ipv6: { ENABLE_IPv6: "true", ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
    "custom networking": { AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: "true" },
    "prefix delegation": { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
    "IMDS only": { ENABLE_IMDS_ONLY_MODE: "true", ENABLE_SUBNET_DISCOVERY: "false" },
    "IMDS only with subnet discovery": { ENABLE_IMDS_ONLY_MODE: "true" },
    "IMDS only on ipv6": { ENABLE_IPv6: "true", ENABLE_IMDS_ONLY_MODE: "true", ENABLE_SUBNET_DISCOVERY: "false" },
    "without provisioning": { DISABLE_NETWORK_RESOURCE_PROVISIONING: "true" },
    "without subnet discovery": { ENABLE_SUBNET_DISCOVERY: "false" },
    "targets of addresses": { WARM_IP_TARGET: "2", MINIMUM_IP_TARGET: "4" },
} as const;
type Mode = keyof typeof modes;

/** A pod with the role of its node. */
const podWith = (status: V1PodStatus, mode: Mode): V1Pod => ({
    metadata: { name: "aws-node-1", uid: "uid" },
    spec: {
        nodeName: "node",
        containers: [
            { name: "aws-eks-nodeagent", env: [{ name: "ENABLE_IPv6", value: "true" }] },
            { name: "aws-node", env: Object.entries(modes[mode]).map(([name, value]) => ({ name, value })) },
        ],
    },
    status,
});

/** The network of a node on which the CNI has been at work. */
const warmed: Record<Mode, Partial<NodeNetwork>> = {
    ipv4: { isTagged: true, held: 9 },
    ipv6: { isTagged: true, hasIpv6Prefix: true },
    "custom networking": { isTagged: true, interfaces: 2, held: 9 },
    "prefix delegation": { isTagged: true, held: 1, isOfPrefixes: true },
    "IMDS only": { isTagged: true, held: 9 },
    "IMDS only with subnet discovery": { isTagged: true, held: 9 },
    "IMDS only on ipv6": { isTagged: true, hasIpv6Prefix: true },
    "without provisioning": { isTagged: true, held: 9 },
    "without subnet discovery": { isTagged: true, held: 9 },
    "targets of addresses": { isTagged: true, held: 4 },
};

interface Play {
    /** Milliseconds. */
    now: number;
    readonly network: NodeNetwork;
    readonly denied: Set<string>;
    /** The calls of EC2, and those for a session of the node's role, since the last look. */
    readonly calls: string[];
    readonly agent: PodAgent;
    instanceId: string | undefined;
    /** Pods with an address of their own on the node. */
    pods: number;
    hasRole: boolean;
}

function play(mode: Mode, network: Partial<NodeNetwork> = {}, factor = 1, status: V1PodStatus = {}): Play {
    const node = { ...newNetwork(), ...network };
    const denied = new Set<string>();
    const calls: string[] = [];
    const clock = { now: 0, instanceId: "i-1", pods: 0, hasRole: true };
    const never = () => Promise.reject(new Error("not used"));
    const surroundings = {
        aws: {
            instanceCredentials: () =>
                Promise.resolve(clock.hasRole ? ({ expiresAt: Infinity, roleArn: "arn" } as Session) : undefined),
            assumeRole: never,
            assumeRoleForPodIdentity: never,
            ec2: (_session: Session, action: string) => {
                calls.push(action);
                const refusal = Object.assign(new Error("denied"), { name: "UnauthorizedOperation" });
                return denied.has(action) ? Promise.reject(refusal) : Promise.resolve();
            },
        },
        stsIsReachable: () => true,
        instanceId: () => Promise.resolve(clock.instanceId),
        token: () => Promise.resolve(undefined),
        now: () => clock.now,
        podIdentityAgent: () => undefined,
        sdkWindowSeconds: () => 300,
        network: node,
        podsOnNode: () => clock.pods,
        startFactor: factor,
    };
    const agent = new PodAgent(podWith(status, mode), surroundings, false);
    return Object.assign(clock, { network: node, denied, calls, agent });
}

/** What a step did, in short. */
const shown = (step: Step | undefined) => [
    step?.result?.ok,
    step?.result?.call,
    step?.denied?.join() ?? "",
    step?.container,
];

/** The calls of a start, on a new node and on one where the CNI has been at work. */
const starts: Record<Mode, { first: string[]; later: string[] }> = {
    ipv4: {
        first: [
            "DescribeNetworkInterfaces",
            "CreateTags",
            "DescribeSubnets",
            "ModifyNetworkInterfaceAttribute",
            "AssignPrivateIpAddresses",
        ],
        later: ["DescribeNetworkInterfaces", "DescribeSubnets", "ModifyNetworkInterfaceAttribute"],
    },
    ipv6: {
        first: [
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "CreateTags",
            "DescribeSubnets",
            "DescribeNetworkInterfaces",
            "AssignIpv6Addresses",
            "ModifyNetworkInterfaceAttribute",
        ],
        later: [
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "DescribeSubnets",
            "DescribeNetworkInterfaces",
            "ModifyNetworkInterfaceAttribute",
        ],
    },
    "custom networking": {
        first: [
            "DescribeNetworkInterfaces",
            "CreateTags",
            "DescribeSubnets",
            "CreateNetworkInterface",
            "DescribeInstances",
            "AttachNetworkInterface",
            "ModifyNetworkInterfaceAttribute",
            "DescribeSubnets",
        ],
        later: ["DescribeNetworkInterfaces", "DescribeSubnets"],
    },
    "prefix delegation": {
        first: [
            "DescribeNetworkInterfaces",
            "CreateTags",
            "DescribeSubnets",
            "ModifyNetworkInterfaceAttribute",
            "AssignPrivateIpAddresses",
        ],
        later: ["DescribeNetworkInterfaces", "DescribeSubnets", "ModifyNetworkInterfaceAttribute"],
    },
    "IMDS only": { first: [], later: [] },
    "IMDS only with subnet discovery": { first: ["DescribeSubnets"], later: ["DescribeSubnets"] },
    "IMDS only on ipv6": {
        first: ["DescribeNetworkInterfaces", "AssignIpv6Addresses"],
        later: ["DescribeNetworkInterfaces"],
    },
    "without provisioning": {
        first: ["DescribeNetworkInterfaces", "DescribeSubnets"],
        later: ["DescribeNetworkInterfaces", "DescribeSubnets"],
    },
    "without subnet discovery": {
        first: [
            "DescribeNetworkInterfaces",
            "CreateTags",
            "ModifyNetworkInterfaceAttribute",
            "AssignPrivateIpAddresses",
        ],
        later: ["DescribeNetworkInterfaces", "ModifyNetworkInterfaceAttribute"],
    },
    "targets of addresses": {
        first: [
            "DescribeNetworkInterfaces",
            "CreateTags",
            "DescribeSubnets",
            "ModifyNetworkInterfaceAttribute",
            "AssignPrivateIpAddresses",
        ],
        later: ["DescribeNetworkInterfaces", "DescribeSubnets", "ModifyNetworkInterfaceAttribute"],
    },
};

describe("the agent of a pod of aws-node", () => {
    for (const [mode, { first, later }] of Object.entries(starts) as [Mode, (typeof starts)[Mode]][]) {
        it(`makes the calls of the CNI's start in their order with ${mode}, on a new node, and then those of a warmed one`, async () => {
            const { agent, calls, network } = play(mode);
            const step = await agent.step();
            assert.deepEqual(shown(step), [true, undefined, "", "ready"]);
            assert.deepEqual([calls, step?.result?.calls], [first, first]);
            assert.deepEqual(network, {
                ...newNetwork(),
                ...warmed[mode],
                ...(first.includes("CreateTags") ? {} : { isTagged: false }),
                ...(first.some((call) => /^(Assign|Create)\w*(Ip|Interface)/.test(call)) ? {} : { held: 0 }),
                attachedAt: network.interfaces > 1 ? 0 : -Infinity,
            });
            const again = play(mode, { ...warmed[mode] });
            assert.deepEqual(shown(await again.agent.step()), [true, undefined, "", "ready"]);
            assert.deepEqual(again.calls, later);
        });
    }

    const fatal: [Mode, string][] = [
        ["ipv4", "DescribeNetworkInterfaces"],
        ["ipv4", "CreateTags"],
        ["ipv4", "AssignPrivateIpAddresses"],
        ["ipv6", "DescribeNetworkInterfaces"],
        ["ipv6", "DescribeSubnets"],
        ["ipv6", "CreateTags"],
        ["prefix delegation", "AssignPrivateIpAddresses"],
        ["custom networking", "CreateNetworkInterface"],
        ["custom networking", "DescribeInstances"],
        ["custom networking", "AttachNetworkInterface"],
        ["custom networking", "ModifyNetworkInterfaceAttribute"],
    ];
    for (const [mode, action] of fatal) {
        it(`does not start without ${action} on a new node with ${mode}`, async () => {
            const { agent, denied, calls, network } = play(mode);
            denied.add(action);
            const step = await agent.step();
            assert.deepEqual(shown(step), [false, `ec2:${action}`, `ec2:${action}`, undefined]);
            assert.deepEqual([calls.at(-1), step?.result?.error], [action, "UnauthorizedOperation"]);
            // EC2 keeps the tags and the prefix of a start that fails later.
            const isTagged = calls.includes("CreateTags") && action !== "CreateTags";
            assert.deepEqual([network.isTagged, network.held, network.interfaces], [isTagged, 0, 1]);
        });
    }

    it("does not ask for credentials in a start that calls nothing, and starts without any", async () => {
        const playing = play("IMDS only");
        playing.hasRole = false;
        assert.deepEqual(shown(await playing.agent.step()), [true, undefined, "", "ready"]);
        const other = play("ipv4");
        other.hasRole = false;
        assert.deepEqual(shown(await other.agent.step()), [false, "imds:GetCredentials", "", undefined]);
    });

    it("unassigns the addresses of before once prefix delegation is turned on, and the prefixes once it is turned off", async () => {
        for (const [mode, network] of [
            ["prefix delegation", warmed.ipv4],
            ["ipv4", warmed["prefix delegation"]],
        ] as const) {
            const { agent, calls, denied } = play(mode, network);
            denied.add("UnassignPrivateIpAddresses");
            const refused = "ec2:UnassignPrivateIpAddresses";
            assert.deepEqual(shown(await agent.step()), [true, undefined, refused, "ready"], mode);
            assert.deepEqual(calls.slice(2), [
                "UnassignPrivateIpAddresses",
                "ModifyNetworkInterfaceAttribute",
                "AssignPrivateIpAddresses",
            ]);
        }
    });

    for (const mode of ["ipv4", "IMDS only"] as const) {
        it(`does nothing once its node is gone, with ${mode}`, async () => {
            const playing = play(mode);
            playing.instanceId = undefined;
            assert.deepEqual([await playing.agent.step(), await playing.agent.probe()], [undefined, undefined]);
            assert.deepEqual(playing.calls, []);
        });
    }

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
        const { agent, calls, denied } = play("ipv4", warmed.ipv4);
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

    const delayed: [Mode, string, number][] = [
        ["ipv4", "DescribeSubnets", 9],
        ["ipv6", "AssignIpv6Addresses", 0],
        ["IMDS only with subnet discovery", "DescribeSubnets", 0],
    ];
    for (const [mode, action, held] of delayed) {
        it(`is Ready 50 s later without ${action} with ${mode}, and complains`, async () => {
            const playing = play(mode);
            const { agent, denied, network } = playing;
            denied.add(action);
            assert.deepEqual(shown(await agent.step()), [true, undefined, `ec2:${action}`, undefined]);
            assert.deepEqual([network.held, network.hasIpv6Prefix], [held, false]);
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
        assert.equal(await agent.step(), undefined);
    });

    /** Starts on a warmed node, and plays the time until then in half seconds. Gives what was called at which second. */
    const works = async (playing: Play, untilSeconds: number, pods: (seconds: number) => number) => {
        const seen: [number, string][] = [];
        for (; playing.now <= untilSeconds * 1000; playing.now += 500) {
            playing.pods = pods(playing.now / 1000);
            playing.calls.length = 0;
            await playing.agent.step();
            seen.push(...playing.calls.map((call): [number, string] => [playing.now / 1000, call]));
        }
        return seen.filter(([seconds]) => seconds > 0);
    };
    const allocates = ["CreateNetworkInterface", "DescribeInstances", "AttachNetworkInterface"];
    const frees = ["DescribeNetworkInterfaces", "DetachNetworkInterface", "DeleteNetworkInterface"];
    const at = (seconds: number, ...calls: string[]) => calls.map((call) => [seconds, call]);

    for (const mode of Object.keys(modes) as Mode[]) {
        it(`makes no call while no pod comes or goes, with ${mode}`, async () => {
            assert.deepEqual(await works(play(mode, { ...warmed[mode] }), 300, () => 0), []);
        });
    }

    for (const mode of ["ipv6", "IMDS only", "without provisioning"] as const) {
        it(`makes no call for pods that come and go, with ${mode}`, async () => {
            const playing = play(mode, { ...warmed[mode] });
            assert.deepEqual(await works(playing, 300, (seconds) => (seconds < 100 ? 30 : 0)), []);
        });
    }

    it("attaches an interface for the first pod, and frees it a minute later once the pod is gone, by WARM_ENI_TARGET", async () => {
        const playing = play("ipv4", { ...warmed.ipv4 });
        assert.deepEqual(await works(playing, 120, (seconds) => (seconds >= 5 && seconds < 20 ? 1 : 0)), [
            ...at(7.5, "DescribeSubnets", ...allocates, "ModifyNetworkInterfaceAttribute", "DescribeSubnets"),
            ...at(67.5, ...frees),
        ]);
        assert.deepEqual([playing.network.interfaces, playing.network.held], [1, 9]);
    });

    it("attaches as many interfaces as the instance has room for, and keeps those that have pods", async () => {
        const playing = play("ipv4", { ...warmed.ipv4 });
        const seen = await works(playing, 200, (seconds) => (seconds < 1 ? 0 : 10));
        assert.deepEqual(
            seen.filter(([, call]) => call === "CreateNetworkInterface").map(([seconds]) => seconds),
            [2.5, 7.5],
        );
        assert.deepEqual([playing.network.interfaces, playing.network.held], [3, 27]);
        assert.equal(seen.length, 12);
    });

    it("attaches an interface in the subnet of the ENIConfig, for which it looks up no subnet, with custom networking", async () => {
        const playing = play("custom networking", { ...warmed["custom networking"] });
        assert.deepEqual(await works(playing, 20, (seconds) => (seconds < 1 ? 0 : 1)), [
            ...at(2.5, ...allocates, "ModifyNetworkInterfaceAttribute", "DescribeSubnets"),
        ]);
        assert.deepEqual([playing.network.interfaces, playing.network.held], [3, 18]);
    });

    it("assigns a prefix when one has an address in use, and unassigns it, with prefix delegation", async () => {
        const playing = play("prefix delegation", { ...warmed["prefix delegation"] });
        assert.deepEqual(await works(playing, 60, (seconds) => (seconds >= 5 && seconds < 20 ? 1 : 0)), [
            ...at(7.5, "AssignPrivateIpAddresses"),
            ...at(22.5, "UnassignPrivateIpAddresses"),
        ]);
        assert.equal(playing.network.held, 1);
        assert.equal(playing.network.interfaces, 1);
    });

    it("assigns the addresses that a target lacks, and unassigns those over it, at most every 30 s, by WARM_IP_TARGET", async () => {
        const playing = play("targets of addresses", { ...warmed["targets of addresses"] });
        const pods = (seconds: number) => (seconds < 5 ? 2 : seconds < 20 ? 5 : seconds < 24 ? 4 : 0);
        assert.deepEqual(await works(playing, 100, pods), [
            ...at(7.5, "AssignPrivateIpAddresses"),
            ...at(22.5, "UnassignPrivateIpAddresses"),
            ...at(52.5, "UnassignPrivateIpAddresses"),
        ]);
        assert.equal(playing.network.held, 4);
    });

    it("stays Ready when a call of its work is denied, and tries again five seconds later", async () => {
        const playing = play("ipv4", { ...warmed.ipv4 });
        await playing.agent.step();
        playing.denied.add("CreateNetworkInterface");
        playing.pods = 1;
        const shownAt = async (milliseconds: number) => {
            playing.now = milliseconds;
            const step = await playing.agent.step();
            return [...shown(step), step?.result?.calls.join()];
        };
        const calls = "DescribeSubnets,CreateNetworkInterface";
        const refused = [false, "ec2:CreateNetworkInterface", "", undefined, calls];
        assert.deepEqual(await shownAt(2499), [undefined, undefined, "", undefined, undefined]);
        assert.deepEqual(await shownAt(2500), refused);
        assert.deepEqual(await shownAt(7499), [undefined, undefined, "", undefined, undefined]);
        assert.deepEqual(await shownAt(7500), refused);
        assert.ok(playing.agent.isRunning);
        playing.denied.clear();
        assert.deepEqual((await shownAt(12_500)).slice(0, 2), [true, undefined]);
    });
});

describe("the probe of a pod's path", () => {
    for (const mode of Object.keys(modes) as Mode[]) {
        it(`finds each permission of the CNI that is missing, whatever the CNI calls, with ${mode}`, async () => {
            const playing = play(mode, { ...warmed[mode] });
            await playing.agent.step();
            playing.calls.length = 0;
            const { agent, calls, denied } = playing;
            const { ok, call } = (await agent.probe()) ?? {};
            assert.deepEqual([ok, call], [true, undefined]);
            const asked = [...calls];
            assert.equal(asked.length, mode.includes("ipv6") ? 7 : 13);
            for (const action of asked) {
                denied.clear();
                denied.add(action);
                const result = await agent.probe();
                assert.deepEqual([result?.ok, result?.call], [false, `ec2:${action}`]);
            }
            denied.clear();
            // The CNI itself makes no call meanwhile.
            assert.equal(await agent.step(), undefined);
        });
    }

    it("asks while the container waits for its restart, too", async () => {
        const playing = play("ipv4");
        playing.denied.add("CreateTags");
        await playing.agent.step();
        playing.now = 1000;
        assert.equal(await playing.agent.step(), undefined);
        assert.deepEqual((await playing.agent.probe())?.call, "ec2:CreateTags");
        playing.denied.clear();
        assert.deepEqual((await playing.agent.probe())?.ok, true);
    });

    it("gives the pod, its node, and the role that it has asked with", async () => {
        const { agent } = play("ipv4");
        const about = { time: 0, pod: "aws-node-1", uid: "uid", node: "node", source: "instanceRole", roleArn: "arn" };
        assert.deepEqual(await agent.probe(), { ...about, ok: true });
    });
});
