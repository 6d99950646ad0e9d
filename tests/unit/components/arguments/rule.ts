import { PROVIDER_ARN } from "../../support/standIn";

/** One rule of an argument, and values just inside and just outside of it. */
export interface Rule {
    /** The argument, as `serviceAccount.name`. */
    argument: string;
    /** The path that the problem names, where it is not the argument's own. */
    path?: string;
    expected: string;
    fix: string;
    /** Whether it is about a plain part of the argument, and so holds at once even if the rest is known late. */
    plain?: boolean;
    /** What stands beside the argument. Defaults to the provider's ARN. */
    beside?: Record<string, unknown>;
    /** Title and value. */
    accepted: [string, unknown][];
    /** Title, value, and what the message says was given. */
    refused: [string, unknown, string][];
}

export interface Row {
    title: string;
    args: Record<string, unknown>;
    /** What is wrong, in the order of the message; none if the arguments are accepted. */
    /** Whether the problems show at once, even if all values are known late. */
    plain?: boolean;
    /** The first row of each rule, which stands for the others where one is enough. */
    sample?: boolean;
    problems: { propertyPath: string; reason: string }[];
}

/** The arguments that are plain, because they decide which resources exist: these cannot come late. */
export const PLAIN = [
    "ipFamily",
    "delivery",
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

export function rowsOf(rule: Rule): Row[] {
    const { argument, path = argument, expected, fix, beside = { oidcProviderArn: PROVIDER_ARN } } = rule;
    return [
        ...rule.accepted.map(([title, value]) => ({
            title: `${argument}: ${title}`,
            args: { ...beside, ...nested(argument, value) },
            problems: [],
        })),
        ...rule.refused.map(([title, value, got], i) => ({
            title: `${argument}: ${title}`,
            args: { ...beside, ...nested(argument, value) },
            sample: i === 0,
            plain: rule.plain ?? PLAIN.includes(argument),
            problems: [{ propertyPath: path, reason: `expected ${expected}, got ${got}; ${fix}` }],
        })),
    ];
}

function nested(argument: string, value: unknown): Record<string, unknown> {
    const [first = "", second] = argument.split(".");
    return { [first]: second === undefined ? value : { [second]: value } };
}
