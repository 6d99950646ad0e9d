import * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import { withKnownPart } from "../arguments/validateArguments";

/** The service account and the provider that the role's trust policy names. */
export interface Trusted {
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly oidcProviderArn: pulumi.Output<string>;
}

/**
 * The `replacementTrigger` of the role. If it differs from the last update, the engine replaces the role. A trust policy that
 * changed in place would cut off the pods that carry the role, before anything is proved. An additional provider does not affect
 * those pods, so it is not part of the trigger.
 *
 * Null if a preview does not know the value. The engine does not treat null as a change.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go (shouldTriggerReplace)
 */
export function trustChange(trusted: Trusted): pulumi.Output<string | null> {
    // Passed as separate Outputs, so that an unknown one does not hide the other.
    return withKnownPart({ ...trusted }, (known) => {
        const { namespace, name } = (known["serviceAccount"] ?? {}) as Readonly<Record<string, unknown>>;
        const parts = [known["oidcProviderArn"], namespace, name];
        return Promise.resolve(parts.every((part) => typeof part === "string") ? parts.join(" ") : null);
    });
}
