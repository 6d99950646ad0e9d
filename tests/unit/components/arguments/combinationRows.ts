import { PROVIDER_ARN } from "../../support/standIn";
import { Row } from "./rule";

const ROLE_ARN = "arn:aws:iam::111122223333:role/cni";
const OTHER_PROVIDER_ARN = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B";
const OF_ANOTHER_ACCOUNT = "arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B";
const OF_ANOTHER_PARTITION = "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/B";
const MANAGED = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

const roleOptions: Record<string, [unknown, string]> = {
    additionalOidcProviderArns: [[], "[]"],
    roleName: ["cni", '"cni"'],
    rolePath: ["/", '"/"'],
    roleDescription: ["", '""'],
    permissionsBoundary: ["arn:aws:iam::aws:policy/A", '"arn:aws:iam::aws:policy/A"'],
    maxSessionDuration: [3600, "3600"],
    tags: [{}, "{}"],
    additionalPolicyArns: [[], "[]"],
};

function accepted(title: string, args: Record<string, unknown>): Row {
    return { title, args, problems: [] };
}

function refused(title: string, args: Record<string, unknown>, ...problems: [path: string, reason: string][]): Row {
    return { title, args, problems: problems.map(([propertyPath, reason]) => ({ propertyPath, reason })) };
}

