/** Plays a course on the sandbox, and compares it with the model turn by turn. */
import * as assert from "node:assert";
import type { Fault } from "../../model/faults";
import type { Hooks } from "../engine/engine";
import { NODE_ROLE, type Stage } from "../stage";
import { codeOf } from "./codes";
import type { AgreedTurn, Course } from "./courses";
import { playOnModel } from "./modelRun";
import { sightOfSandbox } from "./sight";

export async function agree(stage: Stage, course: Course): Promise<void> {
    await stage.useStrategy(course.strategy);
    await stage.startsFromHere();
    const expected = await playOnModel(course, stage.props.sizes.nodes);
    const silent = new Set<string>();
    for (const [index, turn] of course.turns.entries()) {
        const { ended, sight } = expected[index] ?? assert.fail();
        const what = `turn ${String(index + 1)}, ${describe(turn)}`;
        for (const fault of turn.faults ?? []) {
            await befallSandbox(stage, fault, silent);
        }
        const befallen = befallTheCanary(stage, turn, silent);
        assert.strictEqual(await operate(stage, turn), ended, `${what}: how it ended`);
        await befallen;
        await settles(stage, what, sight);
    }
    // With OnDelete pods stay of the template that they were born with, and whoever judges waits for the newest.
    await stage.useStrategy("RollingUpdate");
}

/** What befalls the cluster while the operation runs. */
async function befallTheCanary(
    stage: Stage,
    { operation, whenTheCanaryIsBorn: fault }: AgreedTurn,
    silent: Set<string>,
): Promise<void> {
    if (fault === undefined || operation.do !== "up") {
        return;
    }
    const suffix = `:role/${operation.program.roleName}`;
    const isBorn = async () => (await stage.now()).pods.some(({ roleArn }) => roleArn?.endsWith(suffix));
    await stage.until("a pod is born with the role", isBorn);
    await befallSandbox(stage, fault, silent);
}

/** The sandbox comes to rest in what the model says, or the difference is told. */
async function settles(stage: Stage, what: string, expected: object): Promise<void> {
    let seen: object = {};
    const agrees = async () => {
        seen = sightOfSandbox(stage.before, await stage.now());
        return JSON.stringify(seen) === JSON.stringify(expected);
    };
    await stage.until("the same as in the model", agrees, REST_SECONDS).catch(() => undefined);
    assert.deepStrictEqual(seen, expected, what);
}

const REST_SECONDS = 90;

/** How the run ended, in the model's words. */
async function operate(stage: Stage, { operation, killedBefore }: AgreedTurn): Promise<string> {
    if (operation.do === "nothing") {
        return "done";
    }
    const hooks: Hooks = killedBefore ? { killBefore: (_, call) => killedBefore.sandbox.test(call.operation) } : {};
    if (operation.do === "destroy") {
        // It goes by the state.
        return endOf(await stage.run("destroy", stage.arguments(), hooks));
    }
    const { roleName, detachFromNodeRoles } = operation.program;
    const args = stage.arguments({ roleName, detachFromNodeRoles: detachFromNodeRoles && [NODE_ROLE] });
    if (operation.refresh) {
        await stage.succeeds("refresh", args);
    }
    // In the model a role is bad on the nodes alone: it passes the proof.
    const isBad = roleName.startsWith("bad");
    await stage.faults.reachStsFromNodes(!isBad);
    const ended = endOf(await stage.run("up", args, hooks));
    await stage.faults.reachStsFromNodes(true);
    return ended;
}

function endOf({ outcome, output }: { readonly outcome: string; readonly output: string }): string {
    return outcome === "succeeded" ? "done" : outcome === "killed" ? "killed" : codeOf(output);
}

async function befallSandbox(stage: Stage, fault: Fault, silent: Set<string>): Promise<void> {
    const { faults, sandbox } = stage;
    const [node = ""] = [...(await stage.pods()).keys()].sort();
    switch (fault.kind) {
        case "nodeJoins":
            await faults.joinNode();
            return;
        case "nodeLost":
            await faults.loseNode(node);
            return;
        case "nodeNotReady":
            silent.add(node);
            await faults.stopKubelet(node);
            return;
        case "nodesReturn":
            await Promise.all([...silent].map((name) => faults.startKubelet(name)));
            silent.clear();
            return;
        case "podDeleted":
            await stage.deletePodOn(node);
            return;
        case "webhookDown":
            await faults.stopWebhook();
            return;
        case "webhookUp":
            await faults.startWebhook();
            return;
        case "webhookLate":
            await sandbox.webhook.setCacheDelay(fault.milliseconds);
            return;
        case "annotationWiped":
            await stage.annotateServiceAccount({ "eks.amazonaws.com/role-arn": null });
    }
}

function describe({ faults = [], operation, whenTheCanaryIsBorn, killedBefore }: AgreedTurn): string {
    return [
        ...[...faults, ...(whenTheCanaryIsBorn ? [whenTheCanaryIsBorn] : [])].map(({ kind }) => kind),
        operation.do === "up" ? `up ${operation.program.roleName}` : operation.do,
        ...(killedBefore ? [`killed before: ${killedBefore.model}`] : []),
    ].join(", ");
}
