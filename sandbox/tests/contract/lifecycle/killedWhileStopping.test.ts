import * as assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../../sandbox";
import { type SandboxState, isAlive, readState } from "../../../supervisorState";
import { allProcesses, describeNightly, processesOf, runCli, small, startCli, stateOf, until } from "./support";

const controllers = ["kube-controller-manager", "kube-scheduler", "kwok"];
const orphans = allProcesses.filter((name) => name !== "supervisor");

/** The step of its stop before which a supervisor is killed, and the processes that outlive it. */
const steps: [step: string, left: string[]][] = [
    ["anything", orphans],
    ["end kube-controller-manager", orphans.filter((name) => name !== "moto")],
    ["end etcd", orphans.filter((name) => name !== "moto" && !controllers.includes(name))],
    ["remove logs", []],
    ["remove state.json", []],
];

/** A sandbox whose supervisor will be killed while it stops. */
async function startDoomed(name: string, step: string): Promise<Sandbox> {
    const former = process.env.NODE_OPTIONS;
    process.env.NODE_OPTIONS = `--require ${join(__dirname, "killWhileStopping.cjs")}`;
    process.env.KILL_BEFORE = step;
    try {
        return await startSandbox(small(name, { newCluster: true }));
    } finally {
        delete process.env.KILL_BEFORE;
        process.env.NODE_OPTIONS = former;
        if (former === undefined) {
            delete process.env.NODE_OPTIONS;
        }
    }
}

function assertNothingLeft({ options }: SandboxState): void {
    assert.ok(!existsSync(options.directory));
    assert.equal(readState(options.name), undefined);
}

describeNightly("A sandbox that is killed while it stops", function () {
    this.timeout(180_000);

    it("is replaced by the next of its name, with nothing left of the first, whatever the step", async () => {
        let former: SandboxState | undefined;
        for (const [step, left] of steps) {
            const { name, directory } = await startDoomed("doomed", step);
            assert.deepEqual(former && processesOf(former), former && [], `what was left before "${step}"`);
            const state = stateOf(name);
            process.kill(state.supervisorPid, "SIGTERM");
            await until(`the supervisor is killed before "${step}"`, () => !isAlive(state), 20);
            const leftAsExpected = () => processesOf(state).join() === left.join();
            await until(`${left.join()} are left before "${step}"`, leftAsExpected, 10);
            assert.ok(existsSync(join(directory, "state.json")), "its folder is still known as a sandbox's");
            former = state;
        }
        assert.deepEqual(readdirSync(former?.options.directory ?? ""), ["state.json"]);
        const last = await startSandbox(small("doomed"));
        const state = stateOf(last.name);
        assert.deepEqual(processesOf(state), allProcesses);
        await last.stop();
        assert.deepEqual(processesOf(state), []);
        assertNothingLeft(state);
    });

    for (const step of ["anything", "end etcd", "remove state.json"]) {
        it(`leaves nothing behind "down", which goes on without it: killed before "${step}"`, async () => {
            const { name } = await startDoomed("down", step);
            const state = stateOf(name);
            const { code, stderr } = await runCli("down", "--name", name);
            assert.deepEqual([code, stderr], [0, ""]);
            assert.deepEqual(processesOf(state), []);
            assertNothingLeft(state);
        });
    }

    it('stops by itself when "down" is killed, and says in its state that it does', async () => {
        const { name } = await startSandbox(small("alone", { newCluster: true }));
        const state = stateOf(name);
        const { child, ended } = startCli(["down", "--name", name]);
        const stopping = () => readState(name)?.phase === "stopping";
        await until("it is stopping", stopping, 20, 1);
        child.kill("SIGKILL");
        await ended;
        await until("all processes are gone", () => processesOf(state).length === 0, 20);
        assertNothingLeft(state);
    });
});
