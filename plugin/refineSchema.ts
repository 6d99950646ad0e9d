/** A schema as JSON: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** These are secrets in the state of every program, even if the program passes plain values. */
const SECRET_ARGUMENTS = ["kubeconfig"];

/**
 * Adds what the SDK's analyzer cannot derive from TypeScript types, so that the SDKs of other languages are idiomatic.
 *
 * - TypeScript has only one number type. Every number here is an integer, and the component rejects fractions.
 * - The SDK generators append `Args` to the names of argument types, so the schema's names must not end with it.
 * - No TypeScript type marks an argument as a secret.
 */
export function refinedSchema(schema: string): string {
    const whole = schema
        .replaceAll(/"type":\s*"number"/g, '"type":"integer"')
        .replaceAll(/(eks-cni:index:\w+)Args"/g, '$1"');
    return JSON.stringify(JSON.parse(whole, withSecrets));
}

function withSecrets(name: string, value: Json): Json {
    return SECRET_ARGUMENTS.includes(name) && typeof value === "object" && value !== null && !Array.isArray(value)
        ? { ...value, secret: true }
        : value;
}
