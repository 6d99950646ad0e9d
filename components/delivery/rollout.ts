import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import {
    ROLE_ARN_ANNOTATION,
    ROLLOUT_ANNOTATION,
    SKIP_AWAIT_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { DEFAULT_DAEMON_SET, DEFAULT_ROLLOUT_SECONDS } from "../arguments/defaults";
import { ValidArgs } from "../arguments/validArgs";
import { Delivery } from "../cniServiceAccountRoleArgs";
import { rolloutAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { sdks } from "../providerSdks";
import { CniRole } from "../role/cniRole";
import { PATCH_IGNORE_CHANGES, patchControl } from "./fieldManager";
import { planTurningOff } from "./turningOffPlan";

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
    timeoutSeconds: number | undefined,
    opts: PatchOptions,
): pulumi.CustomResource {
    const timeout = `${String(timeoutSeconds ?? DEFAULT_ROLLOUT_SECONDS)}s`;
    return new (sdks.apps().DaemonSetPatch)(
        `${name}-daemon-set`,
        {
            metadata: { namespace, name: daemonSetNameOf(args), annotations: patchControl(name, false) },
            spec: { template: { metadata: { annotations: { [ROLLOUT_ANNOTATION]: delivered } } } },
        },
        {
            ...opts,
            ignoreChanges: PATCH_IGNORE_CHANGES,
            customTimeouts: { create: timeout, update: timeout },
            hooks: { ...opts.hooks, ...explainFailures(rolloutAdvice, opts.parent), ...planTurningOff(opts.parent) },
        },
    );
}

/**
 * No more than this: for what is ignored and not owned by another field manager as it stands, the provider applies the live value. With `spec`,
 * the component would own the whole DaemonSet, and an upgrade of the CNI by another tool would conflict.
 *
 * Source: https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/await/await.go (handleSSAIgnoreFields)
 */
const IGNORED_TEMPLATE = `spec.template.metadata.annotations["${ROLLOUT_ANNOTATION}"]`;

/**
 * Notes on the DaemonSet what the live checks have rolled out. It restarts no pod, and waits for none.
 *
 * The pod template keeps what an earlier version, or the component without live checks, has written to it: a template that changes restarts
 * every pod. The provider does not wait for the DaemonSet, since one pod that is not Ready would make a refresh fail.
 *
 * Source: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/#pulumi-kubernetes-annotations
 */
export function noteRollout(
    name: string,
    args: ValidArgs,
    namespace: pulumi.Output<string>,
    delivered: pulumi.Output<string>,
    opts: PatchOptions,
): pulumi.CustomResource {
    const annotations = {
        ...patchControl(name, false),
        [SKIP_AWAIT_ANNOTATION]: "true",
        [ROLLOUT_ANNOTATION]: delivered,
    };
    return new (sdks.apps().DaemonSetPatch)(
        `${name}-daemon-set`,
        {
            metadata: { namespace, name: daemonSetNameOf(args), annotations },
            // The engine can ignore changes only of something whose parents exist.
            spec: { template: { metadata: { annotations: {} } } },
        },
        {
            ...opts,
            ignoreChanges: [...PATCH_IGNORE_CHANGES, IGNORED_TEMPLATE],
            hooks: explainFailures(rolloutAdvice, opts.parent),
        },
    );
}

/** The options of a patch. */
export interface PatchOptions {
    parent: pulumi.Resource;
    dependsOn: pulumi.Input<pulumi.CustomResource[]>;
    retainOnDelete?: boolean;
    hooks: pulumi.ResourceHookBinding;
}

/**
 * A digest of the role, its annotations and the delivery. The live checks look at the pods again only if it changes. It also changes for a role
 * that was recreated under the same name.
 */
export function deliveryDigest(
    { arn, uniqueId }: CniRole,
    annotations: pulumi.Output<Record<string, string>>,
    delivery: Delivery | undefined,
): pulumi.Output<string> {
    if (delivery === Delivery.PodIdentity) {
        // No annotation names the role then.
        return pulumi
            .all([uniqueId ?? "", arn])
            .apply(([id, roleArn]) => digest(id, { [ROLE_ARN_ANNOTATION]: roleArn }, delivery));
    }
    return pulumi.all([uniqueId ?? "", annotations]).apply(([id, delivered]) => digest(id, delivered, delivery));
}

/** The component's own annotation needs no word of its own: earlier versions knew no other delivery that restarts pods. */
export function digest(roleId: string, annotations: Record<string, string>, delivery?: Delivery): string {
    const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
    const by = delivery === undefined || delivery === Delivery.ServiceAccountPatch ? [] : [delivery];
    return createHash("sha256")
        .update(JSON.stringify([roleId, sorted, ...by]))
        .digest("hex")
        .slice(0, 16);
}
