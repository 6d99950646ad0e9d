import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../../sandbox";
import { endSandbox } from "../../../supervisorLaunch";
import { markerVariable, prepareDirectory, readState } from "../../../supervisorState";
import { processStart } from "../../../tools/lock";
import { ask } from "../../../tools/run";
import { allProcesses, processesOf, runCli, small, stateOf, tools, until } from "./support";

/** Whether the API server of a sandbox answers its kubectl. */
async function answers({ environment }: Sandbox): Promise<boolean> {
    const kubectl = join(
        environment.PATH?.split(":").find((folder) => existsSync(join(folder, "kubectl"))) ?? "",
        "kubectl",
    );
    const output = await ask(kubectl, ["--kubeconfig", environment.KUBECONFIG ?? "", "get", "--raw", "/readyz"]);
    return output === "ok";
}

describe("Sandboxes", function () {
    this.timeout(180_000);
    let scratch = "";
    before(() => {
        scratch = mkdtempSync(join(tmpdir(), "eks-cni-lifecycle-"));
    });
    after(() => rmSync(scratch, { recursive: true, force: true }));

    it("keep their name while they run: a second one of that name is refused, with the command that ends the first", async () => {
        const sandbox = await startSandbox(small("name"));
        try {
            await assert.rejects(startSandbox(small("name")), (error: Error) => {
                assert.match(
                    error.message,
                    new RegExp(`^A sandbox named "${sandbox.name}" is already running \\(process \\d+\\)`),
                );
                return error.message.endsWith(`npm run sandbox -- down --name ${sandbox.name}`);
            });
            const elsewhere = small("elsewhere", { directory: sandbox.directory });
            await assert.rejects(
                startSandbox(elsewhere),
                /is in use by the sandbox "name-\d+". Choose another folder\./,
            );
            assert.ok(await answers(sandbox), "the first still runs");
        } finally {
            await sandbox.stop();
        }
    });

    it("whose supervisor was killed are replaced by the next of their name, with nothing left of the first", async () => {
        const first = await startSandbox(small("killed"));
        const state = stateOf(first.name);
        process.kill(state.supervisorPid, "SIGKILL");
        await until("the supervisor is gone", () => processStart(state.supervisorPid) === undefined, 5);
        assert.deepEqual(
            processesOf(state),
            allProcesses.filter((name) => name !== "supervisor"),
            "its children live on, which is what has to be cleaned up",
        );
        const { stdout } = await runCli("status");
        assert.match(
            stdout,
            new RegExp(`^${first.name}: killed .*; clean up with: .* down --name ${first.name}$`, "m"),
        );
        const second = await startSandbox(small("killed"));
        assert.deepEqual(processesOf(state), []);
        assert.deepEqual(processesOf(stateOf(second.name)), allProcesses);
        assert.ok(await answers(second));
        await second.stop();
    });

    it("end with the process that owns them", async () => {
        const owner = spawn("sleep", ["600"]);
        const sandbox = await startSandbox(small("owned", { ownerPid: owner.pid ?? 0 }));
        const state = stateOf(sandbox.name);
        owner.kill("SIGKILL");
        await until("all processes are gone", () => processesOf(state).length === 0, 15);
        assert.ok(!existsSync(sandbox.directory));
        assert.equal(readState(sandbox.name), undefined);
    });

    it("never end a process of another owner, even one with a similar mark", async () => {
        const sandbox = await startSandbox(small("mark"));
        const state = stateOf(sandbox.name);
        const similar = spawn("sleep", ["60"], { env: { [markerVariable]: `${sandbox.name}:${state.options.id}0` } });
        // As if the supervisor's process id belonged to another process by now.
        const stranger = spawn("sleep", ["60"], { env: {} });
        process.kill(state.supervisorPid, "SIGKILL");
        await endSandbox({
            ...state,
            supervisorPid: stranger.pid ?? 0,
            supervisorStart: processStart(stranger.pid ?? 0) ?? "",
        });
        assert.deepEqual(processesOf(state), []);
        assert.equal(similar.exitCode ?? similar.signalCode, null);
        assert.equal(stranger.exitCode ?? stranger.signalCode, null);
        similar.kill();
        stranger.kill();
    });

    it("refuse a folder that holds something else, and leave it as it is", async () => {
        const directory = mkdtempSync(join(scratch, "mine-"));
        writeFileSync(join(directory, "thesis.txt"), "years of work");
        await assert.rejects(startSandbox(small("folder", { directory })), {
            message: `${directory} is not empty, and its content is not a sandbox's. Choose another folder.`,
        });
        assert.deepEqual(readdirSync(directory), ["thesis.txt"]);
        assert.equal(readState(small("folder").name), undefined);
    });

    it("that do not start say why, keep their logs, and leave no process", async () => {
        const broken = join(scratch, "kwok");
        writeFileSync(broken, "#!/bin/sh\necho 'kwok: no such stage'\nexit 4\n", { mode: 0o755 });
        const options = small("broken", { tools: { ...(await tools()), kwok: broken } });
        let state = undefined as ReturnType<typeof readState>;
        const watch = setInterval(() => (state ??= readState(options.name)), 20);
        const failure = await startSandbox(options).then(
            () => assert.fail("it started"),
            (error: unknown) => error as Error,
        );
        clearInterval(watch);
        assert.match(failure.message, /^The sandbox did not start\. kwok ended \(4\) before the nodes were ready\./);
        assert.match(failure.message, /\n {4}kwok: no such stage\nLog: /);
        const log = /^Log: (.*)$/m.exec(failure.message)?.[1] ?? "";
        assert.equal(readFileSync(log, "utf8"), "kwok: no such stage\n");
        assert.ok(existsSync(join(log, "..", "kube-apiserver.log")));
        assert.deepEqual(processesOf(state ?? assert.fail()), []);
        assert.equal(readState(options.name), undefined);
        prepareDirectory(join(log, "..", ".."));
        assert.ok(!existsSync(log), "the next sandbox of that name may have the folder");
    });

    it("have an environment that leads to nothing of the user's own", async () => {
        process.env.AWS_PROFILE = "production";
        const sandbox = await startSandbox(small("environment"));
        try {
            const { environment } = sandbox;
            assert.equal(environment.AWS_PROFILE, undefined);
            assert.equal(environment.HOME, process.env.HOME);
            for (const name of ["KUBECONFIG", "PULUMI_HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) {
                assert.ok(environment[name]?.startsWith(`${sandbox.directory}/`), name);
            }
            assert.equal(environment.PULUMI_BACKEND_URL, `file://${sandbox.directory}/pulumi-state`);
            assert.equal(environment.AWS_ENDPOINT_URL, sandbox.awsEndpoint);
        } finally {
            delete process.env.AWS_PROFILE;
            await sandbox.stop();
        }
    });
});
