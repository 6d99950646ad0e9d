import * as pulumi from "@pulumi/pulumi";
import type { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { DEFAULT_TIMEOUTS } from "./defaults";

/**
 * A start of the plugin that fails ends after about this time, by the liveness probe; then its container starts again: amazon-vpc-cni-k8s
 * config/master/aws-k8s-cni.yaml, livenessProbe (60 s, and three failures 10 s apart).
 */
const FAILED_START_SECONDS = 90;

/** Warns of time limits of a component with live checks that do not do what they seem to. */
export function warnOfTimeouts(
    component: pulumi.ComponentResource,
    { rollout, timeouts }: CniServiceAccountRoleArgs,
): void {
    // The live checks restart the pods, and the provider waits for none. Other languages pass null for an argument that is not given.
    if ((rollout?.timeoutSeconds ?? undefined) !== undefined) {
        void pulumi.log.warn(
            "rollout.timeoutSeconds has no effect with live checks. timeouts.canarySeconds limits how long each pod may take.",
            component,
        );
    }
    const canarySeconds = timeouts?.canarySeconds ?? DEFAULT_TIMEOUTS.canarySeconds;
    if (canarySeconds < FAILED_START_SECONDS) {
        void pulumi.log.warn(
            `timeouts.canarySeconds is ${String(canarySeconds)}. A start of the plugin that fails takes about ${String(FAILED_START_SECONDS)} s, so a pod that would work ` +
                `in its second start counts as failed. Set it to more, or omit it for ${String(DEFAULT_TIMEOUTS.canarySeconds)}.`,
            component,
        );
    }
}
