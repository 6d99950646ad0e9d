import { PROVIDER_ARN } from "../../support/standIn";
import { Rule } from "./rule";

const OIDC_PROVIDER = {
    expected: "the ARN of an IAM OIDC provider",
    fix:
        "write it like arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE " +
        "(aws iam list-open-id-connect-providers shows yours)",
};
const MANAGED_POLICY = {
    expected: "the ARN of a managed policy",
    fix: "write it like arn:aws:iam::111122223333:policy/NAME, or arn:aws:iam::aws:policy/NAME",
};
const wildcard = `${PROVIDER_ARN.slice(0, -1)}*`;

/** IAM's rules for single values. */
export const iamRules: Rule[] = [
    {
        argument: "oidcProviderArn",
        otherArgs: {},
        ...OIDC_PROVIDER,
        accepted: [
            ["an EKS issuer", PROVIDER_ARN],
            ["an issuer that is not EKS's", "arn:aws:iam::111122223333:oidc-provider/issuer.example.com/a"],
            [
                "another partition",
                "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A",
            ],
        ],
        refused: [
            ["the empty string", "", '""'],
            [
                "the issuer's URL",
                "https://oidc.eks.us-west-2.amazonaws.com/id/A",
                '"https://oidc.eks.us-west-2.amazonaws.com/id/A"',
            ],
            ["a role's ARN", "arn:aws:iam::111122223333:role/cni", '"arn:aws:iam::111122223333:role/cni"'],
            ["a wildcard", wildcard, `"${wildcard}"`],
            ["a number", 7, "7"],
            ["a list", [PROVIDER_ARN], JSON.stringify([PROVIDER_ARN])],
            ["an object", { arn: "a" }, '{"arn":"a"}'],
            ["a long text, shortened", "x".repeat(200), `"${"x".repeat(119)}… (202 characters)`],
        ],
    },
    {
        argument: "additionalOidcProviderArns",
        path: "additionalOidcProviderArns[0]",
        ...OIDC_PROVIDER,
        accepted: [
            ["an empty list", []],
            ["one more cluster", ["arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B"]],
        ],
        refused: [
            ["an empty member", [""], '""'],
            ["a wildcard", [wildcard], `"${wildcard}"`],
            ["a number", [1], "1"],
        ],
    },
    {
        argument: "additionalOidcProviderArns",
        expected: "a list of ARNs of IAM OIDC providers",
        fix: "put it into a list: […]",
        accepted: [],
        refused: [
            ["a string", "arn", '"arn"'],
            ["an object", {}, "{}"],
        ],
    },
    {
        argument: "additionalOidcProviderArns",
        path: "additionalOidcProviderArns[0]",
        expected: "ARNs of IAM OIDC providers",
        fix: "remove the empty member",
        accepted: [],
        refused: [
            ["undefined in the list", [undefined], "nothing"],
            ["null in the list", [null], "nothing"],
        ],
    },
    {
        argument: "existingRoleArn",
        otherArgs: {},
        expected: "the ARN of an IAM role",
        fix: "write it like arn:aws:iam::111122223333:role/NAME (aws iam get-role --role-name NAME shows it)",
        accepted: [
            ["a role", "arn:aws:iam::111122223333:role/cni"],
            ["a role with a path", "arn:aws:iam::111122223333:role/eks/cni/cni"],
        ],
        refused: [
            ["the empty string", "", '""'],
            ["a role's name", "cni", '"cni"'],
            ["a user's ARN", "arn:aws:iam::111122223333:user/cni", '"arn:aws:iam::111122223333:user/cni"'],
            ["true", true, "true"],
        ],
    },
    {
        argument: "roleName",
        expected: "1 to 64 letters, digits and + = , . @ _ -",
        fix: "change the name, or omit roleName for a generated one",
        accepted: [
            ["1 character", "a"],
            ["64 characters", "a".repeat(64)],
            ["every sign", "Aa0+=,.@_-"],
            ["null, which counts as not given", null],
            ["undefined", undefined],
        ],
        refused: [
            ["0 characters", "", '""'],
            ["65 characters", "a".repeat(65), `"${"a".repeat(65)}"`],
            ["a space", "a b", '"a b"'],
            ["a slash", "a/b", '"a/b"'],
            ["a line break at the end", "a\n", '"a\\n"'],
            ["a letter beyond ASCII", "rôle", '"rôle"'],
            ["a colon", "a:b", '"a:b"'],
            ["a number", 5, "5"],
            ["a list", ["a"], '["a"]'],
            ["false", false, "false"],
        ],
    },
    {
        argument: "rolePath",
        expected: "a path that starts and ends with /, of at most 512 printable ASCII characters (! to ~, no spaces)",
        fix: 'write it like "/eks/", or omit rolePath for "/"',
        accepted: [
            ["the root", "/"],
            ["two levels", "/eks/cni/"],
            ["the outermost characters", "/!~/"],
            ["512 characters", `/${"a".repeat(510)}/`],
        ],
        refused: [
            ["the empty string", "", '""'],
            ["nothing between the slashes", "//", '"//"'],
            ["no slash at the beginning", "eks/", '"eks/"'],
            ["no slash at the end", "/eks", '"/eks"'],
            ["a space", "/e s/", '"/e s/"'],
            ["a character beyond ~", "/é/", '"/é/"'],
            ["513 characters", `/${"a".repeat(511)}/`, `"/${"a".repeat(118)}… (515 characters)`],
            ["a number", 1, "1"],
        ],
    },
    {
        argument: "roleDescription",
        expected: "at most 1000 characters of Latin-1",
        fix: "shorten it, or remove the characters that are not Latin-1",
        accepted: [
            ["0 characters", ""],
            ["1000 characters", "a".repeat(1000)],
            ["the first and the last of each range", "\t\n\r ~\u00A1\u00FF"],
        ],
        refused: [
            ["1001 characters", "a".repeat(1001), `"${"a".repeat(119)}… (1003 characters)`],
            ["a character beyond Latin-1", "\u0100", '"\u0100"'],
            ["the character below ¡", "\u00A0", '"\u00A0"'],
            ["the character above ~", "\u007F", '"\u007F"'],
            ["a control character", "\u000B", '"\\u000b"'],
            ["a number", 1, "1"],
        ],
    },
    {
        argument: "permissionsBoundary",
        ...MANAGED_POLICY,
        accepted: [
            ["a policy of the account", "arn:aws:iam::111122223333:policy/boundary"],
            ["a policy of AWS", "arn:aws:iam::aws:policy/PowerUserAccess"],
        ],
        refused: [
            ["the empty string", "", '""'],
            ["a policy's name", "boundary", '"boundary"'],
            ["a role's ARN", "arn:aws:iam::111122223333:role/cni", '"arn:aws:iam::111122223333:role/cni"'],
            ["a number", 1, "1"],
        ],
    },
    {
        argument: "maxSessionDuration",
        expected: "a whole number of seconds from 3600 to 43200",
        fix: "choose 1 to 12 hours, or omit maxSessionDuration for 1 hour",
        accepted: [
            ["1 hour", 3600],
            ["12 hours", 43200],
        ],
        refused: [
            ["a second less than 1 hour", 3599, "3599"],
            ["a second more than 12 hours", 43201, "43201"],
            ["a fraction", 3600.5, "3600.5"],
            ["a string", "3600", '"3600"'],
            ["not a number", NaN, "NaN"],
            ["infinity", Infinity, "Infinity"],
        ],
    },
    {
        argument: "additionalPolicyArns",
        path: "additionalPolicyArns[0]",
        ...MANAGED_POLICY,
        accepted: [
            ["none", []],
            ["a policy of the account", ["arn:aws:iam::111122223333:policy/a"]],
            ["a policy of AWS", ["arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"]],
        ],
        refused: [
            ["the empty string", [""], '""'],
            ["a policy's name", ["a"], '"a"'],
            ["a number", [4], "4"],
        ],
    },
    {
        argument: "additionalPolicyArns",
        path: "additionalPolicyArns[0]",
        expected: "ARNs of managed policies",
        fix: "remove the empty member",
        accepted: [],
        refused: [
            ["undefined in the list", [undefined], "nothing"],
            ["null in the list", [null], "nothing"],
        ],
    },
    {
        argument: "additionalPolicyArns",
        path: "additionalPolicyArns[2]",
        expected: "each member once",
        fix: "remove one of them",
        accepted: [["two policies", policies("a", "b")]],
        refused: [
            [
                "the same policy twice",
                policies("a", "b", "a"),
                '"arn:aws:iam::111122223333:policy/a", the same as additionalPolicyArns[0]',
            ],
        ],
    },
    {
        argument: "additionalPolicyArns",
        plain: true,
        expected: "at most 24 policies (a role can have at most 25)",
        fix: "merge some of them",
        accepted: [["24 policies", policies(...numbers(24))]],
        refused: [["25 policies", policies(...numbers(25)), "25 policies"]],
    },
];

function policies(...names: string[]): string[] {
    return names.map((name) => `arn:aws:iam::111122223333:policy/${name}`);
}

function numbers(count: number): string[] {
    return Array.from({ length: count }, (_, i) => `p${String(i)}`);
}
