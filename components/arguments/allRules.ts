import { combinationProblems } from "./combinationRules";
import * as iam from "./iamRules";
import { KnownArgs } from "./knownArgs";
import * as kubernetes from "./kubernetesRules";
import { LIVE_RULES, liveCombinationProblems } from "./liveRules";
import { plainProblems } from "./plainRules";
import { podIdentityProblems } from "./podIdentityRules";
import { Problem } from "./problem";
import { boolean, listOf, oneOf, properties, Rule } from "./rule";
import { trustSizeProblems } from "./trustSizeRules";

/** IAM's maximum is 25, and the CNI policy takes one: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_ADDITIONAL_POLICIES = 24;

/** The rule for each single argument. */
export const RULES: Readonly<Record<string, Rule>> = {
    clusterName: kubernetes.clusterName,
    oidcProviderArn: iam.oidcProviderArn,
    additionalOidcProviderArns: listOf("ARNs of IAM OIDC providers", iam.oidcProviderArn),
    existingRoleArn: iam.roleArn,
    ipFamily: oneOf(
        ["ipv4", "ipv6"],
        "to see it: aws eks describe-cluster --name NAME --query cluster.kubernetesNetworkConfig.ipFamily",
    ),
    roleName: iam.roleName,
    rolePath: iam.rolePath,
    roleDescription: iam.roleDescription,
    permissionsBoundary: iam.managedPolicyArn,
    maxSessionDuration: iam.maxSessionDuration,
    tags: iam.tags,
    additionalPolicyArns: (value, path) => [
        ...listOf("ARNs of managed policies", iam.managedPolicyArn)(value, path),
        ...tooManyPolicies(value, path),
    ],
    serviceAccount: properties({ namespace: kubernetes.namespaceName, name: kubernetes.serviceAccountName }),
    overrideExistingServiceAccount: boolean("set true to take over the annotations of another field manager"),
    stsRegionalEndpoints: boolean("set true for the regional endpoint, or omit it"),
    tokenExpirationSeconds: kubernetes.tokenExpirationSeconds,
    delivery: oneOf(
        ["serviceAccountPatch", "eksAddon", "podIdentity", "external"],
        "omit delivery to annotate the service account",
    ),
    rollout: properties({
        enabled: boolean("set false to leave the pods as they are, or omit it"),
        timeoutSeconds: kubernetes.rolloutTimeoutSeconds,
        daemonSetName: kubernetes.daemonSetName,
    }),
    ...LIVE_RULES,
};

/** Every problem of the arguments that are known: of single arguments, and of their combinations. */
export function findProblems(args: KnownArgs): Problem[] {
    return [
        ...Object.entries(RULES).flatMap(([name, rule]) => rule(args[name], name)),
        ...plainProblems(args),
        ...combinationProblems(args),
        ...podIdentityProblems(args),
        ...liveCombinationProblems(args),
        ...trustSizeProblems(args),
    ];
}

function tooManyPolicies(value: unknown, path: string): Problem[] {
    const expected = `at most ${String(MAX_ADDITIONAL_POLICIES)} policies (a role can have at most 25)`;
    return Array.isArray(value) && value.length > MAX_ADDITIONAL_POLICIES
        ? [{ path, expected, got: `${String(value.length)} policies`, fix: "merge some of them" }]
        : [];
}
