import { coerceProperties } from "../bridge/coerce";
import { ValueMap } from "../bridge/values";
import { Context } from "../resources/resourceType";
import { getCallerIdentity, getPartition, getRegion } from "./account";
import { getCluster } from "./eks";
import { ProviderFunction } from "./function";
import { getPolicyDocument } from "./getPolicyDocument";
import { getOpenIdConnectProvider, getRole } from "./iam";

export const FUNCTIONS: readonly ProviderFunction[] = [
    getCallerIdentity,
    getCluster,
    getOpenIdConnectProvider,
    getPartition,
    getPolicyDocument,
    getRegion,
    getRole,
];

const byToken = new Map(FUNCTIONS.map((entry) => [entry.token, entry]));

/** Calls a function after a check of its arguments. An unknown argument is an error, never dropped. */
export function functionOf(token: string): Pick<ProviderFunction, "invoke"> {
    const found = byToken.get(token);
    if (found === undefined) {
        const known = [...byToken.keys()].join(", ");
        throw new Error(
            `the stand-in for the AWS provider does not implement the function "${token}"; it has ${known}`,
        );
    }
    return { invoke: (context: Context, args: ValueMap) => found.invoke(context, checked(found, args)) };
}

function checked({ args: schema, token }: ProviderFunction, args: ValueMap): ValueMap {
    const problems: string[] = [];
    const report = (path: string, reason: string): void => void problems.push(`${path}: ${reason}`);
    const result = coerceProperties(args, schema, "", report);
    for (const [key, property] of Object.entries(schema)) {
        const value = result[key];
        const problem = value === undefined ? undefined : property.validate?.(value);
        if (problem !== undefined) {
            report(key, problem);
        }
        if (value === undefined && property.required === true) {
            report(key, "is required");
        }
    }
    if (problems.length > 0) {
        throw new Error(`${token}: ${problems.join("; ")}`);
    }
    return result;
}
