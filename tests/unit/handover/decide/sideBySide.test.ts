import { deepStrictEqual } from "node:assert/strict";
import { sideBySide } from "../../../../handover/decide/sideBySide";
import { refusals } from "../../../../handover/model/refusals";
import type { Step } from "../../../../handover/model/steps";
import { comparableStep, onNodeRole, pod } from "../support/worlds";

const restart = (...names: string[]): Step => ({
    do: "restart",
    pods: names.map((name) => pod(name, onNodeRole)),
    why: `for ${names.join(" and ")}`,
});
const wait = (why: string): Step => ({ do: "wait", why });
const wake: Step = { do: "wake", why: "refused" };
const refuse: Step = { do: "refuse", refusal: refusals.cancelled() };
const refused = { refuse: "cancelled", seen: refusals.cancelled().seen };

describe("Groups of pods that do not wait for each other", () => {
    const rows: [string, Step[], object | undefined][] = [
        ["have no step where none has one", [], undefined],
        [
            "restart together, while others wait",
            [wait("a"), restart("n1"), wake, restart("n2", "n3")],
            { do: "restart", pods: ["pod-n1", "pod-n2", "pod-n3"], why: "for n1; for n2 and n3" },
        ],
        ["restart alone", [restart("n1")], { do: "restart", pods: ["pod-n1"], why: "for n1" }],
        ["do not restart where one of them refuses", [restart("n1"), refuse, wait("a")], refused],
        ["refuse before anything else", [wake, refuse], refused],
        ["do what is no wait before they wait", [wait("a"), wake], { do: "wake", why: "refused" }],
        ["wait with the reason of the only one", [wait("a")], { do: "wait", why: "a" }],
        [
            "wait with the reason of the first, and the number of the others",
            [wait("a"), wait("b"), wait("c")],
            { do: "wait", why: "a; also waiting for 2 more" },
        ],
    ];
    for (const [what, steps, expected] of rows) {
        it(what, () => {
            const step = sideBySide(steps);
            deepStrictEqual(step && comparableStep(step), expected);
        });
    }
});
