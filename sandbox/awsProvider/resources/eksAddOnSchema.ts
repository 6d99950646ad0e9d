import type { Addon, PodIdentityAssociation } from "@aws-sdk/client-eks";
import {
    blocks,
    boolean,
    notImplemented,
    output,
    regionProperty,
    Schema,
    string,
    tagProperties,
} from "../bridge/schema";
import { arn, length, matches, oneOf } from "../bridge/validators";
import { asString, defined, Value, ValueMap } from "../bridge/values";

/** internal/verify/validate.go, ValidARN, accepts the empty text, which is Terraform's "not set". */
const roleArn = (value: Value): string | undefined => (value === "" ? undefined : arn(value));

/** terraform-provider-aws internal/service/eks/addon.go, resourceAddon. The real provider of this SDK also has namespaceConfig. */
export const schema: Schema = {
    addonName: string({ required: true, forceNew: true, validate: length(1, Infinity) }),
    addonVersion: string({
        computed: true,
        validate: matches(
            /^v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/,
            "must follow semantic version format",
        ),
    }),
    arn: output(),
    clusterName: string({ required: true, forceNew: true, validate: length(1, 100) }),
    configurationValues: string({ computed: true }),
    createdAt: output(),
    modifiedAt: output(),
    namespaceConfig: notImplemented,
    podIdentityAssociations: blocks("set", {
        roleArn: string({ required: true, validate: roleArn }),
        serviceAccount: string({ required: true }),
    }),
    preserve: boolean(),
    ...regionProperty,
    resolveConflictsOnCreate: string({ validate: oneOf("NONE", "OVERWRITE") }),
    resolveConflictsOnUpdate: string({ validate: oneOf("OVERWRITE", "NONE", "PRESERVE") }),
    serviceAccountRoleArn: string({ validate: roleArn }),
    ...tagProperties,
};

/** AWS does not return how conflicts are resolved and whether the objects are preserved: the program's values are kept. */
export function describeAddOn(
    actual: Addon,
    associations: readonly PodIdentityAssociation[],
    prior: ValueMap | undefined,
): ValueMap {
    const kept = ["preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"].map(
        (key): [string, Value | undefined] => [key, prior?.[key]],
    );
    return defined({
        addonName: actual.addonName,
        addonVersion: actual.addonVersion,
        arn: actual.addonArn,
        clusterName: actual.clusterName,
        configurationValues: actual.configurationValues ?? "",
        createdAt: rfc3339(actual.createdAt),
        modifiedAt: rfc3339(actual.modifiedAt),
        podIdentityAssociations: associations.map((one) =>
            defined({ roleArn: one.roleArn, serviceAccount: one.serviceAccount }),
        ),
        ...Object.fromEntries(kept),
        serviceAccountRoleArn: asString(actual.serviceAccountRoleArn),
    });
}

/** As Go's time.RFC3339 writes it, without fractions of a second. */
function rfc3339(time: Date | undefined): string | undefined {
    return time?.toISOString().replace(/\.\d+Z$/, "Z");
}
