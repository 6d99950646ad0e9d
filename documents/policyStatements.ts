import { isRecord, list, member, texts } from "./json";

/**
 * A statement of any IAM policy, reduced to what decides which actions it grants.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export interface ReadStatement {
    readonly effect: "Allow" | "Deny";
    readonly actions: readonly string[];
    /** NotAction: the statement applies to every action except these. */
    readonly exceptActions: boolean;
    readonly resources: readonly string[];
    /** NotResource: the statement applies to every resource except these. */
    readonly exceptResources: boolean;
    /** Condition keys in lower case, since IAM ignores their case. */
    readonly conditionKeys: readonly string[];
}

/** The statements of a parsed policy document. Invalid ones, which IAM would have rejected, are left out. */
export function readStatements(document: unknown): ReadStatement[] {
    return list(member(document, "Statement")).flatMap(readStatement);
}

function readStatement(statement: unknown): ReadStatement[] {
    const effect = member(statement, "Effect");
    if (effect !== "Allow" && effect !== "Deny") {
        return [];
    }
    const [notActions, notResources] = [member(statement, "NotAction"), member(statement, "NotResource")];
    const condition = member(statement, "Condition");
    return [
        {
            effect,
            actions: texts(notActions ?? member(statement, "Action")),
            exceptActions: notActions !== undefined,
            resources: texts(notResources ?? member(statement, "Resource")),
            exceptResources: notResources !== undefined,
            conditionKeys: isRecord(condition)
                ? Object.values(condition).flatMap((keys) => Object.keys(isRecord(keys) ? keys : {}).map(lower))
                : [],
        },
    ];
}

/** Whether the statement applies to the action, on any resource. IAM ignores the case of actions. */
export function isAboutAction({ actions, exceptActions }: ReadStatement, action: string): boolean {
    return actions.some((pattern) => matchesWildcards(lower(pattern), lower(action))) !== exceptActions;
}

/**
 * Whether a pattern with IAM's wildcards matches a whole text: `*` matches any characters, including colons and slashes, and `?`
 * exactly one.
 *
 * It uses no regular expression, which would take very long for a pattern with many `*`.
 */
export function matchesWildcards(pattern: string, text: string): boolean {
    let [p, t] = [0, 0];
    let star: { readonly after: number; taken: number } | undefined;
    while (t < text.length) {
        if (pattern[p] === "*") {
            p += 1;
            star = { after: p, taken: t };
        } else if (pattern[p] === "?" || pattern[p] === text[t]) {
            p += 1;
            t += 1;
        } else if (star !== undefined) {
            star.taken += 1;
            [p, t] = [star.after, star.taken];
        } else {
            return false;
        }
    }
    return /^\**$/.test(pattern.slice(p));
}

function lower(text: string): string {
    return text.toLowerCase();
}
