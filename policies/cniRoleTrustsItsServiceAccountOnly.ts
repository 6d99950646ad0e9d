import type { StackValidationPolicy } from "@pulumi/policy";
import { parseOidcProviderArn } from "../documents/arn";
import { TOKEN_AUDIENCE } from "../documents/trustPolicy";
import { accountOf, accountSchema } from "./support/account";
import { cniRolesOf } from "./support/roles";
import { resourcesOf } from "./support/stack";
import { type Condition, POD_IDENTITY_SERVICE, trustOf, type TrustStatement } from "./support/trust";
import { UNKNOWN } from "./support/values";

export const cniRoleTrustsItsServiceAccountOnly: StackValidationPolicy = {
    name: "cni-role-trusts-its-service-account-only",
    displayName: "Only the CNI's service account can assume the CNI role",
    description:
        "Each statement of a CNI role's trust policy names one OIDC provider, and compares the audience sts.amazonaws.com and the " +
        "subject of the service account with StringEquals; or it names EKS Pod Identity. A wider trust policy lets other pods " +
        "change the network.",
    enforcementLevel: "mandatory",
    url: "https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
    remediationSteps:
        "Write the trust policy as CniServiceAccountRole does, or let CniServiceAccountRole create the role.",
    configSchema: accountSchema,
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        const account = accountOf(args.getConfig());
        for (const role of cniRolesOf(stack, account.full)) {
            const trust = trustOf(role.props["assumeRolePolicy"]);
            const problems = trust === UNKNOWN ? [] : trust.flatMap((s) => problemsOf(s, account.full));
            for (const problem of new Set(problems)) {
                reportViolation(`The trust policy of the CNI role ${problem}.`, role.urn);
            }
        }
    },
};

function problemsOf(statement: TrustStatement, account: string): string[] {
    const { principals } = statement;
    const allPrincipals = Object.entries(principals).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`));
    if (allPrincipals.length === 1 && principals["Service"]?.[0] === POD_IDENTITY_SERVICE) {
        return [];
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
        ...(issuer === undefined ? [] : conditionProblems(statement.conditions, issuer, account)),
    ];
}

function conditionProblems(conditions: readonly Condition[], issuer: string, account: string): string[] {
    const expected = `system:serviceaccount:${account}`;
    const about = (suffix: string) =>
        conditions.filter(({ key }) => key.toLowerCase() === `${issuer}:${suffix}`.toLowerCase());
    return [
        ...valueProblems("audience", about("aud"), `${issuer}:aud`, TOKEN_AUDIENCE),
        ...valueProblems("subject", about("sub"), `${issuer}:sub`, expected),
    ];
}

function valueProblems(what: string, conditions: readonly Condition[], key: string, expected: string): string[] {
    if (conditions.length === 0) {
        return [`has no condition on the ${what}: add ${key} = ${expected} under StringEquals`];
    }
    return conditions.flatMap(({ operator, values }) => {
        const wrong = values.filter((value) => value !== expected);
        return [
            ...(operator === "StringEquals" ? [] : [`compares the ${what} with ${operator}: use StringEquals`]),
            ...wrong.map((value) => `has the ${what} ${value}: it must be ${expected}`),
            ...(values.length === 0 ? [`has no value for the ${what}: it must be ${expected}`] : []),
        ];
    });
}
