/** Runs a course on the sandbox, and compares it with the model after each turn. */
import * as assert from "node:assert";
import type { Fault } from "../../model/faults";
import { FOREIGN_ROLE, ROLE_ARN } from "../../model/world";
import type { Hooks } from "../engine/engine";
import { NODE_ROLE, type Stage } from "../stage";
import { codeOf } from "./codes";
import { comparedStateOfSandbox } from "./comparedState";
import type { AgreedTurn, Course, KilledBefore } from "./courses";
import { runOnModel } from "./modelRun";

export async function replayAndCompare(stage: Stage, course: Course): Promise<void> {
    await stage.useStrategy(course.strategy);
    await stage.recordStateBefore();
    const expected = await runOnModel(course, stage.props.sizes.nodes);
    const stoppedNodes = new Set<string>();
    for (const [index, turn] of course.turns.entries()) {
        const { ended, state } = expected[index] ?? assert.fail();
        const what = `turn ${String(index + 1)}, ${describe(turn)}`;
        for (const fault of turn.faults ?? []) {
            await injectFault(stage, fault, stoppedNodes);
        }
        const injected = injectFaultAtCanary(stage, turn, stoppedNodes);
        assert.strictEqual(await operate(stage, turn), ended, `${what}: how it ended`);
        await injected;
        await settlesAs(stage, what, state);
    }
    // With OnDelete, pods keep the template that they were created with, but Stage.settled waits for the newest template.
    await stage.useStrategy("RollingUpdate");
}

/** Injects the turn's fault while the operation runs. */
async function injectFaultAtCanary(
    stage: Stage,
    { operation, whenCanaryIsCreated: fault }: AgreedTurn,
    stoppedNodes: Set<string>,
): Promise<void> {
    if (fault === undefined || operation.do !== "up") {
        return;
    }
    const suffix = `:role/${operation.program.roleName}`;
    const isCreated = async () => (await stage.now()).pods.some(({ roleArn }) => roleArn?.endsWith(suffix));
    await stage.until("a pod is created with the role", isCreated);
    await injectFault(stage, fault, stoppedNodes);
}

/** Waits until the sandbox has the model's state, and throws the difference otherwise. */
async function settlesAs(stage: Stage, what: string, expected: object): Promise<void> {
    let seen: object = {};
    const agrees = async () => {
        seen = comparedStateOfSandbox(stage.before, await stage.now());
        return JSON.stringify(seen) === JSON.stringify(expected);
    };
    await stage.until("the same as in the model", agrees, REST_SECONDS).catch(() => undefined);
    assert.deepStrictEqual(seen, expected, what);
}

const REST_SECONDS = 90;

/** How the run ended, as TurnResult names it. */
async function operate(stage: Stage, { operation, killedBefore }: AgreedTurn): Promise<string> {
    if (operation.do === "nothing") {
        return "done";
    }
    const hooks = killedBefore ? { killBefore: isKilledBefore(killedBefore) } : {};
    if (operation.do === "destroy") {
        // The arguments do not matter: destroy uses the stack's state.
        return endOf(await stage.run("destroy", stage.arguments(), hooks));
    }
    const { roleName, detachFromNodeRoles } = operation.program;
    const args = stage.arguments({ roleName, detachFromNodeRoles: detachFromNodeRoles && [NODE_ROLE] });
    if (operation.refresh) {
        await stage.succeeds("refresh", args);
    }
    // In the model, a bad role fails only on the nodes: it passes the proof.
    const isBad = roleName.startsWith("bad");
    await stage.faults.reachStsFromNodes(!isBad);
    const ended = endOf(await stage.run("up", args, hooks));
    await stage.faults.reachStsFromNodes(true);
    return ended;
}

function isKilledBefore({ sandbox, nth = 1 }: KilledBefore): NonNullable<Hooks["killBefore"]> {
    let calls = 0;
    return (_, { operation }) => {
        calls += sandbox.test(operation) ? 1 : 0;
        return calls >= nth;
    };
}

function endOf({ outcome, output }: { readonly outcome: string; readonly output: string }): string {
    return outcome === "succeeded" ? "done" : outcome === "killed" ? "killed" : codeOf(output);
}

async function injectFault(stage: Stage, fault: Fault, stoppedNodes: Set<string>): Promise<void> {
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
            stoppedNodes.add(node);
            await faults.stopKubelet(node);
            return;
        case "nodesReturn":
            await Promise.all([...stoppedNodes].map((name) => faults.startKubelet(name)));
            stoppedNodes.clear();
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
        case "addOnGetsRole":
            await stage.setAddOnRole(`arn:aws:iam::${sandbox.accountId}:role/of-the-add-on`);
            return;
        case "addOnLosesRole":
            await stage.setAddOnRole();
            return;
        case "annotationWiped":
            await stage.annotateServiceAccount({ [ROLE_ARN]: null });
            return;
        case "roleAnnotated":
            await stage.annotateServiceAccount({ [ROLE_ARN]: FOREIGN_ROLE });
            return;
        case "subnetCloses":
        case "subnetsOpen":
        case "imageMissing":
        case "imagesReturn":
            throw new Error(`no course has ${fault.kind}: the scenarios of the rollout play it`);
        case "associationMade":
        case "associationDeleted":
            throw new Error(`no course has ${fault.kind}: the scenario pod-identity-after-guard plays it`);
    }
}

function describe({ faults = [], operation, whenCanaryIsCreated, killedBefore }: AgreedTurn): string {
    return [
        ...[...faults, ...(whenCanaryIsCreated ? [whenCanaryIsCreated] : [])].map(({ kind }) => kind),
        operation.do === "up" ? `up ${operation.program.roleName}` : operation.do,
        ...(killedBefore ? [`killed before: ${killedBefore.model}`] : []),
    ].join(", ");
}
