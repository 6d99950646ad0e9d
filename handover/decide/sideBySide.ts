import type { Step } from "../model/steps";

/** The next step of groups of pods that do not wait for each other: all pods that may restart do so at once. Undefined if none has a step. */
export function sideBySide(steps: readonly Step[]): Step | undefined {
    const refused = steps.find((step) => step.do === "refuse");
    const restarts = steps.filter((step) => step.do === "restart");
    if (refused === undefined && restarts.length > 0) {
        return {
            do: "restart",
            pods: restarts.flatMap(({ pods }) => pods),
            why: restarts.map(({ why }) => why).join("; "),
        };
    }
    return refused ?? steps.find((step) => step.do !== "wait") ?? longWait(steps.filter((step) => step.do === "wait"));
}

function longWait([first, ...others]: readonly Extract<Step, { do: "wait" }>[]): Step | undefined {
    return (
        first &&
        (others.length === 0
            ? first
            : { do: "wait", why: `${first.why}; also waiting for ${String(others.length)} more` })
    );
}
