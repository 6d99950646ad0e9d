import { parseRoleArn } from "../../documents/arn";
import { DEFAULT_IAM_PROPAGATION_SECONDS, DEFAULT_STABLE_SECONDS, DEFAULT_TIMEOUTS } from "./defaults";
import * as iam from "./iamRules";
import { Problem, show } from "./problem";
import {
    boolean,
    isObject,
    isSettled,
    isString,
    listOf,
    must,
    oneOf,
    properties,
    Rule,
    text,
    wholeNumber,
} from "./rule";
import { Settled } from "./settled";

/** A day: nobody waits longer in one run of an update. */
const MAX_SECONDS = 86_400;

const seconds = (otherwise: number) =>
    wholeNumber(
        `a whole number of seconds from 1 to ${String(MAX_SECONDS)}`,
        1,
        MAX_SECONDS,
        `choose how long it may take, or leave it out for ${String(otherwise)}`,
    );

/** The name alone: IAM's calls about a role's policies take no ARN and no path. */
const nodeRoleName: Rule = (value, path) => {
    const role = isString(value) ? parseRoleArn(value) : undefined;
    const name = role?.name ?? (isString(value) && value.includes("/") ? value.split("/").at(-1) : undefined);
    return name === undefined || name === ""
        ? iam.roleName(value, path).map((problem) => ({ ...problem, fix: "give the name of the node role" }))
        : [{ path, expected: "the name of a role, without ARN and path", got: show(value), fix: `give ${show(name)}` }];
};

const notEmpty: Rule = (value, path) =>
    Array.isArray(value) && value.length === 0
        ? [
              {
                  path,
                  expected: "at least one name, since an empty list says neither which roles nor none",
                  got: "an empty list",
                  fix: `leave ${path} out to have nothing detached`,
              },
          ]
        : [];

const kubeconfig = must(
    "the text of a kubeconfig",
    isString,
    (value) => value.trim() !== "",
    "give its YAML or JSON, as cluster.kubeconfigJson of @pulumi/eks is; or leave it out for the ambient one",
);

const anyText = (what: string, fix: string) => must(what, isString, (value) => value !== "", fix);

/** The services that the live checks call. */
const SERVICES = ["iam", "sts", "ec2", "eks"];

const endpointUrl = must(
    "a URL that starts with https:// or http://",
    isString,
    (value) => /^https?:\/\//.test(value) && URL.canParse(value),
    "write it like https://sts.us-west-2.amazonaws.com, or leave it out for AWS's own",
);

const endpoints: Rule = (value, path) =>
    isSettled(value) && !isObject(value)
        ? [
              {
                  path,
                  expected: "an object of services and URLs",
                  got: show(value),
                  fix: 'write { sts: "https://…" }',
              },
          ]
        : Object.entries(isObject(value) ? value : {}).flatMap(([service, url]) => endpoint(service, url, path));

function endpoint(service: string, url: unknown, path: string): Problem[] {
    return SERVICES.includes(service)
        ? endpointUrl(url, `${path}.${service}`)
        : [
              {
                  path: `${path}[${JSON.stringify(service)}]`,
                  expected: `a service that the live checks call: ${SERVICES.join(", ")}`,
                  got: show(service),
                  fix: "remove it",
              },
          ];
}

