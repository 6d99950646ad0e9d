import { PROVIDER_ARN } from "../../support/standIn";
import { Rule } from "./rule";

/** With live checks, since without them no policy is detached from a node role. */
const LIVE = { oidcProviderArn: PROVIDER_ARN, liveChecks: undefined };
const NODE_ROLES = { ...LIVE, detachFromNodeRoles: ["n"] };

const seconds = (argument: string, otherwise: number): Rule => ({
    argument,
    expected: "a whole number of seconds from 1 to 86400",
    fix: `choose a duration, or omit it for ${String(otherwise)}`,
    accepted: [
        ["1", 1],
        ["a day", 86400],
        ["null, which counts as not given", null],
    ],
    refused: [
        ["0", 0, "0"],
        ["a second more than a day", 86401, "86401"],
        ["a fraction", 1.5, "1.5"],
        ["a string", "120", '"120"'],
    ],
});

const text = (argument: string, expected: string, fix: string): Rule => ({
    argument: `aws.${argument}`,
    expected,
    fix,
    accepted: [
        ["a text", "a"],
        ["null, which counts as not given", null],
    ],
    refused: [
        ["the empty string", "", '""'],
        ["a number", 1, "1"],
    ],
});

const NODE_ROLE_NAME = "the name of a role, without ARN and path";
const NO_NAMES = "at least one member";

