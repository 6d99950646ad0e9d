import { isRecord, list, member, texts } from "./json";
import { type AssociatedAccount, POD_IDENTITY_ACTIONS, POD_IDENTITY_SERVICE, requestTags } from "./podIdentity";
import { isAboutAction, matchesWildcards, readStatements } from "./policyStatements";

/**
 * The answer of a trust policy of any writer to EKS Pod Identity.
 *
 * `depends`: it admits the service under conditions on these keys, whose values belong to the call: `aws:SourceAccount`, for example.
 */
export type TrustOfPodIdentity =
    { readonly admits: "yes" | "no" } | { readonly admits: "depends"; readonly keys: readonly string[] };

/**
 * Whether a role's trust policy admits EKS Pod Identity for the pods of a service account. It must admit the session tags, too.
 *
 * It is not IAM: it reads what is usual in trust policies for the service, and calls everything else a matter of the call.
 *
 * Sources: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function trustOfPodIdentity(document: unknown, account: AssociatedAccount): TrustOfPodIdentity {
    const values = new Map(Object.entries(requestTags(account)).map(([key, value]) => [key.toLowerCase(), value]));
    const each = POD_IDENTITY_ACTIONS.map((action) => trustOf(statementsAbout(document, action), values));
    return (
        each.find(({ admits }) => admits === "no") ??
        each.find(({ admits }) => admits === "depends") ?? { admits: "yes" }
    );
}

interface StatementAbout {
    readonly statement: unknown;
    readonly effect: "Allow" | "Deny";
}

function trustOf(statements: readonly StatementAbout[], values: Values): TrustOfPodIdentity {
    const about = statements.map(({ statement, effect }) => ({
        effect,
        met: conditionMet(member(statement, "Condition"), values),
    }));
    const of = (wanted: "Allow" | "Deny") => about.flatMap(({ effect, met }) => (effect === wanted ? [met] : []));
    const [allows, denies] = [of("Allow"), of("Deny")];
    if (denies.includes("met") || allows.every((met) => met === "unmet")) {
        return { admits: "no" };
    }
    const deciding = allows.includes("met") ? denies : [...denies, ...allows];
    const keys = [...new Set(deciding.flatMap((met) => (typeof met === "string" ? [] : met.keys)))].sort();
    return keys.length === 0 ? { admits: "yes" } : { admits: "depends", keys };
}

/** The statements about a call of EKS Pod Identity. */
function statementsAbout(document: unknown, action: string): StatementAbout[] {
    return list(member(document, "Statement")).flatMap((statement) =>
        readStatements({ Statement: statement })
            .filter((read) => isAboutAction(read, action) && isService(statement))
            .map(({ effect }) => ({ statement, effect })),
    );
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function isService(statement: unknown): boolean {
    const principal = member(statement, "Principal");
    const named = isRecord(principal) ? [...texts(principal["Service"]), ...texts(principal["AWS"])] : texts(principal);
    return named.includes("*") || texts(member(principal, "Service")).includes(POD_IDENTITY_SERVICE);
}

/** By key in lower case, since IAM ignores the case of keys. */
type Values = ReadonlyMap<string, string>;

type Met = "met" | "unmet" | { readonly keys: readonly string[] };

/** All operators and keys of a condition must be met. */
function conditionMet(condition: unknown, values: Values): Met {
    const all = Object.entries(isRecord(condition) ? condition : {}).flatMap(([operator, keys]) =>
        Object.entries(isRecord(keys) ? keys : {}).map(([key, wanted]) => keyMet(operator, key, texts(wanted), values)),
    );
    if (all.includes("unmet")) {
        return "unmet";
    }
    const keys = all.flatMap((met) => (typeof met === "string" ? [] : met.keys));
    return keys.length === 0 ? "met" : { keys };
}

function keyMet(operator: string, key: string, wanted: readonly string[], values: Values): Met {
    const name = key.toLowerCase();
    const seen = values.get(name);
    const depends = { keys: [key] };
    if (seen === undefined && /^(?:aws|sts):/.test(name)) {
        return depends;
    }
    // `ForAnyValue:StringLike`, `StringEqualsIfExists`
    const [, compare = "", ifExists] = /^(?:For(?:Any|All)Values?:)?(.*?)(IfExists)?$/i.exec(operator) ?? [];
    if (compare === "Null") {
        return wanted.includes(String(seen === undefined)) ? "met" : "unmet";
    }
    const [, negation, how = ""] = /^(?:String|Arn)(Not)?(Equals|Like|EqualsIgnoreCase)$/.exec(compare) ?? [];
    if (seen === undefined) {
        // A claim of a web identity, which the call does not have.
        return negation !== undefined || ifExists !== undefined ? "met" : "unmet";
    }
    if (how === "" || wanted.some((value) => value.includes("${"))) {
        return depends;
    }
    const matches = wanted.some((pattern) => isMatch(how, pattern, seen));
    return matches === (negation === undefined) ? "met" : "unmet";
}

function isMatch(how: string, pattern: string, value: string): boolean {
    switch (how) {
        case "Like":
            return matchesWildcards(pattern, value);
        case "EqualsIgnoreCase":
            return pattern.toLowerCase() === value.toLowerCase();
        default:
            return pattern === value;
    }
}
