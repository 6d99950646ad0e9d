import { parseClusterArn, parseRoleArn } from "../../documents/arn";
import { DEFAULT_IAM_PROPAGATION_SECONDS, DEFAULT_STABLE_SECONDS, DEFAULT_TIMEOUTS } from "./defaults";
import * as iam from "./iamRules";
import { KnownArgs } from "./knownArgs";
import { Problem, show } from "./problem";
import {
    boolean,
    isKnown,
    isObject,
    isString,
    listOf,
    oneOf,
    properties,
    Rule,
    ruleOf,
    text,
    wholeNumber,
} from "./rule";

/** A day. No single update should wait longer. */
const MAX_SECONDS = 86_400;

const seconds = (otherwise: number) =>
    wholeNumber(
        `a whole number of seconds from 1 to ${String(MAX_SECONDS)}`,
        1,
        MAX_SECONDS,
        `choose a duration, or omit it for ${String(otherwise)}`,
    );

/** The plain name, because IAM's calls for a role's policies accept neither an ARN nor a path. */
const nodeRoleName: Rule = (value, path) => {
    const role = isString(value) ? parseRoleArn(value) : undefined;
    const name = role?.name ?? (isString(value) && value.includes("/") ? value.split("/").at(-1) : undefined);
    return name === undefined || name === ""
        ? iam.roleName(value, path).map((problem) => ({ ...problem, fix: "use the name of the node role" }))
        : [{ path, expected: "the name of a role, without ARN and path", got: show(value), fix: `use ${show(name)}` }];
};

/** Zones and local zones have longer names: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html */
const regionName: Rule = (value, path) => {
    const region = isString(value) ? /^([a-z]+(?:-[a-z]+)+-\d+)./.exec(value)?.[1] : undefined;
    return text(
        "a region, such as eu-west-1",
        /^[a-z]+(?:-[a-z]+)+-\d+$/,
        region === undefined ? "to see the enabled regions: aws ec2 describe-regions" : `use ${show(region)}`,
    )(value, path);
};

const notEmpty =
    (withoutIt: string): Rule =>
    (value, path) =>
        Array.isArray(value) && value.length === 0
            ? [{ path, expected: "at least one member", got: "an empty list", fix: `omit ${path} ${withoutIt}` }]
            : [];

/** The type says text alone. Programs in YAML pass the object that the engine makes of a JSON text: see kubeconfigText.ts. */
const kubeconfig = ruleOf(
    "a kubeconfig, as text or as an object",
    (value): value is string | Readonly<Record<string, unknown>> => isString(value) || isObject(value),
    (value) => (isString(value) ? value.trim() !== "" : "clusters" in value),
    "pass its YAML or JSON, for example cluster.kubeconfigJson of @pulumi/eks, or omit it for the ambient one",
);

const nonEmptyText = (what: string, fix: string) => ruleOf(what, isString, (value) => value !== "", fix);

/** The services that the live checks call. */
const SERVICES = ["iam", "sts", "ec2", "eks"];

const endpointUrl = ruleOf(
    "a URL that starts with https:// or http://",
    isString,
    (value) => /^https?:\/\//.test(value) && URL.canParse(value),
    "write it like https://sts.us-west-2.amazonaws.com, or omit it for AWS's own",
);

const endpoints: Rule = (value, path) =>
    isKnown(value) && !isObject(value)
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

const clusterArn = ruleOf(
    "the ARN of an EKS cluster",
    isString,
    (value) => parseClusterArn(value) !== undefined,
    "write it like arn:aws:eks:us-west-2:111122223333:cluster/NAME (aws eks describe-cluster --name NAME --query cluster.arn shows it)",
);

