import { isMap, Value } from "./values";

/**
 * Whether two IAM policy documents mean the same. The order of statements and of lists does not matter, nor whether a
 * single entry is in a list (awspolicyequivalence aws_policy_equivalence.go, PoliciesAreEquivalent, which
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

/** terraform-plugin-sdk helper/structure/normalize_json.go, NormalizeJsonString: keys sorted, no white space. */
export function normalizeJson(text: string): string {
    const value = parse(text);
    return value === undefined ? text : JSON.stringify(sortKeys(value));
}

/** terraform-provider-aws internal/verify/validate.go, ValidIAMPolicyJSON; undefined for a valid document. */
export function policyProblem(text: string): string | undefined {
    if (text === "") {
        return "is an empty string, which is not a valid JSON value";
    }
    const problem = text.startsWith("{") ? syntaxProblem(text) : notAnObject(text);
    return problem && `contains an invalid JSON policy: ${problem}`;
}

/** The words for a syntax error are JavaScript's, and not Go's. */
function syntaxProblem(text: string): string | undefined {
    try {
        JSON.parse(text);
        return undefined;
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
}

function notAnObject(text: string): string {
    if (/^\s/.test(text)) {
        return "leading space characters are not allowed";
    }
    if (text.startsWith("[")) {
        return "contains a JSON array, not a JSON object";
    }
    return text.startsWith('"')
        ? `contains a JSON-encoded string, not a JSON-encoded object${hintOn(parse(text))}`
        : "not a JSON object";
}

function hintOn(content: Value | undefined): string {
    if (typeof content !== "string") {
        return "";
    }
    if (content.endsWith(".json")) {
        return " (have you passed a JSON-encoded filename instead of the content of that file?)";
    }
    return parse(content) === undefined ? "" : " (have you double-encoded your JSON data?)";
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
