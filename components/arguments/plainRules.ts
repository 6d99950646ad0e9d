import { KnownArgs, NOT_YET_KNOWN } from "./knownArgs";
import { Problem } from "./problem";

/** The component reads these while it is constructed: they decide which resources exist and how the engine waits for them. */
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
    "timeouts.deliverySeconds",
    "iamPropagationSeconds",
    "stableSeconds",
    "maxNotReadyNodes",
    "injectionGuard",
];

/** TypeScript rejects an Output here. JavaScript does not, and every comparison with it would silently be wrong. */
export function plainProblems(args: KnownArgs): Problem[] {
    return PLAIN.filter((path) => at(args, path) === NOT_YET_KNOWN).map((path) => ({
        path,
        expected: "a plain value (it decides which resources exist or how they are made)",
        got: "an Output or a Promise",
        fix: "pass the value itself, for example from pulumi.Config",
    }));
}

function at(args: KnownArgs, path: string): unknown {
    return path.split(".").reduce<unknown>((value, key) => (value as KnownArgs | undefined)?.[key], args);
}
