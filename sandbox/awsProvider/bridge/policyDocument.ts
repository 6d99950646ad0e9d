import { isMap, Value } from "./values";

/**
 * Whether two IAM policy documents mean the same. The order of statements and of lists does not matter, nor whether a
 * single entry is in a list (github.com/hashicorp/awspolicyequivalence, aws_policy_equivalence.go, which
 * terraform-provider-aws internal/verify/json.go, SuppressEquivalentPolicyDiffs, uses).
 */
export function equivalentPolicies(left: string, right: string): boolean {
    if (isEmptyDocument(left) && isEmptyDocument(right)) {
        return true;
    }
    const ours = parse(left);
    const theirs = parse(right);
    if (!isMap(ours) || !isMap(theirs) || ours["Version"] !== theirs["Version"] || ours["Id"] !== theirs["Id"]) {
        return false;
    }
    const [ourStatements, theirStatements] = [statements(ours), statements(theirs)];
    return (
        ourStatements !== undefined &&
        theirStatements !== undefined &&
        ourStatements.length === theirStatements.length &&
        ourStatements.every((ours) => theirStatements.includes(ours)) &&
        theirStatements.every((theirs) => ourStatements.includes(theirs))
    );
}

/** terraform-plugin-sdk helper/structure/normalize_json.go: keys sorted, no white space. */
export function normalizeJson(text: string): string {
    const value = parse(text);
    return value === undefined ? text : JSON.stringify(sortKeys(value));
}

export function isJson(text: string): boolean {
    return parse(text) !== undefined;
}

function parse(text: string): Value | undefined {
    try {
        return JSON.parse(text) as Value;
    } catch {
        return undefined;
    }
}

function isEmptyDocument(text: string): boolean {
    return text.trim() === "" || text.trim() === "{}";
}

function sortKeys(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(sortKeys);
    }
    if (!isMap(value)) {
        return value;
    }
    const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

/** Each statement as one canonical text: equal texts mean equal statements. */
function statements(document: { [key: string]: Value }): string[] | undefined {
    const list = document["Statement"];
    if (Array.isArray(list)) {
        return list.map(canonicalStatement);
    }
    return isMap(list) ? [canonicalStatement(list)] : undefined;
}

const SETS = ["Action", "NotAction", "Resource", "NotResource"];

function canonicalStatement(statement: Value): string {
    if (!isMap(statement)) {
        return JSON.stringify(statement);
    }
    const canonical: { [key: string]: Value } = {};
    for (const [key, value] of Object.entries(statement)) {
        if (key === "Effect" && typeof value === "string") {
            canonical[key] = value.toLowerCase();
        } else if (SETS.includes(key)) {
            canonical[key] = canonicalSet(value);
        } else if (key === "Condition") {
            canonical[key] = mapValues(value, (keys) => mapValues(keys, canonicalSet));
        } else if (key === "Principal" || key === "NotPrincipal") {
            canonical[key] = canonicalPrincipal(value);
        } else {
            canonical[key] = value;
        }
    }
    return JSON.stringify(sortKeys(canonical));
}

function canonicalSet(value: Value): Value {
    return Array.isArray(value) ? [...value].sort() : [value];
}

/** An account id and the ARN of the account's root user are the same principal. */
function canonicalPrincipal(value: Value): Value {
    const account = (principal: Value): Value =>
        typeof principal === "string" ? principal.replace(/^arn:[^:]+:iam::(\d{12}):root$/, "$1") : principal;
    if (!isMap(value)) {
        return account(value);
    }
    return mapValues(value, (principals) => {
        const list: Value[] = Array.isArray(principals) ? principals : [principals];
        return list.map(account).sort();
    });
}

function mapValues(value: Value, change: (value: Value) => Value): Value {
    return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)])) : value;
}
