import { Value } from "./values";

type Validate = (value: Value) => string | undefined;

export function all(...validators: Validate[]): Validate {
    return (value) => validators.map((validate) => validate(value)).find((problem) => problem !== undefined);
}

/** terraform-plugin-sdk helper/validation/strings.go. */
export function length(minimum: number, maximum: number): Validate {
    return (value) =>
        typeof value === "string" && (value.length < minimum || value.length > maximum)
            ? `expected length to be in the range (${minimum} - ${maximum}), got ${value}`
            : undefined;
}

export function matches(pattern: RegExp, problem: string): Validate {
    return (value) => (typeof value === "string" && !pattern.test(value) ? problem : undefined);
}

/** terraform-plugin-sdk helper/validation/int.go. */
export function between(minimum: number, maximum: number): Validate {
    return (value) =>
        typeof value === "number" && (value < minimum || value > maximum)
            ? `expected to be in the range (${minimum} - ${maximum}), got ${value}`
            : undefined;
}

export function oneOf(...allowed: string[]): Validate {
    return (value) =>
        typeof value === "string" && !allowed.includes(value)
            ? `expected one of ${allowed.map((item) => JSON.stringify(item)).join(", ")}, got ${value}`
            : undefined;
}

/** terraform-provider-aws internal/verify/validate.go, ValidARN. */
export const arn = matches(
    /^arn:[\w-]+:([a-zA-Z0-9\-.])+:([a-z]{2}(-[a-z]+)+-\d{1,2})?:(\d{12}|aws|aws-managed|third-party|aws-marketplace)?:(.*)$/,
    "is an invalid ARN: arn: invalid prefix or sections",
);

/** terraform-provider-aws internal/service/iam/validate.go, validResourceName. */
export function iamName(maximum: number): Validate {
    return all(length(1, maximum), matches(/^[\w+=,.@-]*$/, "must match [\\w+=,.@-]"));
}
