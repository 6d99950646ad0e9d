import type { V1ManagedFieldsEntry, V1ServiceAccount } from "@kubernetes/client-node";
import { PATCH_CONTROL_PREFIX, ROLE_ARN_ANNOTATION, WEBHOOK_PREFIX } from "../../documents/serviceAccountAnnotations";
import type { ServiceAccountSeen } from "../model/world";
import type { ClusterClock } from "./clusterClock";

export function serviceAccountSeen(
    live: V1ServiceAccount,
    ownAnnotations: readonly string[],
    clock: Pick<ClusterClock, "here">,
    fieldManager = "",
): ServiceAccountSeen {
    const { uid = "", annotations = {}, managedFields = [] } = live.metadata ?? {};
    const isRelevant = ([key]: [string, string]) =>
        key.startsWith(WEBHOOK_PREFIX) || key.startsWith(PATCH_CONTROL_PREFIX) || ownAnnotations.includes(key);
    return {
        uid,
        annotations: Object.fromEntries(Object.entries(annotations).filter(isRelevant)),
        roleArnOwners: ownersOf(managedFields, ROLE_ARN_ANNOTATION),
        ...appliersOf(managedFields),
        ...settingsOf(managedFields, fieldManager),
        ...since(managedFields, clock),
    };
}

function appliersOf(managedFields: readonly V1ManagedFieldsEntry[]): Pick<ServiceAccountSeen, "roleArnAppliers"> {
    const applied = managedFields.filter(({ operation }) => operation === "Apply");
    const roleArnAppliers = ownersOf(applied, ROLE_ARN_ANNOTATION);
    return roleArnAppliers.length === 0 ? {} : { roleArnAppliers };
}

function settingsOf(
    managedFields: readonly V1ManagedFieldsEntry[],
    fieldManager: string,
): Pick<ServiceAccountSeen, "ownSettings"> {
    const ownSettings = appliedBy(managedFields, fieldManager).filter(
        (name) => name.startsWith(WEBHOOK_PREFIX) && name !== ROLE_ARN_ANNOTATION,
    );
    return ownSettings.length === 0 ? {} : { ownSettings };
}

/** The time of an entry is that of the last change of any of its fields. All owners have the same value, so the first one tells its age. */
function since(
    managedFields: readonly V1ManagedFieldsEntry[],
    clock: Pick<ClusterClock, "here">,
): Pick<ServiceAccountSeen, "roleArnSince"> {
    const times = managedFields
        .filter((entry) => keysOf(entry, "f:annotations").includes(ROLE_ARN_ANNOTATION))
        .flatMap(({ time }) => (time === undefined ? [] : [clock.here(new Date(time))]));
    return times.length === 0 ? {} : { roleArnSince: Math.min(...times) };
}

/** The field managers that own an annotation: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
export function ownersOf(managedFields: readonly V1ManagedFieldsEntry[], annotation: string): string[] {
    const owners = managedFields.filter((entry) => keysOf(entry, "f:annotations").includes(annotation));
    return [...new Set(owners.map(({ manager }) => manager ?? ""))];
}

/** The annotations, or the labels, that a field manager has applied. */
export function appliedBy(
    managedFields: readonly V1ManagedFieldsEntry[],
    fieldManager: string,
    of: keyof MetadataFields = "f:annotations",
): string[] {
    return managedFields
        .filter(({ manager, operation }) => manager === fieldManager && operation === "Apply")
        .flatMap((entry) => keysOf(entry, of));
}

interface MetadataFields {
    "f:annotations"?: Record<string, unknown>;
    "f:labels"?: Record<string, unknown>;
}

function keysOf({ fieldsV1 }: V1ManagedFieldsEntry, of: keyof MetadataFields): string[] {
    const fields = (fieldsV1 as { "f:metadata"?: MetadataFields } | undefined)?.["f:metadata"]?.[of] ?? {};
    return Object.keys(fields)
        .filter((key) => key.startsWith("f:"))
        .map((key) => key.slice("f:".length));
}
