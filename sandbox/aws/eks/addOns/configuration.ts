import { AwsError } from "../../errors";

/** The configuration values of the add-on vpc-cni, as far as the sandbox has them. */
interface Configuration {
    readonly env?: Readonly<Record<string, string>>;
}

/**
 * Refuses values that the add-on's schema does not allow. Wording: https://github.com/cookpad/terraform-aws-eks/pull/331. The schema has
 * many more values than `env`: the sandbox refuses those as its own gap. EKS takes YAML too, and the sandbox JSON alone.
 */
export function configurationRefusal(text: string): AwsError | undefined {
    if (text === "") {
        return undefined;
    }
    const parsed = parse(text);
    if (!isObject(parsed)) {
        return notSupported(`$: ${kindOf(parsed)} found, object expected`);
    }
    const other = Object.keys(parsed).find((name) => name !== "env");
    if (other !== undefined) {
        return new AwsError("NotImplemented", `This sandbox has no configuration value "${other}" of vpc-cni.`, 501);
    }
    const env = parsed.env ?? {};
    if (!isObject(env)) {
        return notSupported(`$.env: ${kindOf(env)} found, object expected`);
    }
    const [name, value] = Object.entries(env).find(([, each]) => typeof each !== "string") ?? [];
    return name === undefined ? undefined : notSupported(`$.env.${name}: ${kindOf(value)} found, string expected`);
}

/** The environment variables that the values set in the container aws-node. */
export function environmentOf(text: string | undefined): Readonly<Record<string, string>> {
    return text === undefined || text === "" ? {} : ((JSON.parse(text) as Configuration).env ?? {});
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
    return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function notSupported(problem: string): AwsError {
    const message = `ConfigurationValue provided in request is not supported: Json schema validation failed with error: [${problem}]`;
    return new AwsError("InvalidParameterException", message, 400);
}
