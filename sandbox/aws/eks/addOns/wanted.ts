import type { AddOn } from "./addOn";
import type { AddOnBehavior } from "./behavior";
import { environmentOf } from "./configuration";
import type { Installation } from "./installer";
import type { UpdateAddOn } from "./requests";

/** The values of an add-on that an update sets. */
export type AddOnValues = Pick<AddOn, "addonVersion" | "serviceAccountRoleArn" | "configurationValues">;

/**
 * The values after an update. Without a role in the request, the pods use the permissions of the node role; without a version, the add-on
 * keeps its own: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html
 */
export function valuesAfter(
    before: AddOnValues,
    asked: UpdateAddOn,
    { configurationLeftOut }: Pick<AddOnBehavior, "configurationLeftOut">,
): AddOnValues {
    const leftOut = configurationLeftOut === "kept" ? before.configurationValues : undefined;
    return {
        addonVersion: asked.addonVersion ?? before.addonVersion,
        serviceAccountRoleArn: asked.serviceAccountRoleArn,
        configurationValues: asked.configurationValues ?? leftOut,
    };
}

/**
 * Whether EKS restarts the pods for an update. For associations it does: https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html ("Amazon
 * EKS initiates a rolling restart"). A version or a configuration changes the DaemonSet's template, which restarts them anyway.
 */
export function isRestartDue(
    before: AddOnValues,
    asked: UpdateAddOn,
    { restartsPods }: Pick<AddOnBehavior, "restartsPods">,
): boolean {
    const isRoleChanged = before.serviceAccountRoleArn !== asked.serviceAccountRoleArn;
    return asked.podIdentityAssociations !== undefined || (restartsPods && isRoleChanged);
}

export function installationOf(values: AddOnValues, restartedAt: string | undefined): Installation {
    return {
        version: values.addonVersion,
        env: environmentOf(values.configurationValues),
        ...(values.serviceAccountRoleArn !== undefined && { roleArn: values.serviceAccountRoleArn }),
        ...(restartedAt !== undefined && { restartedAt }),
    };
}
