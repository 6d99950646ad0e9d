import { PROVIDER_ARN } from "../../support/standIn";
import { Rule } from "./rule";

const label = (length: number) => "a".repeat(length);
const OBJECT_NAME =
    "1 to 253 lower case letters, digits, - and ., with a letter or digit at each end and around each dot";
const OBJECT_NAMES: Pick<Rule, "accepted" | "refused"> = {
    accepted: [
        ["1 character", "a"],
        ["a digit", "1"],
        ["253 characters", label(253)],
        ["dots and hyphens", "a-b.c--d.1"],
    ],
    refused: [
        ["the empty string", "", '""'],
        ["254 characters", label(254), `"${label(119)}… (256 characters)`],
        ["a wildcard", "*", '"*"'],
        ["a wildcard within", "aws-*", '"aws-*"'],
        ["a single-character wildcard", "aws-nod?", '"aws-nod?"'],
        ["a policy variable", "${aws:username}", '"${aws:username}"'],
        ["a colon", "a:b", '"a:b"'],
        ["an upper case letter", "Aws", '"Aws"'],
        ["a hyphen at the beginning", "-a", '"-a"'],
        ["a hyphen at the end", "a-", '"a-"'],
        ["a dot at the beginning", ".a", '".a"'],
        ["a dot at the end", "a.", '"a."'],
        ["two dots in a row", "a..b", '"a..b"'],
        ["a hyphen before a dot", "a-.b", '"a-.b"'],
        ["a line break at the end", "a\n", '"a\\n"'],
        ["a letter beyond ASCII", "é", '"é"'],
        ["a number", 1, "1"],
    ],
};

/** Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/, and the limits of EKS and of the webhook. */
export const kubernetesRules: Rule[] = [
    {
        argument: "clusterName",
        otherArgs: {},
        expected: "1 to 100 letters, digits, - and _, with a letter or digit first",
        fix: "use the cluster's name, not its ARN: aws eks list-clusters",
        accepted: [
            ["1 character", "a"],
            ["100 characters", label(100)],
            ["every sign", "Aa0_-"],
        ],
        refused: [
            ["the empty string", "", '""'],
            ["101 characters", label(101), `"${label(101)}"`],
            ["a hyphen first", "-a", '"-a"'],
            ["an underscore first", "_a", '"_a"'],
            ["a dot", "a.b", '"a.b"'],
            [
                "its ARN",
                "arn:aws:eks:us-west-2:111122223333:cluster/a",
                '"arn:aws:eks:us-west-2:111122223333:cluster/a"',
            ],
            ["a line break at the end", "a\n", '"a\\n"'],
            ["a number", 1, "1"],
        ],
    },
    {
        argument: "serviceAccount",
        plain: true,
        expected: "an object with namespace, name",
        fix: "write it as { … }",
        accepted: [["nothing in it", {}]],
        refused: [
            ["a string", "kube-system/aws-node", '"kube-system/aws-node"'],
            ["a list", ["kube-system", "aws-node"], '["kube-system","aws-node"]'],
        ],
    },
    {
        argument: "serviceAccount.namespace",
        expected: "1 to 63 lower case letters, digits and -, with a letter or digit at each end",
        fix: "use the name of a namespace: kubectl get namespaces",
        accepted: [
            ["1 character", "a"],
            ["a digit", "1"],
            ["63 characters", label(63)],
            ["hyphens", "a--b-1"],
            ["null, which counts as not given", null],
        ],
        refused: [
            ["the empty string", "", '""'],
            ["64 characters", label(64), `"${label(64)}"`],
            ["a wildcard", "*", '"*"'],
            ["a single-character wildcard", "kube-syste?", '"kube-syste?"'],
            ["a policy variable", "${aws:username}", '"${aws:username}"'],
            ["a colon", "a:b", '"a:b"'],
            ["a dot", "a.b", '"a.b"'],
            ["an upper case letter", "Kube", '"Kube"'],
            ["a hyphen at the beginning", "-a", '"-a"'],
            ["a hyphen at the end", "a-", '"a-"'],
            ["a line break at the end", "a\n", '"a\\n"'],
            ["a number", 1, "1"],
        ],
    },
    {
        argument: "serviceAccount.name",
        expected: OBJECT_NAME,
        fix: "use the name of a service account: kubectl get serviceaccounts -A",
        ...OBJECT_NAMES,
    },
    {
        argument: "rollout.daemonSetName",
        expected: OBJECT_NAME,
        fix: "use the name of a DaemonSet: kubectl get daemonsets -A",
        ...OBJECT_NAMES,
    },
    {
        argument: "rollout",
        plain: true,
        expected: "an object with enabled, timeoutSeconds, daemonSetName",
        fix: "write it as { … }",
        accepted: [["nothing in it", {}]],
        refused: [["false", false, "false"]],
    },
    {
        argument: "rollout.enabled",
        expected: "true or false",
        fix: "set false to leave the pods as they are, or omit it",
        accepted: [
            ["true", true],
            ["false", false],
        ],
        refused: [
            ["a string", "false", '"false"'],
            ["0", 0, "0"],
        ],
    },
    {
        argument: "rollout.timeoutSeconds",
        expected: "a whole number of seconds from 1 to 9223372036",
        fix: "choose how long the rolling update may take, or omit timeoutSeconds for 600",
        accepted: [
            ["1", 1],
            ["a day", 86400],
            ["the longest that Go can count", 9223372036],
        ],
        refused: [
            ["0", 0, "0"],
            ["a second more than Go can count", 9223372037, "9223372037"],
            ["a fraction", 1.5, "1.5"],
            ["a string", "600", '"600"'],
            ["infinity", Infinity, "Infinity"],
        ],
    },
    {
        argument: "tokenExpirationSeconds",
        expected: "a whole number of seconds from 600 to 86400",
        fix: "choose 10 minutes to 24 hours, or omit tokenExpirationSeconds for 24 hours",
        accepted: [
            ["10 minutes", 600],
            ["24 hours", 86400],
        ],
        refused: [
            ["a second less than 10 minutes", 599, "599"],
            ["a second more than 24 hours", 86401, "86401"],
            ["a fraction", 3600.5, "3600.5"],
            ["a string", "3600", '"3600"'],
        ],
    },
    {
        argument: "stsRegionalEndpoints",
        expected: "true or false",
        fix: "set true for the regional endpoint, or omit it",
        accepted: [
            ["true", true],
            ["false", false],
        ],
        refused: [
            ["a string", "regional", '"regional"'],
            ["1", 1, "1"],
        ],
    },
    {
        argument: "overrideExistingServiceAccount",
        expected: "true or false",
        fix: "set true to take over the annotations of another field manager",
        accepted: [
            ["true", true],
            ["false", false],
        ],
        refused: [["a string", "true", '"true"']],
    },
    {
        argument: "ipFamily",
        expected: '"ipv4" or "ipv6"',
        fix: "to see it: aws eks describe-cluster --name NAME --query cluster.kubernetesNetworkConfig.ipFamily",
        accepted: [
            ["ipv4", "ipv4"],
            ["ipv6", "ipv6"],
        ],
        refused: [
            ["dual-stack", "dualstack", '"dualstack"'],
            ["upper case", "IPv6", '"IPv6"'],
            ["the empty string", "", '""'],
            ["a number", 6, "6"],
        ],
    },
    {
        argument: "delivery",
        otherArgs: { oidcProviderArn: PROVIDER_ARN, liveChecks: undefined },
        expected: '"serviceAccountPatch" or "eksAddon" or "podIdentity" or "external"',
        fix: "omit delivery to annotate the service account",
        accepted: [
            ["serviceAccountPatch", "serviceAccountPatch"],
            ["eksAddon", "eksAddon"],
            ["external", "external"],
        ],
        refused: [
            ["upper case", "External", '"External"'],
            ["false", false, "false"],
        ],
    },
];
