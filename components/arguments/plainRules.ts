import { Problem } from "./problem";
import { LATE, Settled } from "./settled";

/** What is needed while the component is constructed, because it decides which resources exist and how they are awaited. */
const PLAIN = [
    "ipFamily",
    "delivery",
    "additionalPolicyArns",
    "rollout",
    "rollout.enabled",
    "rollout.timeoutSeconds",
    "liveChecks",
    "proof",
    "timeouts",
    "timeouts.proofSeconds",
    "timeouts.canarySeconds",
    "timeouts.verificationSeconds",
    "timeouts.handBackSeconds",
    "iamPropagationSeconds",
    "stableSeconds",
    "maxNotReadyNodes",
    "injectionGuard",
];

/** TypeScript refuses an Output there; JavaScript does not, and every comparison with it would quietly come out wrong. */
export function plainProblems(args: Settled): Problem[] {
    return PLAIN.filter((path) => at(args, path) === LATE).map((path) => ({
        path,
        expected: "a plain value, since it decides which resources exist or how they are made",
        got: "an Output or a Promise",
        fix: "pass the value itself, for example from pulumi.Config",
    }));
}

function at(args: Settled, path: string): unknown {
    return path.split(".").reduce<unknown>((value, key) => (value as Settled | undefined)?.[key], args);
}