/** The rules for each argument of the live checks. */
export const liveRules: Rule[] = [
    {
        argument: "liveChecks",
        expected: "true or false",
        fix: "set false to create only the role, the annotation and the rollout, or omit it",
        accepted: [
            ["true", true],
            ["false", false],
            ["null, which counts as not given", null],
        ],
        refused: [
            ["a string", "false", '"false"'],
            ["0", 0, "0"],
        ],
    },
    {
        argument: "kubeconfig",
        expected: "a kubeconfig, as text or as an object",
        fix: "pass its YAML or JSON, for example cluster.kubeconfigJson of @pulumi/eks, or omit it for the ambient one",
        accepted: [
            ["a text", "clusters: []"],
            ["an object, as cluster.kubeconfig of @pulumi/eks is", { clusters: [] }],
            ["null, which counts as not given", null],
        ],
        refused: [
            ["the empty string", "", '""'],
            ["white space", " \n", '" \\n"'],
            ["an object of another kind", { cluster: "one" }, '{"cluster":"one"}'],
            ["a list", [{ clusters: [] }], '[{"clusters":[]}]'],
        ],
    },
    {
        argument: "aws",
        expected: "an object with region, profile, roleArn, externalId, sessionName, endpoints",
        fix: "write it as { … }",
        accepted: [
            ["nothing in it", {}],
            ["null, which counts as not given", null],
        ],
        refused: [
            ["a profile's name", "production", '"production"'],
            ["a list", ["us-west-2"], '["us-west-2"]'],
        ],
    },
    text("region", "a region", "use the cluster's region, such as us-west-2, or omit it"),
    text("profile", "the name of a profile", "to see the profiles: aws configure list-profiles"),
    text("externalId", "an external ID", "omit it if the role requires none"),
    {
        argument: "aws.roleArn",
        expected: "the ARN of an IAM role",
        fix: "write it like arn:aws:iam::111122223333:role/NAME (aws iam get-role --role-name NAME shows it)",
        accepted: [["a role", "arn:aws:iam::111122223333:role/network/deploy"]],
        refused: [["a role's name", "deploy", '"deploy"']],
    },
    {
        argument: "aws.sessionName",
        expected: "2 to 64 letters, digits and + = , . @ _ -",
        fix: "change the name, or omit it for eks-cni",
        accepted: [
            ["2 characters", "ab"],
            ["64 characters", "a".repeat(64)],
            ["each sign", "a+=,.@_-"],
        ],
        refused: [
            ["1 character", "a", '"a"'],
            ["65 characters", "a".repeat(65), `"${"a".repeat(65)}"`],
            ["a space", "a b", '"a b"'],
            ["a slash", "a/b", '"a/b"'],
        ],
    },
    {
        argument: "aws.endpoints",
        expected: "an object of services and URLs",
        fix: 'write { sts: "https://…" }',
        accepted: [
            ["nothing in it", {}],
            [
                "each service",
                { iam: "http://localhost:5000", sts: "https://sts", ec2: "https://e/", eks: "https://k:1/p" },
            ],
            ["null for a service, which counts as not given", { sts: null }],
        ],
        refused: [
            ["a URL", "https://sts", '"https://sts"'],
            ["a list, as the AWS provider takes it", [{ sts: "https://sts" }], '[{"sts":"https://sts"}]'],
        ],
    },
    {
        argument: "aws.endpoints",
        path: "aws.endpoints.sts",
        expected: "a URL that starts with https:// or http://",
        fix: "write it like https://sts.us-west-2.amazonaws.com, or omit it for AWS's own",
        accepted: [],
        refused: [
            ["a host alone", { sts: "sts.us-west-2.amazonaws.com" }, '"sts.us-west-2.amazonaws.com"'],
            ["no host", { sts: "https://" }, '"https://"'],
            ["another scheme", { sts: "file:///etc" }, '"file:///etc"'],
            ["another scheme that ends like it", { sts: "xhttps://sts" }, '"xhttps://sts"'],
            ["a number", { sts: 443 }, "443"],
        ],
    },
    {
        argument: "aws.endpoints",
        path: 'aws.endpoints["s3"]',
        expected: "a service that the live checks call: iam, sts, ec2, eks",
        fix: "remove it",
        accepted: [],
        refused: [["another service", { s3: "https://s3" }, '"s3"']],
    },
    {
        argument: "detachFromNodeRoles",
        otherArgs: LIVE,
        path: "detachFromNodeRoles[0]",
        expected: NODE_ROLE_NAME,
        fix: 'use "nodes"',
        accepted: [["a name", ["prod-nodes"]]],
        refused: [
            ["an ARN", ["arn:aws:iam::111122223333:role/nodes"], '"arn:aws:iam::111122223333:role/nodes"'],
            [
                "an ARN with a path",
                ["arn:aws:iam::111122223333:role/eks/nodes"],
                '"arn:aws:iam::111122223333:role/eks/nodes"',
            ],
            ["a name with its path", ["/eks/nodes"], '"/eks/nodes"'],
        ],
    },
    {
        argument: "detachFromNodeRoles",
        otherArgs: LIVE,
        path: "detachFromNodeRoles[0]",
        expected: "1 to 64 letters, digits and + = , . @ _ -",
        fix: "use the name of the node role",
        accepted: [["each sign", ["a+=,.@_-"]]],
        refused: [
            ["a name that is no role's", ["prod nodes"], '"prod nodes"'],
            ["the empty string", [""], '""'],
            ["a slash alone", ["/"], '"/"'],
            ["a number", [1], "1"],
        ],
    },
    {
        argument: "detachFromNodeRoles",
        otherArgs: LIVE,
        expected: NO_NAMES,
        fix: "omit detachFromNodeRoles to detach nothing",
        accepted: [["null, which counts as not given", null]],
        refused: [["an empty list", [], "an empty list"]],
    },
    {
        argument: "detachFromNodeRoles",
        otherArgs: LIVE,
        expected: "a list of names of node roles",
        fix: "put it into a list: […]",
        accepted: [],
        refused: [["a name", "nodes", '"nodes"']],
    },
    {
        argument: "detachFromNodeRoles",
        otherArgs: LIVE,
        path: "detachFromNodeRoles[1]",
        expected: "names of node roles",
        fix: "remove the empty member",
        accepted: [],
        refused: [["null in it", ["nodes", null], "nothing"]],
    },
    {
        argument: "detachFromNodeRoles",
        otherArgs: LIVE,
        path: "detachFromNodeRoles[1]",
        expected: "each member once",
        fix: "remove one of them",
        accepted: [["two names", ["a", "b"]]],
        refused: [["a name twice", ["a", "a"], '"a", the same as detachFromNodeRoles[0]']],
    },
    {
        argument: "handedOverClusterArns",
        path: "handedOverClusterArns[0]",
        expected: "the ARN of an EKS cluster",
        fix: "write it like arn:aws:eks:us-west-2:111122223333:cluster/NAME (aws eks describe-cluster --name NAME --query cluster.arn shows it)",
        otherArgs: NODE_ROLES,
        accepted: [
            ["a cluster", ["arn:aws:eks:us-west-2:111122223333:cluster/blue"]],
            ["no cluster", []],
            ["null, which counts as not given", null],
        ],
        refused: [
            ["a cluster's name", ["blue"], '"blue"'],
            [
                "the ARN of a node group",
                ["arn:aws:eks:us-west-2:111122223333:nodegroup/blue/a/b"],
                '"arn:aws:eks:us-west-2:111122223333:nodegroup/blue/a/b"',
            ],
        ],
    },
    {
        argument: "regions",
        path: "regions[0]",
        expected: "a region, such as eu-west-1",
        fix: "to see the enabled regions: aws ec2 describe-regions",
        otherArgs: NODE_ROLES,
        accepted: [
            ["a region", ["eu-west-1"]],
            ["regions of each partition", ["us-gov-west-1", "cn-north-1", "us-iso-east-1", "eusc-de-east-1"]],
            ["null, which counts as not given", null],
        ],
        refused: [
            ["its name on the console", ["Ireland"], '"Ireland"'],
            ["the id of a zone", ["use1-az1"], '"use1-az1"'],
            ["a pattern", ["eu-*"], '"eu-*"'],
            ["a space before it", [" eu-west-1"], '" eu-west-1"'],
            ["the empty string", [""], '""'],
            ["a number", [1], "1"],
        ],
    },
    {
        argument: "regions",
        path: "regions[0]",
        expected: "a region, such as eu-west-1",
        fix: 'use "us-east-1"',
        otherArgs: NODE_ROLES,
        accepted: [],
        refused: [
            ["a zone", ["us-east-1a"], '"us-east-1a"'],
            ["a local zone", ["us-east-1-bos-1a"], '"us-east-1-bos-1a"'],
        ],
    },
    {
        argument: "regions",
        expected: NO_NAMES,
        fix: "omit regions to look in every enabled region",
        otherArgs: NODE_ROLES,
        accepted: [],
        refused: [["an empty list", [], "an empty list"]],
    },
    {
        argument: "regions",
        expected: "a list of regions",
        fix: "put it into a list: […]",
        otherArgs: NODE_ROLES,
        accepted: [],
        refused: [["a region alone", "eu-west-1", '"eu-west-1"']],
    },
    {
        argument: "proof",
        expected: '"full" or "assumeRole" or "off"',
        fix: "omit proof for the full proof",
        accepted: [
            ["full", "full"],
            ["assumeRole", "assumeRole"],
            ["off", "off"],
        ],
        refused: [
            ["none", "none", '"none"'],
            ["false", false, "false"],
        ],
    },
    {
        argument: "timeouts",
        expected: "an object with proofSeconds, canarySeconds, verificationSeconds, handBackSeconds, deliverySeconds",
        fix: "write it as { … }",
        accepted: [["nothing in it", {}]],
        refused: [["a number", 600, "600"]],
    },
    seconds("timeouts.proofSeconds", 120),
    seconds("iamPropagationSeconds", 120),
    seconds("timeouts.canarySeconds", 300),
    seconds("timeouts.verificationSeconds", 900),
    seconds("timeouts.handBackSeconds", 1800),
    seconds("timeouts.deliverySeconds", 1200),
    {
        argument: "stableSeconds",
        expected: "a whole number of seconds from 0 to 3600",
        fix: "choose how long a pod is watched, or omit it for 20",
        accepted: [
            ["0", 0],
            ["an hour", 3600],
        ],
        refused: [
            ["less than 0", -1, "-1"],
            ["a second more than an hour", 3601, "3601"],
            ["a string", "20", '"20"'],
        ],
    },
    {
        argument: "maxNotReadyNodes",
        expected: "a whole number from 0 to 10000",
        fix: "choose how many NotReady nodes to skip, or omit it to wait for all",
        accepted: [
            ["0", 0],
            ["10000", 10000],
        ],
        refused: [
            ["less than 0", -1, "-1"],
            ["more than 10000", 10001, "10001"],
            ["a part of a node", 0.5, "0.5"],
        ],
    },
    {
        argument: "injectionGuard",
        expected: "true or false",
        fix: "set false to create no admission policy, or omit it",
        otherArgs: NODE_ROLES,
        accepted: [
            ["true", true],
            ["false", false],
        ],
        refused: [["a string", "true", '"true"']],
    },
    {
        argument: "forceDestroy",
        expected: "true or false",
        fix: "set true for a cluster that is deleted together with its nodes, or omit it",
        accepted: [
            ["true", true],
            ["false", false],
        ],
        refused: [["a string", "true", '"true"']],
    },
];
