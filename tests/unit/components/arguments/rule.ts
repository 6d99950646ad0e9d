import { PROVIDER_ARN } from "../../support/standIn";

/** One rule of an argument, and values just inside and just outside of it. */
export interface Rule {
    /** The argument, such as `serviceAccount.name`. */
    argument: string;
    /** The path that the problem names, if it differs from the argument. */
    path?: string;
    expected: string;
    fix: string;
    /** Whether the rule is checked at once even if values are known late, since it is about a part that must be plain. */
    plain?: boolean;
    /** The other arguments. Default: the provider's ARN. */
    otherArgs?: Record<string, unknown>;
    /** Title and value. */
    accepted: [string, unknown][];
    /** Title, value, and the value as the message shows it. */
    refused: [string, unknown, string][];
}

export interface Row {
    title: string;
    args: Record<string, unknown>;
    /** Whether the problems are found at once, even if all values are known late. */
    plain?: boolean;
    /** Whether it is the first row of its rule. Some tests run only these. */
    sample?: boolean;
    /** In the order of the message. Empty if the arguments are accepted. */
    problems: { propertyPath: string; reason: string }[];
}

/** The arguments that must be plain values, since they decide which resources exist. */
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
    "timeouts.deliverySeconds",
    "iamPropagationSeconds",
    "stableSeconds",
    "maxNotReadyNodes",
    "injectionGuard",
];

export function rowsOf(rule: Rule): Row[] {
    const { argument, path = argument, expected, fix, otherArgs = { oidcProviderArn: PROVIDER_ARN } } = rule;
    return [
        ...rule.accepted.map(([title, value]) => ({
            title: `${argument}: ${title}`,
            args: { ...otherArgs, ...nested(argument, value) },
            problems: [],
        })),
        ...rule.refused.map(([title, value, got], i) => ({
            title: `${argument}: ${title}`,
            args: { ...otherArgs, ...nested(argument, value) },
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
