/** The transitions and the refusals that the product has: a report names those that no run has reached. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../../handover/model/steps";

type Taken = Exclude<Step["do"], "refuse">;

const ROLLOUT: readonly Taken[] = [
    "wait",
    "attach",
    "annotate",
    "admitRoles",
    "restart",
    "forceRestart",
    "wake",
    // A rollout that is taken back: handover/decide/takeBack.ts.
    "removeInjectionGuard",
    "done",
];
const VERIFICATION: readonly Taken[] = [
    "wait",
    "attach",
    "awaitPropagation",
    "annotate",
    "admitRoles",
    "createInjectionGuard",
    "restart",
    "forceRestart",
    "wake",
    "removeWakeMark",
    "removeInjectionGuard",
    "releaseServiceAccount",
    "detach",
    "done",
];

/** By operation of each live check, as its decisions in handover/decide/ have them. */
export const STEPS: Readonly<Record<string, readonly Taken[]>> = {
    "credentialGuard.create": ["wait", "admitRoles", "done"],
    "credentialGuard.update": ["wait", "attach", "awaitPropagation", "admitRoles", "done"],
    "credentialGuard.read": ["done"],
    "credentialGuard.delete": [
        "wait",
        "attach",
        "awaitPropagation",
        "removeInjectionGuard",
        "releaseServiceAccount",
        "annotate",
        "restart",
        "forceRestart",
        "wake",
        "removeWakeMark",
        "releaseTemplate",
        "done",
    ],
    "canary.create": ROLLOUT,
    "canary.update": ROLLOUT,
    "canary.read": ["done"],
    "canary.delete": ["done"],
    "detachment.create": VERIFICATION,
    "detachment.update": VERIFICATION,
    "detachment.read": ["done"],
    "detachment.delete": ["annotate", "done"],
};

export const TRANSITIONS: readonly string[] = Object.entries(STEPS).flatMap(([of, steps]) =>
    steps.map((step) => `${of}: ${step}`),
);

const HANDOVER = join(__dirname, "../../handover");

/** Every code with which the live part refuses, from its sources. */
export function refusalCodes(): string[] {
    const texts = readdirSync(HANDOVER, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(join(HANDOVER, file), "utf8"));
    const all = texts.join("\n");
    const refused = [...all.matchAll(/new (?:Answered)?Refusal\(\s*"([a-z0-9-]+)"/g)].map(([, code = ""]) => code);
    const union = /export type ProofFailure =([^;]*);/.exec(all)?.[1] ?? "";
    const ofProof = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code = ""]) => code);
    return [...new Set([...refused, ...ofProof])].sort();
}
