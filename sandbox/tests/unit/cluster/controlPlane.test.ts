import * as assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { missing } from "../../../cluster/client";
import { caOf, kubeconfig, tokenFile } from "../../../cluster/credentials";
import { ManagedProcess } from "../../../cluster/managedProcess";
import { apiServerArguments, kwokArguments } from "../../../cluster/programs";
import { type StageOptions, stagesFile } from "../../../cluster/stages";

const apiServer = (ipFamily: "ipv4" | "ipv6") =>
    apiServerArguments({
        etcdPort: 1,
        port: 2,
        certificates: "/c",
        issuer: "https://oidc.example/id/A",
        ipFamily,
        tokenFile: "/t",
        serviceAccountKey: "/k",
        serviceAccountPublicKey: "/p",
    });

describe("The command lines of the control plane", () => {
    it("give the API server the cluster's issuer, and no way in from other machines", () => {
        assert.ok(apiServer("ipv4").includes("--service-account-issuer=https://oidc.example/id/A"));
        assert.ok(apiServer("ipv4").includes("--bind-address=127.0.0.1"));
        assert.ok(apiServer("ipv4").includes("--authorization-mode=Node,RBAC"));
    });

    it("give service addresses of the cluster's family", () => {
        assert.ok(apiServer("ipv4").includes("--service-cluster-ip-range=10.100.0.0/16"));
        assert.ok(
            apiServer("ipv6").some((argument) => /^--service-cluster-ip-range=fd[0-9a-f:]+\/108$/.test(argument)),
        );
    });

    it("give pods addresses of the cluster's family", () => {
        const cidr = (ipFamily: "ipv4" | "ipv6") =>
            kwokArguments({ kubeconfig: "/k", stages: "/s", ipFamily }).find((argument) =>
                argument.startsWith("--cidr="),
            );
        assert.equal(cidr("ipv4"), "--cidr=10.0.128.1/17");
        assert.equal(cidr("ipv6"), "--cidr=fd00:10::1/64");
    });
});

describe("The credentials of the control plane", () => {
    it("make the sandbox an administrator, each controller what its default role is bound to, and an operator nothing yet", () => {
        assert.equal(
            tokenFile({ admin: "a", controllerManager: "c", scheduler: "s", operator: "o" }),
            "a,sandbox-admin,sandbox-admin,system:masters\n" +
                "c,system:kube-controller-manager,controller-manager\n" +
                "s,system:kube-scheduler,scheduler\n" +
                "o,operator,operator,eks-cni-operators\n",
        );
    });

    it("are a kubeconfig of one context", () => {
        const config = JSON.parse(kubeconfig({ name: "a", server: "https://127.0.0.1:1", ca: "CA", token: "t" })) as {
            clusters: { cluster: Record<string, string> }[];
        };
        assert.deepEqual(config.clusters[0]?.cluster, {
            server: "https://127.0.0.1:1",
            "certificate-authority-data": "Q0E=",
        });
    });

    it("find the authority behind the server's own certificate", () => {
        const block = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
        assert.equal(caOf(block("server") + block("authority")), block("authority"));
        assert.equal(caOf(block("half written")), undefined);
        assert.equal(caOf(""), undefined);
    });
});

