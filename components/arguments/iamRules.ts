import { parseOidcProviderArn, parsePolicyArn, parseRoleArn } from "../../documents/arn";
import { Problem, show } from "./problem";
import { isKnown, isObject, isString, Rule, ruleOf, text, wholeNumber } from "./rule";

/**
 * IAM's rules for its parameters.
 *
 * Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html (patterns and lengths),
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
 */

const MAX_TAGS = 50;

export const roleName = text(
    "1 to 64 letters, digits and + = , . @ _ -",
    /^[\w+=,.@-]{1,64}$/,
    "change the name, or omit roleName for a generated one",
);

export const rolePath = ruleOf(
    "a path that starts and ends with /, of at most 512 printable ASCII characters (! to ~, no spaces)",
    isString,
    (value) => value.length <= 512 && /^\/(?:[!-~]+\/)?$/.test(value),
    'write it like "/eks/", or omit rolePath for "/"',
);

export const roleDescription = text(
    "at most 1000 characters of Latin-1",
    /^[\t\n\r\u0020-\u007E\u00A1-\u00FF]{0,1000}$/,
    "shorten it, or remove the characters that are not Latin-1",
);

export const maxSessionDuration = wholeNumber(
    "a whole number of seconds from 3600 to 43200",
    3600,
    43200,
    "choose 1 to 12 hours, or omit maxSessionDuration for 1 hour",
);

export const managedPolicyArn = ruleOf(
    "the ARN of a managed policy",
    isString,
    (value) => parsePolicyArn(value) !== undefined,
    "write it like arn:aws:iam::111122223333:policy/NAME, or arn:aws:iam::aws:policy/NAME",
);

export const oidcProviderArn = ruleOf(
    "the ARN of an IAM OIDC provider",
    isString,
    (value) => parseOidcProviderArn(value) !== undefined,
    "write it like arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE " +
        "(aws iam list-open-id-connect-providers shows yours)",
);

export const roleArn = ruleOf(
    "the ARN of an IAM role",
    isString,
    (value) => parseRoleArn(value) !== undefined,
    "write it like arn:aws:iam::111122223333:role/NAME (aws iam get-role --role-name NAME shows it)",
);

export const tags: Rule = (value, path) => {
    if (!isKnown(value)) {
        return [];
    }
    if (!isObject(value)) {
        return [{ path, expected: "an object of keys and values", got: show(value), fix: 'write { team: "network" }' }];
    }
    const keys = Object.keys(value);
    return [
        ...tooMany(keys, path),
        ...caseInsensitiveDuplicates(keys, path),
        ...keys.flatMap((key) => tag(key, value[key], `${path}[${JSON.stringify(key)}]`)),
    ];
};

function tooMany(keys: string[], path: string): Problem[] {
    const got = `${String(keys.length)} tags`;
    return keys.length <= MAX_TAGS
        ? []
        : [{ path, expected: `at most ${String(MAX_TAGS)} tags`, got, fix: "remove some; default tags count too" }];
}

/** Tag keys of roles are case-insensitive: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html */
function caseInsensitiveDuplicates(keys: string[], path: string): Problem[] {
    const folded = keys.map((key) => key.toLowerCase());
    return keys.flatMap((key, i) => {
        const first = keys[folded.indexOf(key.toLowerCase())];
        const expected = "keys that differ by more than case";
        return first === undefined || first === key
            ? []
            : [
                  {
                      path: `${path}[${JSON.stringify(keys[i])}]`,
                      expected,
                      got: show([first, key]),
                      fix: "keep one of them",
                  },
              ];
    });
}

/** The characters that IAM allows in the key and the value of a tag: letters, digits, spaces and some signs. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function tag(key: string, value: unknown, path: string): Problem[] {
    const problems: Problem[] = [];
    if (/^aws:/i.test(key)) {
        problems.push({ path, expected: "a key that does not start with aws:", got: show(key), fix: "rename the tag" });
    }
    if (key.length < 1 || key.length > 128 || !TAG_TEXT.test(key)) {
        const expected = "a key of 1 to 128 letters, digits, spaces and _ . : / = + - @";
        problems.push({ path, expected, got: show(key), fix: "rename the tag" });
    }
    const valueProblem = ruleOf(
        "a value of at most 256 letters, digits, spaces and _ . : / = + - @",
        isString,
        (v) => v.length <= 256 && TAG_TEXT.test(v),
        "change the value",
    );
    return [...problems, ...valueProblem(value, path)];
}
