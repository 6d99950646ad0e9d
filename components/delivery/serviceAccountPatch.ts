import type { ServiceAccountPatch } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { LIVE_CHECKS_ANNOTATION, LIVE_CHECKS_OFF } from "../../documents/serviceAccountAnnotations";
import { ServiceAccountName } from "../../documents/trustPolicy";
import { ValidArgs } from "../arguments/validArgs";
import { serviceAccountAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { sdks } from "../providerSdks";
import { PATCH_IGNORE_CHANGES, patchControl } from "./fieldManager";

/**
 * Annotates the service account with server-side apply. Every other field keeps its owner, and destroy removes only the
 * annotations.
 */
export function annotateServiceAccount(
    name: string,
    args: ValidArgs,
    serviceAccount: pulumi.Output<ServiceAccountName>,
    annotations: pulumi.Output<Record<string, string>>,
    live: boolean,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Input<pulumi.CustomResource[]>; retainOnDelete?: boolean },
): ServiceAccountPatch {
    return new (sdks.core().ServiceAccountPatch)(
        `${name}-service-account`,
        {
            metadata: {
                namespace: serviceAccount.namespace,
                name: serviceAccount.name,
                annotations: pulumi
                    .all([annotations, args.overrideExistingServiceAccount ?? false])
                    .apply(([delivered, force]) => ({
                        ...delivered,
                        ...(live ? {} : { [LIVE_CHECKS_ANNOTATION]: LIVE_CHECKS_OFF }),
                        ...patchControl(name, force),
                    })),
            },
        },
        { ...opts, ignoreChanges: PATCH_IGNORE_CHANGES, hooks: explainFailures(serviceAccountAdvice, opts.parent) },
    );
}
