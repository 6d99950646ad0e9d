import { isRecord, list, member, texts } from "./json";
import { type AssociatedAccount, POD_IDENTITY_ACTIONS, POD_IDENTITY_SERVICE, requestTags } from "./podIdentity";
import { isAboutAction, matchesWildcards, readStatements } from "./policyStatements";

/** The claims of a web identity token that a trust policy can name. */
export interface TokenClaims {
    /** Without `https://`. */
    readonly issuer: string;
    readonly subject: string;
    readonly audiences: readonly string[];
}

/**
 * The answer of a trust policy of any writer to a token.
 *
 * `depends`: it admits the token under conditions on these keys, whose values belong to the call and not to the token: `aws:SourceVpc` and
 * `aws:SourceIp`, for example, differ between a node and the machine that runs Pulumi.
 */
export type TrustOfToken =
    { readonly admits: "yes" | "no" } | { readonly admits: "depends"; readonly keys: readonly string[] };

/**
 * Whether a role's trust policy admits a token of a service account.
 *
 * It is not IAM: it reads what is usual in trust policies for OIDC providers, and calls everything else a matter of the call.
 *
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 *
 * @param providerArn The ARN of the OIDC provider of the token's issuer.
 */
export function trustOfToken(document: unknown, claims: TokenClaims, providerArn: string): TrustOfToken {
    return trustOf(statementsAbout(document, providerArn), valuesOf(claims, providerArn));
}

/**
 * Whether a role's trust policy admits EKS Pod Identity for the pods of a service account. It must admit the session tags, too.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export function trustOfPodIdentity(document: unknown, account: AssociatedAccount): TrustOfToken {
    const values = new Map(Object.entries(requestTags(account)).map(([key, value]) => [key.toLowerCase(), [value]]));
    const each = POD_IDENTITY_ACTIONS.map((action) => trustOf(statementsForService(document, action), values));
    return (
        each.find(({ admits }) => admits === "no") ??
        each.find(({ admits }) => admits === "depends") ?? { admits: "yes" }
    );
}

interface StatementAbout {
    readonly statement: unknown;
    readonly effect: "Allow" | "Deny";
}

function trustOf(statements: readonly StatementAbout[], values: Values): TrustOfToken {
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

/** The statements about a call of the token: for its action, and for its provider as the principal. */
function statementsAbout(document: unknown, providerArn: string) {
    return list(member(document, "Statement")).flatMap((statement) =>
        readStatements({ Statement: statement })
            .filter(
                (read) => isAboutAction(read, "sts:AssumeRoleWithWebIdentity") && isPrincipal(statement, providerArn),
            )
            .map(({ effect }) => ({ statement, effect })),
    );
}

/** The statements about a call of EKS Pod Identity. */
function statementsForService(document: unknown, action: string): StatementAbout[] {
    return list(member(document, "Statement")).flatMap((statement) =>
        readStatements({ Statement: statement })
            .filter((read) => isAboutAction(read, action) && isService(statement))
            .map(({ effect }) => ({ statement, effect })),
    );
}

function isService(statement: unknown): boolean {
    const principal = member(statement, "Principal");
    const named = isRecord(principal) ? [...texts(principal["Service"]), ...texts(principal["AWS"])] : texts(principal);
    return named.includes("*") || texts(member(principal, "Service")).includes(POD_IDENTITY_SERVICE);
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function isPrincipal(statement: unknown, providerArn: string): boolean {
    const principal = member(statement, "Principal");
    const named = isRecord(principal)
        ? [...texts(principal["Federated"]), ...texts(principal["AWS"])]
        : texts(principal);
    return named.includes("*") || texts(member(principal, "Federated")).includes(providerArn);
}

/** By key in lower case, since IAM ignores the case of keys. */
type Values = ReadonlyMap<string, readonly string[]>;

function valuesOf({ issuer, subject, audiences }: TokenClaims, providerArn: string): Values {
    return new Map([
        [`${issuer}:sub`.toLowerCase(), [subject]],
        [`${issuer}:aud`.toLowerCase(), audiences],
        ["aws:federatedprovider", [providerArn]],
    ]);
}

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
        // A claim that the token does not have, or another issuer's.
        return negation !== undefined || ifExists !== undefined ? "met" : "unmet";
    }
    if (how === "" || wanted.some((value) => value.includes("${"))) {
        return depends;
    }
    const matches = seen.some((value) => wanted.some((pattern) => isMatch(how, pattern, value)));
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
