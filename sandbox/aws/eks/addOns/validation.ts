import { AwsError } from "../../errors";
import { vpcCni } from "./addOn";
import { configurationRefusal } from "./configuration";
import type { CreateAddOn, UpdateAddOn } from "./requests";
import { versionRefusal, versionStepRefusal } from "./versions";

/** botocore's model of EKS (service-2.json), RoleArn; its least length of 1 is refused as another account's role, see below. */
export const roleArnLimits = { minLength: 1, maxLength: 255 };

/** botocore's model of EKS (service-2.json), ResolveConflicts. */
export const resolveConflicts = ["OVERWRITE", "NONE", "PRESERVE"] as const;

/** botocore's model of EKS (service-2.json), TagMap. */
export const tagsLimits = { min: 1, max: 50 };

/** Refuses CreateAddon by its parameters alone. */
export function createRefusal(asked: CreateAddOn, accountId: string): AwsError | undefined {
    if (!asked.addonName) {
        return invalidParameter("addonName: value is a required property.");
    }
    const tags = Object.keys(asked.tags ?? {}).length;
    return tags > tagsLimits.max
        ? invalidParameter(`tags: must have at most ${tagsLimits.max} entries, and has ${tags}.`)
        : refusal(asked.addonName, asked, accountId);
}

/** Refuses UpdateAddon by its parameters, and by the version that the add-on has. */
export function updateRefusal(
    { addonName, addonVersion }: { readonly addonName: string; readonly addonVersion: string },
    asked: UpdateAddOn,
    accountId: string,
): AwsError | undefined {
    const step = asked.addonVersion ?? addonVersion;
    return (
        refusal(addonName, asked, accountId) ??
        (addonName === vpcCni ? versionStepRefusal(addonVersion, step) : undefined)
    );
}

function refusal(addonName: string, asked: UpdateAddOn, accountId: string): AwsError | undefined {
    const { resolveConflicts: conflicts, serviceAccountRoleArn, addonVersion, configurationValues } = asked;
    if (conflicts !== undefined && !resolveConflicts.includes(conflicts)) {
        return invalidParameter(`resolveConflicts: must be one of ${resolveConflicts.join(", ")}.`);
    }
    return (
        (serviceAccountRoleArn === undefined ? undefined : roleRefusal(serviceAccountRoleArn, accountId)) ??
        (addonVersion === undefined ? undefined : versionRefusal(addonVersion)) ??
        (configurationValues === undefined || addonName !== vpcCni
            ? undefined
            : configurationRefusal(configurationValues)) ??
        asked.podIdentityAssociations
            ?.map(({ roleArn }) => roleRefusal(roleArn, accountId))
            .find((found) => found !== undefined)
    );
}

/**
 * An empty role is refused as a role of another account. Wording: https://github.com/hashicorp/terraform-provider-aws/issues/30645. Its code
 * is not known from a source; it is that of all refused rights.
 */
function roleRefusal(roleArn: string, accountId: string): AwsError | undefined {
    if (roleArn.length > roleArnLimits.maxLength) {
        return invalidParameter(`serviceAccountRoleArn: must have at most ${roleArnLimits.maxLength} characters.`);
    }
    return /^arn:[\w-]+:iam::(\d{12}):role\/./.exec(roleArn)?.[1] === accountId
        ? undefined
        : new AwsError("AccessDeniedException", "Cross-account pass role is not allowed.", 403);
}

/** The words of these refusals are not known from a source. */
function invalidParameter(message: string): AwsError {
    return new AwsError("InvalidParameterException", message, 400);
}