/** What each argument of the live checks must be by itself. */
export const LIVE_RULES: Readonly<Record<string, Rule>> = {
    liveChecks: boolean("set false for the role, the annotation and the rollout alone, or leave it out"),
    kubeconfig,
    aws: properties({
        region: anyText("a region", "give the cluster's region, as us-west-2, or leave it out"),
        profile: anyText("the name of a profile", "aws configure list-profiles tells them"),
        roleArn: iam.roleArn,
        externalId: anyText("an external id", "leave it out if the role asks for none"),
        sessionName: text(
            "2 to 64 letters, digits and + = , . @ _ -",
            /^[\w+=,.@-]{2,64}$/,
            "choose such a name, or leave it out for eks-cni",
        ),
        endpoints,
    }),
    detachFromNodeRoles: (value, path) => [
        ...notEmpty(value, path),
        ...listOf("names of node roles", nodeRoleName)(value, path),
    ],
    detachPolicyArns: (value, path) => [
        ...notEmpty(value, path),
        ...listOf("ARNs of managed policies", iam.managedPolicyArn)(value, path),
    ],
    proof: oneOf(["full", "assumeRole", "off"], "leave proof out for the full one"),
    timeouts: properties({
        proofSeconds: seconds(DEFAULT_TIMEOUTS.proofSeconds),
        canarySeconds: seconds(DEFAULT_TIMEOUTS.canarySeconds),
        verificationSeconds: seconds(DEFAULT_TIMEOUTS.verificationSeconds),
        handBackSeconds: seconds(DEFAULT_TIMEOUTS.handBackSeconds),
    }),
    iamPropagationSeconds: seconds(DEFAULT_IAM_PROPAGATION_SECONDS),
    stableSeconds: wholeNumber(
        "a whole number of seconds from 0 to 3600",
        0,
        3600,
        `choose how long a pod is watched, or leave it out for ${String(DEFAULT_STABLE_SECONDS)}`,
    ),
    maxNotReadyNodes: wholeNumber(
        "a whole number from 0 to 10000",
        0,
        10_000,
        "choose how many NotReady nodes to do without, or leave it out to wait for all",
    ),
    injectionGuard: boolean("set false to do without the admission policy, or leave it out"),
    forceDestroy: boolean("set true for a cluster that goes away with its nodes still up, or leave it out"),
    keepDetached: boolean(
        "set true before the live checks are turned off and the node roles are to stay, or leave it out",
    ),
};

/** What the live checks need of the plain shape. */
const NEEDED: readonly { readonly is: (args: Settled) => boolean; readonly got: string; readonly fix: string }[] = [
    {
        is: ({ delivery }) => delivery === "external",
        got: "delivery external, which touches no cluster",
        fix: "use delivery serviceAccountPatch",
    },
    {
        is: ({ rollout }) => isObject(rollout) && rollout["enabled"] === false,
        got: "rollout.enabled false, by which no pod takes the role",
        fix: "remove rollout.enabled",
    },
];

/** What is wrong with the arguments of the live checks taken together with the rest. */
export function liveCombinationProblems(args: Settled): Problem[] {
    const { liveChecks, detachFromNodeRoles, injectionGuard, detachPolicyArns } = args;
    const lacking = NEEDED.filter(({ is }) => is(args));
    const off = { got: "liveChecks false", fix: "remove liveChecks" };
    return [
        ...(liveChecks === true ? lacking.map((need) => needs("liveChecks", need)) : []),
        ...(detachFromNodeRoles !== undefined
            ? [...lacking, ...(liveChecks === false ? [off] : [])].map((need) => needs("detachFromNodeRoles", need))
            : []),
        ...(injectionGuard === true && detachFromNodeRoles === undefined
            ? [withoutNodeRoles("injectionGuard", "true")]
            : []),
        ...(detachPolicyArns !== undefined && detachFromNodeRoles === undefined
            ? [withoutNodeRoles("detachPolicyArns", show(detachPolicyArns))]
            : []),
    ];
}

function needs(path: string, { got, fix }: { readonly got: string; readonly fix: string }): Problem {
    return {
        path,
        expected: "the service account annotated, its pods restarted and each step looked at",
        got,
        fix: `${fix}, or remove ${path}`,
    };
}

function withoutNodeRoles(path: string, got: string): Problem {
    return {
        path,
        expected: "nothing without detachFromNodeRoles, since no node role gives anything up then",
        got,
        fix: `add detachFromNodeRoles, or remove ${path}`,
    };
}
