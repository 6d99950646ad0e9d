import { OidcProvider, parseClusterArn, parseOidcProviderArn, parsePolicyArn, parseRoleArn } from "../../documents/arn";
import { managedCniPolicyArn } from "../../documents/cniPermissions";
import { DEFAULT_SERVICE_ACCOUNT } from "./defaults";
import { rolePath } from "./iamRules";
import { KnownArgs } from "./knownArgs";
import { Problem, show } from "./problem";
import { isKnown, isString } from "./rule";

/** The arguments that configure the component's own role, and so contradict `existingRoleArn`. */
const ROLE_OPTIONS = [
    "additionalOidcProviderArns",
    "roleName",
    "rolePath",
    "roleDescription",
    "permissionsBoundary",
    "maxSessionDuration",
    "tags",
    "additionalPolicyArns",
];

/** The problems of arguments that contradict each other. */
export function combinationProblems(args: KnownArgs): Problem[] {
    return [
        noCluster,
        roleOptionsOfExistingRole,
        deliveryOptionsOfExternal,
        serviceAccountOfAddOn,
        providersOfOtherAccounts,
        ofProvidersAccount,
        pathOfIpv6Policy,
        managedPolicyTwice,
    ].flatMap((rule) => rule(args));
}

function noCluster(args: KnownArgs): Problem[] {
    const { clusterName, oidcProviderArn, existingRoleArn, delivery } = args;
    // With Pod Identity, only the name will do: podIdentityRules.ts.
    return delivery === "podIdentity" ||
        [clusterName, oidcProviderArn, existingRoleArn].some((value) => value !== undefined)
        ? []
        : [
              {
                  path: "clusterName",
                  expected: "the cluster's name, or the ARN of its OIDC provider as oidcProviderArn",
                  got: "neither",
                  fix: "add one of them, or existingRoleArn for an existing role",
              },
          ];
}

function roleOptionsOfExistingRole(args: KnownArgs): Problem[] {
    if (args["existingRoleArn"] === undefined) {
        return [];
    }
    return ROLE_OPTIONS.filter((name) => isKnown(args[name])).map((path) => ({
        path,
        expected: "no value with existingRoleArn (the component does not change that role)",
        got: show(args[path]),
        fix: `remove ${path}, or remove existingRoleArn to create a role`,
    }));
}

function deliveryOptionsOfExternal(args: KnownArgs): Problem[] {
    if (args["delivery"] !== "external") {
        return [];
    }
    const rollout = args["rollout"] as { enabled?: unknown } | undefined;
    const contradictions: [string, unknown, string][] = [
        [
            "overrideExistingServiceAccount",
            args["overrideExistingServiceAccount"],
            "the component then annotates no service account",
        ],
        ...(args["liveChecks"] === false
            ? [
                  [
                      "rollout.enabled",
                      rollout?.enabled,
                      "without live checks, the component then changes nothing on the cluster",
                  ] satisfies [string, unknown, string],
              ]
            : []),
    ];
    return contradictions
        .filter(([, value]) => value === true)
        .map(([path, value, why]) => ({
            path,
            expected: `no value with delivery: "external" (${why})`,
            got: show(value),
            fix: `remove ${path}, or use delivery: "serviceAccountPatch"`,
        }));
}

/** The add-on gives its role to the plugin's own service account, and to no other. */
function serviceAccountOfAddOn(args: KnownArgs): Problem[] {
    const given = args["serviceAccount"];
    if (args["delivery"] !== "eksAddon" || typeof given !== "object" || given === null) {
        return [];
    }
    return Object.entries(DEFAULT_SERVICE_ACCOUNT).flatMap(([part, name]) => {
        const value = (given as KnownArgs)[part];
        return isString(value) && value !== name
            ? [
                  {
                      path: `serviceAccount.${part}`,
                      expected: `${show(name)} with delivery: "eksAddon" (the add-on gives its role to kube-system/aws-node)`,
                      got: show(value),
                      fix: 'remove serviceAccount, or use delivery: "serviceAccountPatch"',
                  },
              ]
            : [];
    });
}

/** IAM finds a provider only in the role's own account, so all providers of a role must be in one account. */
function providersOfOtherAccounts(args: KnownArgs): Problem[] {
    const first = provider(args["oidcProviderArn"]);
    const others: unknown = args["additionalOidcProviderArns"];
    if (first === undefined || !Array.isArray(others)) {
        return [];
    }
    return (others as unknown[]).flatMap((value, i) => {
        const path = `additionalOidcProviderArns[${String(i)}]`;
        const other = provider(value);
        if (other === undefined) {
            return [];
        }
        if (other.arn === first.arn) {
            const got = `${show(value)}, which is oidcProviderArn`;
            return [{ path, expected: "the provider of another cluster", got, fix: "remove it from the list" }];
        }
        return isSameAccount(other, first)
            ? []
            : [
                  {
                      path,
                      expected: `a provider in the account of oidcProviderArn (${accountOf(first)})`,
                      revealsArgument: "oidcProviderArn",
                      got: show(value),
                      fix: "create a separate role in the other account",
                  },
              ];
    });
}