describe("kwok's stages", () => {
    interface Document {
        metadata: { name: string };
        spec: {
            delay?: unknown;
            selector: { matchExpressions: { key: string; operator: string; values?: string[] }[] };
            next: { statusTemplate?: string };
        };
    }
    const documents = (options: StageOptions) =>
        stagesFile(options)
            .split("\n---\n")
            .map((text) => JSON.parse(text) as Document);

    it("make a pod ready after the time asked for, and a node at once", () => {
        const delays = documents({ podReadySeconds: 1.5 }).map(({ metadata, spec }) => [metadata.name, spec.delay]);
        assert.deepEqual(delays, [
            ["node-ready", undefined],
            ["pod-ready", { durationMilliseconds: 1500 }],
            ["aws-node-running", { durationMilliseconds: 1500 }],
            ["pod-gone", undefined],
        ]);
    });

    it("let a deleted pod be there for the time asked for", () => {
        const [gone] = documents({ podReadySeconds: 1, podDeletionSeconds: 1.5 }).filter(
            ({ metadata }) => metadata.name === "pod-gone",
        );
        assert.deepEqual(gone?.spec.delay, { durationMilliseconds: 1500 });
    });

    it("leave a node alone whose kubelet is stopped, and its pods", () => {
        const failures = new Map([["c", "imagePull"]] as const);
        const all = documents({ podReadySeconds: 1, stoppedNodes: ["a", "b"], podFailures: failures });
        for (const { metadata, spec } of all) {
            const key = metadata.name.startsWith("node-") ? ".metadata.name" : ".spec.nodeName";
            const notOn = { key, operator: "NotIn", values: ["a", "b"] };
            assert.ok(
                spec.selector.matchExpressions.some((of) => isDeepStrictEqual(of, notOn)),
                metadata.name,
            );
        }
    });

    it("start no pod of aws-node on a node where they fail, and let it fail in its own way", () => {
        const failures = new Map([
            ["a", "outOfMemory"],
            ["b", "initImagePull"],
            ["c", "outOfMemory"],
            ["d", "unschedulable"],
        ] as const);
        const nodesOf = (operator: string) =>
            documents({ podReadySeconds: 1, podFailures: failures }).flatMap(({ metadata, spec }) => {
                const of = spec.selector.matchExpressions.find(
                    (one) => one.key === ".spec.nodeName" && one.operator === operator,
                );
                return of === undefined ? [] : [[metadata.name, of.values?.join("")]];
            });
        assert.deepEqual(nodesOf("NotIn"), [["aws-node-running", "abc"]]);
        assert.deepEqual(nodesOf("In"), [
            ["outofmemory-first", "ac"],
            ["outofmemory-restarted", "ac"],
            ["outofmemory-back-off", "ac"],
            ["outofmemory-again", "ac"],
            ["initimagepull-first", "b"],
            ["initimagepull-again", "b"],
            ["initimagepull-back-off", "b"],
        ]);
    });

    it("start a container that fails again by the back-off of kubelets, scaled by the factor", () => {
        const podFailures = new Map([["a", "exit"]] as const);
        const [again] = documents({ podReadySeconds: 1, podFailures, failureFactor: 0.5 }).filter(
            ({ metadata }) => metadata.name === "exit-again",
        );
        assert.match(JSON.stringify(again?.spec.delay), /\[ 10 \* pow\( 2; \. - 1 \), 300 \] \| min \* 0\.5/);
    });

    it("start nodes and aws-node's pods, and make neither Ready, where aws-node decides about it", () => {
        const readyAtOnce = documents({ podReadySeconds: 0, readinessByCni: true }).map(({ metadata, spec }) => [
            metadata.name,
            spec.next.statusTemplate?.match(/type: Ready,? *\n? *status: "(\w+)"/)?.[1],
        ]);
        assert.deepEqual(readyAtOnce, [
            ["node-without-network", "False"],
            ["pod-ready", "True"],
            ["aws-node-running", "False"],
            ["pod-gone", undefined],
        ]);
    });
});

describe("The readiness of a cluster", () => {
    const set = (ready: number, current = 3) => ({ name: "aws-node", wanted: 3, current, ready });

    it("lacks nothing when all nodes and all current pods are ready", () => {
        assert.equal(missing({ readyNodes: 3, daemonSets: [set(3)] }, 3), undefined);
    });

    it("tells what it lacks", () => {
        assert.equal(missing({ readyNodes: 2, daemonSets: [] }, 3), "2 of 3 nodes are Ready");
        assert.equal(
            missing({ readyNodes: 3, daemonSets: [set(1)] }, 3),
            "1 of 3 pods of DaemonSet aws-node are Ready",
        );
        assert.notEqual(missing({ readyNodes: 3, daemonSets: [set(3, 2)] }, 3), undefined);
    });
});

describe("A program of the control plane", () => {
    let logs = "";
    beforeEach(() => {
        logs = mkdtempSync(join(tmpdir(), "eks-cni-process-"));
    });
    afterEach(() => rmSync(logs, { recursive: true, force: true }));

    const shell = (script: string) => ({ name: "program", executable: "sh", arguments: ["-c", script], logs });

    it("that does not exist is reported", async () => {
        const started = ManagedProcess.start({ ...shell(""), executable: "/nowhere/program" });
        await assert.rejects(
            started.until(() => Promise.resolve(false), 5),
            /^Error: program could not be started: Error: spawn \/nowhere\/program ENOENT\./,
        );
    });

    it("that does not mind SIGTERM is killed", async () => {
        const started = ManagedProcess.start(shell("trap '' TERM; echo deaf; while :; do sleep 0.1; done"));
        await started.until(() => Promise.resolve(readFileSync(started.log, "utf8") === "deaf\n"), 5);
        const before = Date.now();
        await started.stop(0.3);
        assert.ok(Date.now() - before >= 300);
        assert.equal(started.running, false);
    });
});
