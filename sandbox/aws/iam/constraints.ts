import { AwsError, constraintError, validationError } from "../errors";
import { limitRefusal, type Limits, type Range, rangeRefusal } from "../limits";

type Parameters = ReadonlyMap<string, string>;

const namePattern = { test: /^[\w+=,.@-]+$/, text: "[\\w+=,.@-]+" };

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, API_CreatePolicy.html,
// API_CreateInstanceProfile.html, API_PutRolePolicy.html, API_AttachRolePolicy.html
export const limits: Readonly<Record<string, Limits>> = {
    RoleName: { pattern: namePattern, minLength: 1, maxLength: 64 },
    PolicyName: { pattern: namePattern, minLength: 1, maxLength: 128 },
    InstanceProfileName: { pattern: namePattern, minLength: 1, maxLength: 128 },
    PolicyArn: { minLength: 20, maxLength: 2048 },
    PermissionsBoundary: { minLength: 20, maxLength: 2048 },
    OpenIDConnectProviderArn: { minLength: 20, maxLength: 2048 },
    Url: { minLength: 1, maxLength: 255 },
    // API_SetDefaultPolicyVersion.html. The pattern limits the length enough.
    VersionId: {
        pattern: { test: /^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$/, text: "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?" },
        maxLength: 64,
    },
};
// The description of a role has a pattern, that of a policy has none.
export const roleDescription: Limits = {
    pattern: {
        test: /^[\t\n\r\u0020-\u007E\u00A1-\u00FF]*$/,
        text: "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
    },
    maxLength: 1000,
};
export const policyDescription: Limits = { maxLength: 1000 };

/** Refuses a call by its parameters alone. */
export function parameterRefusal(action: string, parameters: Parameters): AwsError | undefined {
    const description = action.includes("Role") ? roleDescription : policyDescription;
    for (const [name, value] of parameters) {
        const rule = name === "Description" ? description : limits[name];
        const refusal = rule && limitRefusal(lowerFirst(name), value, rule);
        if (refusal) {
            return refusal;
        }
    }
    return pathRefusal(parameters.get("Path")) ?? durationRefusal(parameters) ?? tagRefusal(parameters);
}

/** "/" or "/…/", printable ASCII, at most 512 characters (API_CreateRole.html, Path). */
function pathRefusal(path: string | undefined): AwsError | undefined {
    if (path === undefined || (path.length <= 512 && /^\/(?:[\u0021-\u007E]+\/)?$/.test(path))) {
        return undefined;
    }
    return validationError(
        "The specified value for path is invalid. It must begin and end with / and contain only " +
            "alphanumeric characters and/or / characters.",
    );
}

/** API_CreateRole.html, MaxSessionDuration. */
export const sessionDuration: Range = { min: 3600, max: 43200 };

function durationRefusal(parameters: Parameters): AwsError | undefined {
    const value = parameters.get("MaxSessionDuration");
    return value === undefined ? undefined : rangeRefusal("maxSessionDuration", value, sessionDuration);
}

export const tagPatterns = {
    key: { test: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u, text: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+" },
    value: { test: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, text: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*" },
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html (limits of tags) */
function tagRefusal(parameters: Parameters): AwsError | undefined {
    const keys = [...parameters].filter(([name]) => /^Tags\.member\.\d+\.Key$/.test(name));
    const values = [...parameters].filter(([name]) => /^Tags\.member\.\d+\.Value$/.test(name));
    if (keys.length > 50) {
        const text = `[${keys.map(([, key]) => key).join(", ")}]`;
        return constraintError(text, "tags", "Member must have length less than or equal to 50");
    }
    for (const [name, key] of keys) {
        const refusal = limitRefusal(tagMember(name), key, { pattern: tagPatterns.key, minLength: 1, maxLength: 128 });
        if (refusal) {
            return refusal;
        }
        if (/^aws:/i.test(key)) {
            return new AwsError("InvalidInput", "aws: prefixed tag key names are not allowed for external use.", 400);
        }
    }
    for (const [name, value] of values) {
        const refusal = limitRefusal(tagMember(name), value, { pattern: tagPatterns.value, maxLength: 256 });
        if (refusal) {
            return refusal;
        }
    }
    return new Set(keys.map(([, key]) => key.toLowerCase())).size < keys.length
        ? new AwsError("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400)
        : undefined;
}

/** IAM's messages call "Tags.member.2.Key" "tags.2.member.key". */
function tagMember(name: string): string {
    const [, , index = "", part = ""] = name.split(".");
    return `tags.${index}.member.${lowerFirst(part)}`;
}

function lowerFirst(name: string): string {
    return name.charAt(0).toLowerCase() + name.slice(1);
}
