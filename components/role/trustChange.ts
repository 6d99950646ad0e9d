import * as pulumi from "@pulumi/pulumi";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import { withKnownPart } from "../arguments/validateArguments";

/** Whom the role's trust policy lets in. */
export interface Trusted {
    readonly serviceAccount: pulumi.Output<ServiceAccountName>;
    readonly oidcProviderArn: pulumi.Output<string>;
}

/**
 * What the engine compares with the last update, to have another role take the place of this one where it differs: a trust policy
 * that changed in place would cut off the pods that carry the role, before anything is proved. One more provider changes
 * nothing for them, so it counts for nothing here.
 *
 * Null where a preview does not know it, which the engine takes for no reason to replace anything, and not for a change.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go (shouldTriggerReplace)
 */
export function trustChange(trusted: Trusted): pulumi.Output<string | null> {
    // Each by itself, so that what is not known of one does not hide the other.
    return withKnownPart({ ...trusted }, (known) => {
        const { namespace, name } = (known["serviceAccount"] ?? {}) as Readonly<Record<string, unknown>>;
        const parts = [known["oidcProviderArn"], namespace, name];
        return Promise.resolve(parts.every((part) => typeof part === "string") ? parts.join(" ") : null);
    });
}
