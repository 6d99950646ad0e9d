import { validateIdentityPolicy, validateTrustPolicy } from "@cloud-copilot/iam-policy";

import { AwsError } from "../errors";

type Statement = Readonly<Record<string, unknown>>;

/** Default quotas: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const quotas = { trustPolicy: 2048, managedPolicy: 6144, inlineOfRole: 10240 };

/**
 * The reason why IAM refuses a trust policy.
 *
 * @param roleArns ARNs of the account's roles: IAM refuses a principal that names any other role of the account.
 */
export function trustPolicyRefusal(text: string, accountId: string, roleArns: readonly string[]): AwsError | undefined {
    const document = parse(text);
    if (!document) {
        return malformed("This policy contains invalid Json");
    }
    const statements = statementsOf(document);
    if (statements.some((statement) => "Resource" in statement || "NotResource" in statement)) {
        return malformed("Has prohibited field Resource");
    }
    if (statements.some((statement) => !("Principal" in statement) && !("NotPrincipal" in statement))) {
        return malformed("Missing required field Principal");
    }
    const common = commonRefusal(document, statements, isGrammatical(document, validateTrustPolicy));
    if (common) {
        return common;
    }
    if (statements.some((statement) => actionsOf(statement).some((action) => !action.startsWith("sts:")))) {
        return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
    }
    for (const statement of statements) {
        const refusal = principalRefusal(statement.Principal, accountId, roleArns);
        if (refusal) {
            return refusal;
        }
    }
    return sizeOf(text) > quotas.trustPolicy
        ? limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${quotas.trustPolicy}`)
        : undefined;
}

/** The reason why IAM refuses a managed policy. */
export function managedPolicyRefusal(text: string): AwsError | undefined {
    return (
        identityPolicyRefusal(text) ??
        (sizeOf(text) > quotas.managedPolicy
            ? limitExceeded(`Cannot exceed quota for PolicySize: ${quotas.managedPolicy}`)
            : undefined)
    );
}

/** The reason why IAM refuses an inline policy of a role. All inline policies of a role share one quota. */
export function inlinePolicyRefusal(text: string, roleName: string, others: readonly string[]): AwsError | undefined {
    const total = [text, ...others].reduce((sum, document) => sum + sizeOf(document), 0);
    return (
        identityPolicyRefusal(text) ??
        (total > quotas.inlineOfRole
            ? limitExceeded(`Maximum policy size of ${quotas.inlineOfRole} bytes exceeded for role ${roleName}`)
            : undefined)
    );
}

function identityPolicyRefusal(text: string): AwsError | undefined {
    const document = parse(text);
    if (!document) {
        return malformed("Syntax errors in policy.");
    }
    const statements = statementsOf(document);
    if (statements.some((statement) => "Principal" in statement || "NotPrincipal" in statement)) {
        return malformed("Policy document should not specify a principal.");
    }
    if (statements.some((statement) => isMissing(statement, "Action"))) {
        return malformed("Policy statement must contain actions.");
    }
    if (statements.some((statement) => isMissing(statement, "Resource"))) {
        return malformed("Policy statement must contain resources.");
    }
    const common = commonRefusal(document, statements, isGrammatical(document, validateIdentityPolicy));
    const resource = statements.flatMap(resourcesOf).find((name) => name !== "*" && !/^arn:[^:]+:[^:]+:/.test(name));
    return common ?? (resource ? malformed(`Resource ${resource} must be in ARN format or "*".`) : undefined);
}

/** Grammar rules of trust and permission policies. moto records AWS's messages for them (moto/iam/policy_validation.py). */
function commonRefusal(
    document: Readonly<Record<string, unknown>>,
    statements: readonly Statement[],
    grammatical: boolean,
): AwsError | undefined {
    const actions = statements.flatMap(actionsOf);
    if (actions.some((action) => action !== "*" && !action.includes(":"))) {
        return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    if (actions.some((action) => action.split(":").length > 2)) {
        return malformed("Actions/Condition can contain only one colon.");
    }
    if (!grammatical || statements.length === 0 || !statements.every(hasKnownOperators)) {
        return malformed("Syntax errors in policy.");
    }
    if (document.Version === undefined || document.Version === "2008-10-17") {
        return malformed("Policy document must be version 2012-10-17 or greater.");
    }
    const sids = statements.map((statement) => statement.Sid).filter((sid) => sid !== undefined && sid !== "");
    return new Set(sids).size < sids.length
        ? malformed("Statement IDs (SID) in a single policy must be unique.")
        : undefined;
}

/** The validators throw on documents that hardly resemble a policy, for instance with a condition of null. */
function isGrammatical(document: unknown, validate: (document: unknown) => readonly unknown[]): boolean {
    try {
        return validate(document).length === 0;
    } catch {
        return false;
    }
}

const operators = new RegExp(
    "^(?:ForA(?:ny|ll)Values:)?(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)" +
        "|(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)" +
        "|Bool|BinaryEquals|(?:Not)?IpAddress|Arn(?:Not)?(?:Equals|Like)|Null)(?:IfExists)?$",
);

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function hasKnownOperators(statement: Statement): boolean {
    const condition = statement.Condition;
    return !isRecord(condition) || Object.keys(condition).every((operator) => operators.test(operator));
}

/** IAM resolves principals when the document is written, and refuses a role of the account that does not exist. */
function principalRefusal(principal: unknown, accountId: string, roleArns: readonly string[]): AwsError | undefined {
    if (principal === "*") {
        return malformed('AssumeRolepolicy contained an invalid principal: "STAR":"*".');
    }
    if (!isRecord(principal)) {
        return undefined;
    }
    const federated = strings(principal.Federated).find((name) => !isFederatedPrincipal(name));
    if (federated !== undefined) {
        return malformed("Federated principals must be valid domain names or SAML metadata ARNs");
    }
    const ownRole = new RegExp(`^arn:[\\w-]+:iam::${accountId}:role/`);
    const unknownRole = strings(principal.AWS).find((name) => ownRole.test(name) && !roleArns.includes(name));
    return unknownRole === undefined ? undefined : malformed(`Invalid principal in policy: "AWS":"${unknownRole}"`);
}

/** Only the form counts: IAM does not check whether the provider exists. */
function isFederatedPrincipal(name: string): boolean {
    return /^arn:[\w-]+:iam::\d{12}:(?:oidc|saml)-provider\/.+$/.test(name) || /^(?:[\w-]+\.)+[a-z]+$/.test(name);
}

/** White space does not count towards the quota (reference_iam-quotas.html). */
function sizeOf(document: string): number {
    return document.replace(/\s/g, "").length;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
    try {
        const document: unknown = JSON.parse(text);
        return isRecord(document) ? document : undefined;
    } catch {
        return undefined;
    }
}

function statementsOf(document: Readonly<Record<string, unknown>>): Statement[] {
    const statement = document.Statement;
    return (Array.isArray(statement) ? statement : [statement]).filter(isRecord);
}

function actionsOf(statement: Statement): string[] {
    return [...strings(statement.Action), ...strings(statement.NotAction)];
}

function resourcesOf(statement: Statement): string[] {
    return [...strings(statement.Resource), ...strings(statement.NotResource)];
}

function isMissing(statement: Statement, element: "Action" | "Resource"): boolean {
    const value = statement[element] ?? statement[`Not${element}`];
    return value === undefined || (Array.isArray(value) && value.length === 0);
}

function strings(value: unknown): string[] {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.filter((item) => typeof item === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(message: string): AwsError {
    return new AwsError("MalformedPolicyDocument", message, 400);
}

function limitExceeded(message: string): AwsError {
    return new AwsError("LimitExceeded", message, 409);
}
