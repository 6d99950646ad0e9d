import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallsFromNodes } from "../../../aws/inside";
import type { Session } from "../../../aws/sts/sessions";
import { Agents } from "../../../cluster/agents";
import { InstanceIds } from "../../../cluster/instanceIds";
import { podIdentityTimes } from "../../../cluster/podIdentity/times";

const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "aws-node-1", namespace: "kube-system", uid: "u", resourceVersion: "1" },
    spec: {
        nodeName: "node",
        containers: [{ name: "aws-node", env: [{ name: "ENABLE_IPv6", value: "true" }] }],
    },
    status: {
        phase: "Running",
        containerStatuses: [{ name: "aws-node", ready: false, restartCount: 0, state: { running: {} } }],
    },
};
const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node" },
    spec: { providerID: "aws:///us-west-2a/i-1" },
    status: { conditions: [{ type: "Ready", status: "True" }] },
};

/** EC2 for a role that may not set security groups, as with AWS's policy for IPv6. */
const never = () => Promise.reject(new Error("not used"));
const aws = {
    instanceCredentials: () => Promise.resolve({ expiresAt: Infinity, roleArn: "arn" } as Session),
    assumeRole: never,
    ec2: (_session: Session, action: string) =>
        action === "ModifyNetworkInterfaceAttribute"
            ? Promise.reject(Object.assign(new Error("denied"), { name: "UnauthorizedOperation" }))
            : Promise.resolve(),
} as unknown as CallsFromNodes;

describe("the agents of aws-node's pods", () => {
    let folder: string;
    let server: Server;
    /** The answers to the next writes of events. */
    let eventAnswers: number[];
    let agents: Agents;
    /** The pod as the API server has it: Ready by the agents' writes, and not any more when a test takes that back. */
    let shown: typeof pod;
    let statusWrites: number;
    const watches = new Set<ServerResponse>();
    const change = (status: object) => {
        const resourceVersion = String(Number(shown.metadata.resourceVersion) + 1);
        shown = { ...shown, metadata: { ...shown.metadata, resourceVersion }, status: { ...shown.status, ...status } };
        watches.forEach((watch) => watch.write(`${JSON.stringify({ type: "MODIFIED", object: shown })}\n`));
    };
    const isReady = (of: boolean) => ({ conditions: [{ type: "Ready", status: of ? "True" : "False" }] });
    const start = (first = pod) => {
        [shown, statusWrites] = [first, 0];
        agents = new Agents({
            kubeconfigPath: join(folder, "kubeconfig"),
            aws,
            logFile: join(folder, "agents.jsonl"),
            probesFile: join(folder, "probes.jsonl"),
            startFactor: 1,
            instanceIds: new InstanceIds(join(folder, "kubeconfig")),
            podIdentityAgents: { on: () => undefined, times: podIdentityTimes },
        });
        agents.start();
    };
    const until = async (holds: () => boolean) => {
        for (let attempt = 0; attempt < 60 && !holds(); attempt++) {
            await sleep(100);
        }
    };
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "eks-cni-agents-"));
        server = createServer((incoming, outgoing) => {
            const { method = "", url = "" } = incoming;
            const answer = (status: number, body: object) =>
                outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
            incoming.resume();
            if (url.includes("watch=")) {
                outgoing.writeHead(200, { "content-type": "application/json" }).flushHeaders();
                watches.add(outgoing.on("close", () => watches.delete(outgoing)));
            } else if (method === "POST") {
                const status = eventAnswers.shift() ?? 201;
                answers.push(status);
                answer(status, {});
            } else if (url.includes("/nodes/")) {
                answer(200, node);
            } else if (method === "PUT") {
                statusWrites += 1;
                change(isReady(true));
                answer(200, shown);
            } else {
                answer(200, url.includes("/pods/") ? shown : { metadata: { resourceVersion: "1" }, items: [shown] });
            }
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const config = {
            "current-context": "a",
            clusters: [{ name: "a", cluster: { server: address, "insecure-skip-tls-verify": true } }],
            users: [{ name: "a", user: {} }],
            contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        };
        writeFileSync(join(folder, "kubeconfig"), JSON.stringify(config));
    });
    let answers: number[];
    afterEach(() => agents.stop());
    after(() => {
        server.closeAllConnections();
        server.close();
        rmSync(folder, { recursive: true });
    });

    it("write the event of a denied call once the API server takes it, and once only", async () => {
        answers = [];
        eventAnswers = [500, 500, 201];
        start();
        await until(() => answers.includes(201));
        await sleep(1100);
        assert.deepEqual(answers, [500, 500, 201]);
    });

    it("make no calls for a container that does not run, and those of its start once it does", async () => {
        [answers, eventAnswers] = [[], []];
        const [container] = pod.status.containerStatuses;
        const ended = { ...container, state: { waiting: { reason: "CrashLoopBackOff" } } };
        const log = join(folder, "agents.jsonl");
        rmSync(log, { force: true });
        start({
            ...pod,
            status: { ...pod.status, containerStatuses: [ended as unknown as typeof container] } as never,
        });
        await sleep(1500);
        assert.deepEqual([existsSync(log), statusWrites], [false, 0]);
        change({ containerStatuses: [container] });
        // The line of an attempt is written after its effects on the cluster.
        await until(() => existsSync(log));
        assert.deepEqual([existsSync(log), statusWrites], [true, 1]);
    });

    it("make a pod Ready again whose status another writer has taken back, and write it once each time", async () => {
        [answers, eventAnswers] = [[], []];
        start();
        await until(() => statusWrites > 0);
        await sleep(1100);
        assert.equal(statusWrites, 1);
        change(isReady(false));
        await until(() => statusWrites > 1);
        await sleep(1100);
        assert.equal(statusWrites, 2);
    });
});
