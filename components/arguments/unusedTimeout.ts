import * as pulumi from "@pulumi/pulumi";
import type { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";

/** Warns of a time limit that limits nothing: with live checks, they restart the pods, and the provider waits for none. */
export function warnOfUnusedTimeout(component: pulumi.ComponentResource, { rollout }: CniServiceAccountRoleArgs): void {
    // Other languages pass null for an argument that is not given.
    if ((rollout?.timeoutSeconds ?? undefined) !== undefined) {
        void pulumi.log.warn(
            "rollout.timeoutSeconds has no effect with live checks. timeouts.canarySeconds limits how long each pod may take.",
            component,
        );
    }
}