function ofProvidersAccount(args: KnownArgs): Problem[] {
    const first = provider(args["oidcProviderArn"]);
    return first === undefined
        ? []
        : [
              ...existingRoleOfOtherAccount(args, first),
              ...resourcesOfOtherAccounts(args, { ...first, of: "oidcProviderArn", argument: "oidcProviderArn" }),
          ];
}

function existingRoleOfOtherAccount(args: KnownArgs, first: OidcProvider): Problem[] {
    const value = args["existingRoleArn"];
    const role = isString(value) ? parseRoleArn(value) : undefined;
    return role === undefined || isSameAccount(role, first)
        ? []
        : [
              {
                  path: "existingRoleArn",
                  expected: `a role in the account of oidcProviderArn (${accountOf(first)})`,
                  revealsArgument: "oidcProviderArn",
                  got: show(value),
                  fix: "use the role that trusts this provider, or the provider that the role trusts",
              },
          ];
}

/** The account in which the component creates its role. */
export interface RoleAccount {
    readonly accountId: string;
    readonly partition: string;
    /** Whose account it is, as a message names it. */
    readonly of: string;
    /** The argument that reveals the account. */
    readonly argument: string;
}

/** The policies and the clusters of other accounts, which the component's role cannot have. */
export function resourcesOfOtherAccounts(args: KnownArgs, account: RoleAccount): Problem[] {
    return [...policiesOfOtherAccounts(args, account), ...clustersOfOtherAccounts(args, account)];
}

/** A policy can be attached only in its own partition, and a customer managed policy only in its own account. */
function policiesOfOtherAccounts(args: KnownArgs, account: RoleAccount): Problem[] {
    const unattachable = (value: unknown, path: string): Problem[] => {
        const policy = isString(value) ? parsePolicyArn(value) : undefined;
        return policy === undefined ||
            (policy.partition === account.partition && [account.accountId, "aws"].includes(policy.owner))
            ? []
            : [
                  {
                      path,
                      expected: `an AWS managed policy, or a policy in the account of ${account.of} (${accountOf(account)})`,
                      revealsArgument: account.argument,
                      got: show(value),
                      fix: "use an AWS managed policy from this partition, or a policy from this account",
                  },
              ];
    };
    const list: unknown = args["additionalPolicyArns"];
    return [
        ...unattachable(args["permissionsBoundary"], "permissionsBoundary"),
        ...(Array.isArray(list) ? (list as unknown[]) : []).flatMap((value, i) =>
            unattachable(value, `additionalPolicyArns[${String(i)}]`),
        ),
    ];
}

/** A node role serves instances of its own account alone. */
function clustersOfOtherAccounts(args: KnownArgs, account: RoleAccount): Problem[] {
    const list: unknown = args["handedOverClusterArns"];
    return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((value, i) => {
        const cluster = isString(value) ? parseClusterArn(value) : undefined;
        return cluster === undefined || isSameAccount(cluster, account)
            ? []
            : [
                  {
                      path: `handedOverClusterArns[${String(i)}]`,
                      expected: `a cluster in the account of ${account.of} (${accountOf(account)})`,
                      revealsArgument: account.argument,
                      got: show(value),
                      fix: "remove it: its nodes cannot have a node role of this account",
                  },
              ];
    });
}

/**
 * The IPv6 policy gets the role's path, and IAM allows fewer characters in a policy's path than in a role's (`policyPathType`).
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
 */
function pathOfIpv6Policy(args: KnownArgs): Problem[] {
    const path = args["rolePath"];
    const isRolePath = isString(path) && rolePath(path, "rolePath").length === 0;
    return args["ipFamily"] !== "ipv6" || !isRolePath || /^(?:\/[\w.,+@=-]+)*\/$/.test(path)
        ? []
        : [
              {
                  path: "rolePath",
                  expected:
                      "a path that is also valid for a policy: letters, digits and . , + @ = _ - between single slashes",
                  got: show(path),
                  fix: "change the path, since the IPv6 policy gets the same path",
              },
          ];
}

/** On IPv4 the component attaches the managed CNI policy itself. A second resource would manage the same attachment. */
function managedPolicyTwice(args: KnownArgs): Problem[] {
    const list: unknown = args["additionalPolicyArns"];
    if (!Array.isArray(list) || (isKnown(args["ipFamily"]) && args["ipFamily"] !== "ipv4")) {
        return [];
    }
    return (list as unknown[]).flatMap((value, i) => {
        const policy = isString(value) ? parsePolicyArn(value) : undefined;
        return policy === undefined || value !== managedCniPolicyArn(policy.partition)
            ? []
            : [
                  {
                      path: `additionalPolicyArns[${String(i)}]`,
                      expected: "a policy other than the CNI policy, which the component attaches itself",
                      got: show(value),
                      fix: "remove it from the list",
                  },
              ];
    });
}

function provider(value: unknown) {
    return isString(value) ? parseOidcProviderArn(value) : undefined;
}

type Account = Pick<RoleAccount, "accountId" | "partition">;

function isSameAccount(one: Account, other: Account): boolean {
    return one.accountId === other.accountId && one.partition === other.partition;
}

function accountOf({ accountId, partition }: Account): string {
    return `account ${accountId}, partition ${partition}`;
}