/** The rules for combinations of arguments. */
export const combinationRows: Row[] = [
    refused("no cluster at all", {}, [
        "clusterName",
        "expected the cluster's name, or the ARN of its OIDC provider as oidcProviderArn, got neither; " +
            "add one of them, or existingRoleArn for an existing role",
    ]),
    refused(
        "null for all that could name a cluster",
        { clusterName: null, oidcProviderArn: null, existingRoleArn: null },
        [
            "clusterName",
            "expected the cluster's name, or the ARN of its OIDC provider as oidcProviderArn, got neither; " +
                "add one of them, or existingRoleArn for an existing role",
        ],
    ),
    accepted("an existing role alone", { existingRoleArn: ROLE_ARN }),
    accepted("an existing role of the account of the provider", {
        existingRoleArn: ROLE_ARN,
        oidcProviderArn: PROVIDER_ARN,
    }),
    ...Object.entries(roleOptions).map(([name, [value, got]]) => ({
        // The list must be known at once, but its members may be known late.
        plain: name === "additionalPolicyArns",
        ...refused(`an existing role, and ${name}`, { existingRoleArn: ROLE_ARN, [name]: value }, [
            name,
            `expected no value with existingRoleArn (the component does not change that role), got ${got}; ` +
                `remove ${name}, or remove existingRoleArn to create a role`,
        ]),
    })),
    ...Object.keys(roleOptions).map((name) =>
        accepted(`an existing role, and null as ${name}`, { existingRoleArn: ROLE_ARN, [name]: null }),
    ),
    accepted("null as existing role, and a role's name", {
        oidcProviderArn: PROVIDER_ARN,
        existingRoleArn: null,
        roleName: "a",
    }),
    refused(
        "an existing role of another account than the provider's",
        { existingRoleArn: "arn:aws:iam::444455556666:role/cni", oidcProviderArn: PROVIDER_ARN },
        [
            "existingRoleArn",
            "expected a role in the account of oidcProviderArn (account 111122223333, partition aws), got " +
                '"arn:aws:iam::444455556666:role/cni"; use the role that trusts this provider, or the provider that the role trusts',
        ],
    ),
    refused(
        "an existing role of another partition than the provider's",
        { existingRoleArn: "arn:aws-cn:iam::111122223333:role/cni", oidcProviderArn: PROVIDER_ARN },
        [
            "existingRoleArn",
            "expected a role in the account of oidcProviderArn (account 111122223333, partition aws), got " +
                '"arn:aws-cn:iam::111122223333:role/cni"; use the role that trusts this provider, or the provider that the role trusts',
        ],
    ),
    accepted("external and no override", {
        oidcProviderArn: PROVIDER_ARN,
        delivery: "external",
        overrideExistingServiceAccount: false,
        rollout: { enabled: false },
    }),
    accepted("external and the rollout's other options, as a program may share them", {
        oidcProviderArn: PROVIDER_ARN,
        delivery: "external",
        rollout: { timeoutSeconds: 5, daemonSetName: "a" },
    }),
    accepted("a patch, an override and a rollout", {
        oidcProviderArn: PROVIDER_ARN,
        delivery: "serviceAccountPatch",
        overrideExistingServiceAccount: true,
        rollout: { enabled: true },
    }),
    refused(
        "external and an override",
        { oidcProviderArn: PROVIDER_ARN, delivery: "external", overrideExistingServiceAccount: true },
        [
            "overrideExistingServiceAccount",
            'expected no value with delivery: "external" (the component then annotates no service account), got true; ' +
                'remove overrideExistingServiceAccount, or use delivery: "serviceAccountPatch"',
        ],
    ),
    {
        ...refused(
            "external and a rollout without live checks",
            { oidcProviderArn: PROVIDER_ARN, delivery: "external", liveChecks: false, rollout: { enabled: true } },
            [
                "rollout.enabled",
                'expected no value with delivery: "external" (without live checks, the component then changes nothing on the cluster), got true; ' +
                    'remove rollout.enabled, or use delivery: "serviceAccountPatch"',
            ],
        ),
        plain: true,
    },
    accepted("the managed add-on, with its own service account", {
        oidcProviderArn: PROVIDER_ARN,
        liveChecks: undefined,
        delivery: "eksAddon",
        serviceAccount: { namespace: "kube-system", name: "aws-node" },
    }),
    accepted("another service account that the component annotates", {
        oidcProviderArn: PROVIDER_ARN,
        delivery: "serviceAccountPatch",
        serviceAccount: { namespace: "network", name: "cni" },
    }),
    refused(
        "the managed add-on and another service account",
        {
            oidcProviderArn: PROVIDER_ARN,
            liveChecks: undefined,
            delivery: "eksAddon",
            serviceAccount: { namespace: "network", name: "cni" },
        },
        ...(["namespace", "name"] as const).map((part): [string, string] => [
            `serviceAccount.${part}`,
            `expected ${part === "name" ? '"aws-node"' : '"kube-system"'} with delivery: "eksAddon" (the add-on gives its role to kube-system/aws-node), ` +
                `got ${part === "name" ? '"cni"' : '"network"'}; remove serviceAccount, or use delivery: "serviceAccountPatch"`,
        ]),
    ),
    refused("the cluster's own provider as an additional one", both([PROVIDER_ARN]), [
        "additionalOidcProviderArns[0]",
        `expected the provider of another cluster, got "${PROVIDER_ARN}", which is oidcProviderArn; remove it from the list`,
    ]),
    refused("an additional provider twice", both([OTHER_PROVIDER_ARN, OTHER_PROVIDER_ARN]), [
        "additionalOidcProviderArns[1]",
        `expected each member once, got "${OTHER_PROVIDER_ARN}", the same as additionalOidcProviderArns[0]; remove one of them`,
    ]),
    ...[OF_ANOTHER_ACCOUNT, OF_ANOTHER_PARTITION].map((arn) =>
        refused(`an additional provider elsewhere: ${arn}`, both([OTHER_PROVIDER_ARN, arn]), [
            "additionalOidcProviderArns[1]",
            `expected a provider in the account of oidcProviderArn (account 111122223333, partition aws), got "${arn}"; create a ` +
                "separate role in the other account",
        ]),
    ),
    accepted("additional providers of the same account", both([OTHER_PROVIDER_ARN])),
    ...[
        "arn:aws:iam::444455556666:policy/a",
        "arn:aws-cn:iam::aws:policy/a",
        "arn:aws-cn:iam::111122223333:policy/a",
    ].flatMap((arn) => [
        refused(`a policy elsewhere as boundary: ${arn}`, { oidcProviderArn: PROVIDER_ARN, permissionsBoundary: arn }, [
            "permissionsBoundary",
            "expected an AWS managed policy, or a policy in the account of oidcProviderArn (account 111122223333, partition aws), " +
                `got "${arn}"; use an AWS managed policy from this partition, or a policy from this account`,
        ]),
        refused(
            `an additional policy elsewhere: ${arn}`,
            { oidcProviderArn: PROVIDER_ARN, additionalPolicyArns: [arn] },
            [
                "additionalPolicyArns[0]",
                "expected an AWS managed policy, or a policy in the account of oidcProviderArn (account 111122223333, partition aws), " +
                    `got "${arn}"; use an AWS managed policy from this partition, or a policy from this account`,
            ],
        ),
    ]),
    ...[undefined, "ipv4"].map((ipFamily) =>
        refused(
            `the managed CNI policy as an additional one, ipFamily ${String(ipFamily)}`,
            { oidcProviderArn: PROVIDER_ARN, ipFamily, additionalPolicyArns: ["arn:aws:iam::aws:policy/A", MANAGED] },
            [
                "additionalPolicyArns[1]",
                `expected a policy other than the CNI policy, which the component attaches itself, got "${MANAGED}"; remove it from the list`,
            ],
        ),
    ),
    accepted("the managed CNI policy in addition to the IPv6 one", {
        oidcProviderArn: PROVIDER_ARN,
        ipFamily: "ipv6",
        additionalPolicyArns: [MANAGED],
    }),
    ...["/", "/Az09.,+@=_-/", "/eks/cni/"].map((rolePath) =>
        accepted(`a path for the role and the IPv6 policy: ${rolePath}`, {
            oidcProviderArn: PROVIDER_ARN,
            ipFamily: "ipv6",
            rolePath,
        }),
    ),
    ...["/a!/", "/a//b/", "/a:b/"].flatMap((rolePath) => [
        accepted(`a path that only a role can have, on IPv4: ${rolePath}`, { oidcProviderArn: PROVIDER_ARN, rolePath }),
        refused(
            `a path that only a role can have, on IPv6: ${rolePath}`,
            { oidcProviderArn: PROVIDER_ARN, ipFamily: "ipv6", rolePath },
            [
                "rolePath",
                "expected a path that is also valid for a policy: letters, digits and . , + @ = _ - between single slashes, " +
                    `got "${rolePath}"; change the path, since the IPv6 policy gets the same path`,
            ],
        ),
    ]),
    refused(
        "a path that not even a role can have, once",
        { oidcProviderArn: PROVIDER_ARN, ipFamily: "ipv6", rolePath: "//" },
        [
            "rolePath",
            "expected a path that starts and ends with /, of at most 512 printable ASCII characters (! to ~, no spaces), " +
                'got "//"; write it like "/eks/", or omit rolePath for "/"',
        ],
    ),
    accepted("a policy of the account with the name of the managed one", {
        oidcProviderArn: PROVIDER_ARN,
        additionalPolicyArns: ["arn:aws:iam::111122223333:policy/AmazonEKS_CNI_Policy"],
    }),
];

function both(additionalOidcProviderArns: string[]): Record<string, unknown> {
    return { oidcProviderArn: PROVIDER_ARN, additionalOidcProviderArns };
}
