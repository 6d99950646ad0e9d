import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { ROLLOUT_ANNOTATION, SKIP_AWAIT_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { DEFAULT_DAEMON_SET, DEFAULT_ROLLOUT_SECONDS } from "../arguments/defaults";
import { ValidArgs } from "../arguments/validArgs";
import { rolloutAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { sdks } from "../providerSdks";
import { CniRole } from "../role/cniRole";
import { PATCH_IGNORE_CHANGES, patchControl } from "./fieldManager";

/** The name of the DaemonSet whose pods use the service account. */
export function daemonSetNameOf({ rollout }: ValidArgs): pulumi.Output<string> {
    const name = rollout?.apply(({ daemonSetName }) => daemonSetName ?? DEFAULT_DAEMON_SET);
    return name ?? pulumi.output(DEFAULT_DAEMON_SET);
}

/**
 * Makes the DaemonSet replace its pods, a few at a time according to its update strategy, and waits for it. The webhook gives the
 * role only to new pods. (The EKS user guide deletes all pods at once instead.)
 */
export function rollOut(
    name: string,
    args: ValidArgs,
    namespace: pulumi.Output<string>,
    delivered: pulumi.Output<string>,
    { timeoutSeconds, carriedBefore, ...waiting }: Waiting,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Input<pulumi.CustomResource[]>; retainOnDelete?: boolean },
): pulumi.CustomResource {
    const timeout = `${String(timeoutSeconds ?? DEFAULT_ROLLOUT_SECONDS)}s`;
    const annotations = { ...patchControl(name, false), ...skipAwait(waiting) };
    return new (sdks.apps().DaemonSetPatch)(
        `${name}-daemon-set`,
        {
            metadata: { namespace, name: daemonSetNameOf(args), annotations },
            spec: {
                template: {
                    metadata: {
                        annotations: { [ROLLOUT_ANNOTATION]: rolloutAnnotationValue(carriedBefore, delivered) },
                    },
                },
            },
        },
        {
            ...opts,
            ignoreChanges: PATCH_IGNORE_CHANGES,
            customTimeouts: { create: timeout, update: timeout },
            hooks: explainFailures(rolloutAdvice, opts.parent),
        },
    );
}

/** How to wait for the rollout. */
interface Waiting {
    readonly timeoutSeconds: number | undefined;
    /** As the live checks read it. Undefined without live checks. */
    readonly updateStrategy: pulumi.Output<string | undefined> | undefined;
    /** How many NotReady nodes the live checks may skip. 0 without live checks. */
    readonly maxNotReadyNodes: number;
    /** Whether every pod already carried the role before the component, as the live checks saw it. */
    readonly carriedBefore: pulumi.Output<boolean | undefined> | undefined;
}

/** The rollout annotation, or nothing if no pod needs to restart: the DaemonSet restarts pods only if its template changes. */
export function rolloutAnnotationValue(
    carriedBefore: Waiting["carriedBefore"],
    delivered: pulumi.Output<string>,
): pulumi.Output<string> {
    const needed = pulumi.all([delivered, carriedBefore]).apply(([all, carried]) => (carried ? undefined : all));
    // An undefined annotation is omitted.
    return needed as pulumi.Output<string>;
}

/**
 * With OnDelete the DaemonSet replaces no pod by itself, and with any strategy it replaces none on a NotReady node, so the
 * provider would wait until its timeout. The live checks then restart the pods, and wait for all that count.
 *
 * Source: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/#pulumi-kubernetes-annotations
 */
export function skipAwait({
    updateStrategy,
    maxNotReadyNodes,
}: Pick<Waiting, "updateStrategy" | "maxNotReadyNodes">): Record<string, pulumi.Input<string>> {
    if (maxNotReadyNodes > 0) {
        return { [SKIP_AWAIT_ANNOTATION]: "true" };
    }
    const value = updateStrategy?.apply((strategy) => (strategy === "OnDelete" ? "true" : undefined));
    return value === undefined ? {} : { [SKIP_AWAIT_ANNOTATION]: value as pulumi.Output<string> };
}

/**
 * A digest of the role and its annotations. Pods restart only if it changes. It also changes for a role that was recreated
 * under the same name.
 */
export function deliveryDigest(
    { uniqueId }: CniRole,
    annotations: pulumi.Output<Record<string, string>>,
): pulumi.Output<string> {
    return pulumi.all([uniqueId ?? "", annotations]).apply(([id, delivered]) => digest(id, delivered));
}

export function digest(roleId: string, annotations: Record<string, string>): string {
    const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
    return createHash("sha256")
        .update(JSON.stringify([roleId, sorted]))
        .digest("hex")
        .slice(0, 16);
}