/** The rule for each single argument of the live checks. */
export const LIVE_RULES: Readonly<Record<string, Rule>> = {
    liveChecks: boolean("set false to create only the role, the annotation and the rollout, or omit it"),
    kubeconfig,
    aws: properties({
        region: nonEmptyText("a region", "use the cluster's region, such as us-west-2, or omit it"),
        profile: nonEmptyText("the name of a profile", "to see the profiles: aws configure list-profiles"),
        roleArn: iam.roleArn,
        externalId: nonEmptyText("an external ID", "omit it if the role requires none"),
        sessionName: text(
            "2 to 64 letters, digits and + = , . @ _ -",
            /^[\w+=,.@-]{2,64}$/,
            "change the name, or omit it for eks-cni",
        ),
        endpoints,
    }),
    detachFromNodeRoles: (value, path) => [
        ...notEmpty("to detach nothing")(value, path),
        ...listOf("names of node roles", nodeRoleName)(value, path),
    ],
    handedOverClusterArns: listOf("ARNs of EKS clusters", clusterArn),
    regions: (value, path) => [
        ...notEmpty("to look in every enabled region")(value, path),
        ...listOf("regions", regionName)(value, path),
    ],
    proof: oneOf(["full", "assumeRole", "off"], "omit proof for the full proof"),
    timeouts: properties({
        proofSeconds: seconds(DEFAULT_TIMEOUTS.proofSeconds),
        canarySeconds: seconds(DEFAULT_TIMEOUTS.canarySeconds),
        verificationSeconds: seconds(DEFAULT_TIMEOUTS.verificationSeconds),
        handBackSeconds: seconds(DEFAULT_TIMEOUTS.handBackSeconds),
        deliverySeconds: seconds(DEFAULT_TIMEOUTS.deliverySeconds),
    }),
    iamPropagationSeconds: seconds(DEFAULT_IAM_PROPAGATION_SECONDS),
    stableSeconds: wholeNumber(
        "a whole number of seconds from 0 to 3600",
        0,
        3600,
        `choose how long a pod is watched, or omit it for ${String(DEFAULT_STABLE_SECONDS)}`,
    ),
    maxNotReadyNodes: wholeNumber(
        "a whole number from 0 to 10000",
        0,
        10_000,
        "choose how many NotReady nodes to skip, or omit it to wait for all",
    ),
    injectionGuard: boolean("set false to create no admission policy, or omit it"),
    forceDestroy: boolean("set true for a cluster that is deleted together with its nodes, or omit it"),
};

/** Settings with which the live checks cannot work. */
const CONFLICTS: readonly { readonly is: (args: KnownArgs) => boolean; readonly got: string; readonly fix: string }[] =
    [
        {
            is: ({ rollout }) => isObject(rollout) && rollout["enabled"] === false,
            got: "rollout.enabled: false, so no pod gets the role",
            fix: "remove rollout.enabled",
        },
    ];

/** The problems of arguments of the live checks that contradict other arguments. */
export function liveCombinationProblems(args: KnownArgs): Problem[] {
    const { liveChecks, delivery, detachFromNodeRoles, injectionGuard } = args;
    const conflicts = CONFLICTS.filter(({ is }) => is(args));
    const off = { got: "liveChecks: false", fix: "remove liveChecks" };
    const withoutLive = [...conflicts, ...(liveChecks === false ? [off] : [])];
    return [
        ...(delivery === "eksAddon" || delivery === "podIdentity"
            ? withoutLive.map((need) => needs("delivery", need))
            : []),
        ...(liveChecks === true ? conflicts.map((need) => needs("liveChecks", need)) : []),
        ...(detachFromNodeRoles !== undefined ? withoutLive.map((need) => needs("detachFromNodeRoles", need)) : []),
        ...(injectionGuard === true && detachFromNodeRoles === undefined
            ? [withoutNodeRoles("injectionGuard", "true")]
            : []),
        ...["handedOverClusterArns", "regions"]
            .filter((name) => args[name] !== undefined && detachFromNodeRoles === undefined)
            .map((name) => withoutNodeRoles(name, show(args[name]))),
    ];
}

function needs(path: string, { got, fix }: { readonly got: string; readonly fix: string }): Problem {
    return {
        path,
        expected: "a component that restarts the pods and runs the live checks",
        got,
        fix: `${fix}, or remove ${path}`,
    };
}

function withoutNodeRoles(path: string, got: string): Problem {
    return {
        path,
        expected: "no value without detachFromNodeRoles (nothing is detached then)",
        got,
        fix: `add detachFromNodeRoles, or remove ${path}`,
    };
}
