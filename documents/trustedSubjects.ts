import { isRecord, list, member, texts } from "./json";
import { matchesWildcards } from "./policyStatements";

/** A service account of one cluster whose tokens a trust policy accepts. */
export interface TrustedSubject {
    /** The cluster's OIDC issuer, without `https://`. */
    readonly issuer: string;
    /** `system:serviceaccount:NAMESPACE:NAME`, possibly with wildcards. Empty if the policy names no subject. */
    readonly subject: string;
}

/** The subjects of a trust policy of any writer. Statements with another principal or a Deny are left out. */
export function trustedSubjects(document: unknown): TrustedSubject[] {
    return list(member(document, "Statement"))
        .filter((statement) => member(statement, "Effect") === "Allow")
        .flatMap((statement) => {
            const named = subjectsOf(member(statement, "Condition"));
            const subjects = named.length === 0 ? [""] : named;
            return texts(member(member(statement, "Principal"), "Federated")).flatMap((provider) =>
                subjects.map((subject) => ({ issuer: provider.replace(/^[^/]*\//, ""), subject })),
            );
        });
}

/** Whether a policy trusts the subject, which may have any issuer. A policy without subjects trusts each of them. */
export function covers(trusted: TrustedSubject, subject: string): boolean {
    return trusted.subject === "" || matchesWildcards(trusted.subject, subject);
}

/** The values of the condition keys `ISSUER:sub`, under any operator. IAM ignores the case of keys. */
function subjectsOf(condition: unknown): string[] {
    const operators = isRecord(condition) ? Object.values(condition) : [];
    return operators.flatMap((keys) =>
        Object.entries(isRecord(keys) ? keys : {}).flatMap(([key, value]) => (/:sub$/i.test(key) ? texts(value) : [])),
    );
}
