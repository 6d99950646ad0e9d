import { canonicalJson, list, member } from "./json";
import { matchesWildcards, type ReadStatement, readStatements } from "./policyStatements";

/**
 * The actions that a policy document grants and its successor does not, or not on the same resources. Empty if nothing is lost.
 *
 * It compares patterns as they are written, so it may name an action that several patterns grant together, but misses none.
 */
export function lostGrants(before: unknown, after: unknown): string[] {
    const now = readStatements(after);
    const lost = changedStatements(before, after)
        .filter(({ effect }) => effect === "Allow")
        .flatMap(({ actions, resources, exceptActions, exceptResources }) =>
            actions.filter(
                (action) =>
                    // A statement with an exception grants more than it names.
                    exceptActions ||
                    exceptResources ||
                    !resources.every((resource) => now.some((one) => grants(one, action, resource))),
            ),
        );
    const denied = changedStatements(after, before).filter(({ effect }) => effect === "Deny");
    return [...new Set([...lost, ...denied.flatMap(({ actions }) => actions)])];
}

/** The statements of a document that the other one does not have. */
function changedStatements(document: unknown, other: unknown): ReadStatement[] {
    const kept = new Set(list(member(other, "Statement")).map(canonicalJson));
    const changed = list(member(document, "Statement")).filter((statement) => !kept.has(canonicalJson(statement)));
    return readStatements({ Statement: changed });
}

/** Only a statement without conditions and exceptions grants for certain. */
function grants(statement: ReadStatement, action: string, resource: string): boolean {
    const { effect, exceptActions, exceptResources, conditionKeys, actions, resources } = statement;
    return (
        effect === "Allow" &&
        !exceptActions &&
        !exceptResources &&
        conditionKeys.length === 0 &&
        actions.some((pattern) => matchesWildcards(pattern.toLowerCase(), action.toLowerCase())) &&
        resources.some((pattern) => matchesWildcards(pattern, resource))
    );
}
