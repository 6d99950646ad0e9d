/**
 * The annotations that the Amazon EKS pod identity webhook reads from a service account.
 *
 * Source: https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/README.md and `pkg/annotations.go` there
 */
export const WEBHOOK_PREFIX = "eks.amazonaws.com/";
export const ROLE_ARN_ANNOTATION = `${WEBHOOK_PREFIX}role-arn`;
export const AUDIENCE_ANNOTATION = `${WEBHOOK_PREFIX}audience`;
export const STS_REGIONAL_ENDPOINTS_ANNOTATION = `${WEBHOOK_PREFIX}sts-regional-endpoints`;
export const TOKEN_EXPIRATION_ANNOTATION = `${WEBHOOK_PREFIX}token-expiration`;

/**
 * The pod label and the pod annotation that exclude a pod, or some of its containers, from the webhook.
 *
 * Source: `pkg/handler/handler.go` of the webhook
 */
export const SKIP_WEBHOOK_LABEL = `${WEBHOOK_PREFIX}skip-pod-identity-webhook`;
export const SKIP_CONTAINERS_ANNOTATION = `${WEBHOOK_PREFIX}skip-containers`;

/**
 * The annotations that control how the Kubernetes provider applies a patch. They stay on the live object.
 *
 * Source: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
 */
export const PATCH_CONTROL_PREFIX = "pulumi.com/";
export const PATCH_FIELD_MANAGER_ANNOTATION = `${PATCH_CONTROL_PREFIX}patchFieldManager`;
export const PATCH_FORCE_ANNOTATION = `${PATCH_CONTROL_PREFIX}patchForce`;
export const SKIP_AWAIT_ANNOTATION = `${PATCH_CONTROL_PREFIX}skipAwait`;

/**
 * The digest of what was delivered. Without live checks it is on the DaemonSet's pod template, where a new value makes the DaemonSet replace
 * its pods. With live checks it is on the DaemonSet itself, where it restarts nothing.
 */
export const ROLLOUT_ANNOTATION = "eks-cni/delivered";

/** Written to the DaemonSet itself, to make its controller reconcile it. */
export const WAKE_MARK_ANNOTATION = "eks-cni/woken-at";

/**
 * Set on the service account by a component without live checks.
 *
 * Turning the live checks off deletes their resources, as destroy does. They leave the pods on the role only where they see this
 * annotation, and a note of the same run (handover/engine/runNotes.ts).
 */
export const LIVE_CHECKS_ANNOTATION = "eks-cni/live-checks";
export const LIVE_CHECKS_OFF = "off";

/**
 * Limits of the token's lifetime, in seconds.
 *
 * The API server refuses a pod whose token would live for less than ten minutes, and the webhook raises a lower value to that
 * (`MinTokenExpiration` in its pkg/constants.go; one hour in releases before 2023). EKS issues no token for longer than 24 hours
 * ("24hrs as that is max for EKS" there), and shortens a higher value silently.
 */
export const MIN_TOKEN_EXPIRATION_SECONDS = 600;
export const MAX_TOKEN_EXPIRATION_SECONDS = 86400;

export interface Delivered {
    roleArn: string;
    /** Unset, or null from an empty output: no annotation, so the webhook's own default applies. */
    stsRegionalEndpoints?: boolean | null;
    /** Seconds. Unset or null: no annotation, so the webhook's own default (86400) applies. */
    tokenExpirationSeconds?: number | null;
}

/** The annotations that deliver a role to a service account. */
export function serviceAccountAnnotations(delivered: Delivered): Record<string, string> {
    const { roleArn, stsRegionalEndpoints, tokenExpirationSeconds } = delivered;
    return {
        [ROLE_ARN_ANNOTATION]: roleArn,
        ...(stsRegionalEndpoints === undefined || stsRegionalEndpoints === null
            ? {}
            : { [STS_REGIONAL_ENDPOINTS_ANNOTATION]: String(stsRegionalEndpoints) }),
        ...(tokenExpirationSeconds === undefined || tokenExpirationSeconds === null
            ? {}
            : { [TOKEN_EXPIRATION_ANNOTATION]: String(tokenExpirationSeconds) }),
    };
}
