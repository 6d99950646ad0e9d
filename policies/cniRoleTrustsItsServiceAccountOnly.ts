import type { StackValidationPolicy } from "@pulumi/policy";
import { parseClusterArn, parseOidcProviderArn } from "../documents/arn";
import { POD_IDENTITY_SERVICE, REQUEST_TAGS } from "../documents/podIdentity";
import { TOKEN_AUDIENCE } from "../documents/trustPolicy";
import { type Account, accountOf, accountSchema } from "./support/account";
import { cniRolesOf } from "./support/roles";
import { resourcesOf } from "./support/stack";
import { type Condition, conditionsOn, trustOf, type TrustStatement } from "./support/trust";
import { UNKNOWN } from "./support/values";

export const cniRoleTrustsItsServiceAccountOnly: StackValidationPolicy = {
    name: "cni-role-trusts-its-service-account-only",
    displayName: "Only the CNI's service account can assume the CNI role",
    description:
        "Each statement of a CNI role's trust policy names one OIDC provider, and compares the audience sts.amazonaws.com and the " +
        "subject of the service account with StringEquals; or it names EKS Pod Identity, and compares the namespace, the service account and " +
        "the cluster of the pod with StringEquals. A wider trust policy lets other pods change the network.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
    remediationSteps:
        "Write the trust policy as CniServiceAccountRole does, or let CniServiceAccountRole create the role.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const account = accountOf(args.getConfig());
        for (const role of cniRolesOf(stack, account)) {
            const trust = trustOf(role.props["assumeRolePolicy"]);
            const problems = trust === UNKNOWN ? [] : trust.flatMap((s) => problemsOf(s, account));
            for (const problem of new Set(problems)) {
                reportViolation(`The trust policy of the CNI role ${problem}.`, role.urn);
            }
        }
    },
};

function problemsOf(statement: TrustStatement, account: Account): string[] {
    const { principals, conditions } = statement;
    const allPrincipals = Object.entries(principals).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
    if (allPrincipals.length === 1 && principals["Service"]?.[0] === POD_IDENTITY_SERVICE) {
        return podIdentityProblems(conditions, account);
    }
    const [federated, ...more] = principals["Federated"] ?? [];
    const issuer = federated === undefined ? undefined : parseOidcProviderArn(federated)?.issuer;
    const others = allPrincipals.filter(
        (principal) => issuer === undefined || principal !== `Federated ${federated ?? ""}`,
    );
    return [
        ...[...others, ...more.map((name) => `Federated ${name}`)].map(
            (name) => `names the principal ${name} besides the OIDC provider of one cluster: remove it`,
        ),
        ...(issuer === undefined ? [] : conditionProblems(conditions, issuer, account.full)),
    ];
}

function conditionProblems(conditions: readonly Condition[], issuer: string, account: string): string[] {
    const expected = `system:serviceaccount:${account}`;
    return [
        ...valueProblems("audience", conditions, `${issuer}:aud`, TOKEN_AUDIENCE),
        ...valueProblems("subject", conditions, `${issuer}:sub`, expected),
    ];
}

/**
 * EKS passes the tags of the pod with each session. Without these conditions, an association of any service account of any cluster of the account
 * could use the role.
 */
function podIdentityProblems(conditions: readonly Condition[], { namespace, name }: Account): string[] {
    const { clusterArn } = REQUEST_TAGS;
    return [
        ...valueProblems("namespace", conditions, REQUEST_TAGS.namespace, namespace),
        ...valueProblems("service account", conditions, REQUEST_TAGS.serviceAccount, name),
        ...valueProblems(
            "cluster",
            conditions,
            clusterArn,
            "the ARN of the cluster",
            (value) => parseClusterArn(value) !== undefined,
        ),
    ];
}

function valueProblems(
    what: string,
    all: readonly Condition[],
    key: string,
    expected: string,
    isExpected = (value: string) => value === expected,
): string[] {
    const conditions = conditionsOn(key, all);
    if (conditions.length === 0) {
        return [`has no condition on the ${what}: add ${key} = ${expected} under StringEquals`];
    }
    return conditions.flatMap(({ operator, values }) => {
        const wrong = values.filter((value) => !isExpected(value));
        return [
            ...(operator === "StringEquals" ? [] : [`compares the ${what} with ${operator}: use StringEquals`]),
            ...wrong.map((value) => `has the ${what} ${value}: it must be ${expected}`),
            ...(values.length === 0 ? [`has no value for the ${what}: it must be ${expected}`] : []),
        ];
    });
}
