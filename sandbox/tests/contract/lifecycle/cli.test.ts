import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readState } from "../../../supervisorState";
import { allProcesses, processesOf, runCli, startCli, until } from "./support";

const name = `cli-${process.pid}`;
const quick = ["--nodes", "1", "--pod-ready-seconds", "0.2"];

interface StatusRow {
    name: string;
    phase: string;
    processes: { name: string }[];
}

async function statusOf(): Promise<StatusRow | undefined> {
    const { stdout } = await runCli("status", "--json");
    return (JSON.parse(stdout) as StatusRow[]).find((row) => row.name === name);
}

describe("The sandbox's command line", function () {
    this.timeout(180_000);
    afterEach(() => runCli("down", "--name", name));

    it("brings a sandbox up, tells its state, prints what a shell needs, and takes it down", async () => {
        const up = await runCli("up", "--name", name, ...quick);
        assert.equal(up.code, 0, up.stderr);
        assert.match(up.stdout, new RegExp(`^Sandbox "${name}" is ready after \\d+\\.\\d s\\.\n`));
        assert.ok(up.stdout.includes(`eval "$(npm run -s sandbox -- env --name ${name})"`));

        const row = await statusOf();
        assert.equal(row?.phase, "ready");
        assert.deepEqual(row.processes.map((process) => process.name).sort(), allProcesses);

        const env = await runCli("env", "--name", name);
        const script = `${env.stdout}\nkubectl get nodes -o name && pulumi whoami --non-interactive && echo "<$AWS_PROFILE>"`;
        const shell = spawnSync("sh", ["-c", script], {
            encoding: "utf8",
            env: { ...process.env, AWS_PROFILE: "mine" },
        });
        assert.match(shell.stdout, /^node\/ip-10-0-16-\d+\.us-west-2\.compute\.internal\n\S+\n<>\n$/, shell.stderr);

        const down = await runCli("down", "--name", name);
        assert.equal(down.stdout, `Ended sandbox "${name}" (${allProcesses.length} processes)\n`);
        assert.equal(await statusOf(), undefined);
    });

    it("prints everything as JSON, and nothing else on standard output", async () => {
        const up = await runCli("up", "--name", name, ...quick, "--json", "--ip-family", "ipv6");
        const facts = JSON.parse(up.stdout) as { name: string; environment: Record<string, string>; issuer: string };
        assert.equal(facts.name, name);
        assert.match(facts.issuer, /^https:\/\/oidc\.eks\.us-west-2\.amazonaws\.com\/id\/\w+$/);
        assert.ok(!("HOME" in facts.environment), "the user's own environment is not shown");
        const again = await runCli("up", "--name", name, ...quick);
        assert.equal(again.code, 1);
        assert.match(again.stderr, /is already running/);
    });

    it("leaves nothing when it is killed while a sandbox starts", async () => {
        const { child, ended } = startCli(["up", "--name", name, ...quick], (text) => {
            if (text.includes("Starting the API server")) {
                child.kill("SIGKILL");
            }
        });
        let state = readState(name);
        const watch = setInterval(() => (state ??= readState(name)), 10);
        await ended;
        clearInterval(watch);
        const started = state ?? assert.fail("there was never a state");
        await until("all processes are gone", () => processesOf(started).length === 0, 20);
        assert.ok(!existsSync(started.options.directory));
        assert.equal(readState(name), undefined);
    });

    it("says what is wrong with an argument, and starts nothing", async () => {
        const rows: [string[], RegExp][] = [
            [["--nodes", "0"], /'--nodes <count>' argument '0' is invalid\. It must be a whole number from 1 to 200\./],
            [["--nodes", "many"], /It must be a number, 0 or more\./],
            [["--ip-family", "ipx"], /Allowed choices are ipv4, ipv6\./],
            [["--pod-ready-seconds", "-1"], /It must be a number, 0 or more\./],
            [["--name", "../etc"], /"\.\.\/etc" is not a valid name for a sandbox/],
        ];
        for (const [args, message] of rows) {
            const { code, stderr } = await runCli("up", "--name", name, ...args);
            assert.equal(code, 1, args.join(" "));
            assert.match(stderr, message);
        }
        assert.equal(readState(name), undefined);
    });

    it("has nothing to do when there is nothing to take down, and no environment of what does not run", async () => {
        const down = await runCli("down", "--name", name);
        assert.deepEqual([down.code, down.stdout], [0, `No sandbox named "${name}" runs.\n`]);
        const env = await runCli("env", "--name", name);
        assert.deepEqual(
            [env.code, env.stdout, env.stderr],
            [1, "", `No sandbox named "${name}" is ready. List the sandboxes: npm run sandbox -- status\n`],
        );
    });
});
