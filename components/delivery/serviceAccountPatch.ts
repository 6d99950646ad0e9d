import type { ServiceAccountPatch } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import {
    LIVE_CHECKS_ANNOTATION,
    LIVE_CHECKS_OFF,
    ROLE_ARN_ANNOTATION,
    STS_REGIONAL_ENDPOINTS_ANNOTATION,
    TOKEN_EXPIRATION_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { ServiceAccountName } from "../../documents/trustPolicy";
import { ValidArgs } from "../arguments/validArgs";
import { serviceAccountAdvice } from "../failures/failureAdvice";
import { explainFailures } from "../failures/failureHooks";
import { bothHooks } from "../failures/namedHooks";
import { sdks } from "../providerSdks";
import type { Shape } from "../shape";
import { PATCH_IGNORE_CHANGES, patchControl } from "./fieldManager";
import type { PatchOptions } from "./rollout";
import { noteAnnotation, noteRegistration } from "./withoutLiveChecks";

/**
 * Annotates the service account with server-side apply. Every other field keeps its owner, and destroy removes only the
 * annotations.
 */
export function annotateServiceAccount(
    name: string,
    args: ValidArgs,
    serviceAccount: pulumi.Output<ServiceAccountName>,
    annotations: pulumi.Output<Record<string, string>>,
    shape: Pick<Shape, "role" | "liveChecks" | "daemonSetPatch">,
    opts: PatchOptions,
): ServiceAccountPatch {
    const patch = new (sdks.core().ServiceAccountPatch)(
        `${name}-service-account`,
        {
            metadata: {
                namespace: serviceAccount.namespace,
                name: serviceAccount.name,
                annotations: {
                    ...eachByItself(args, annotations),
                    ...(shape.liveChecks ? {} : { [LIVE_CHECKS_ANNOTATION]: LIVE_CHECKS_OFF }),
                    ...patchControl(name, args.overrideExistingServiceAccount),
                },
            },
        },
        {
            ...opts,
            ignoreChanges: PATCH_IGNORE_CHANGES,
            hooks: {
                ...explainFailures(serviceAccountAdvice, opts.parent),
                ...(shape.liveChecks ? {} : bothHooks(opts.hooks, noteAnnotation(shape))),
            },
        },
    );
    if (!shape.liveChecks) {
        noteRegistration(patch.metadata);
    }
    return patch;
}

/**
 * The same annotations with an Output for each value. As a whole they are unknown while the role is, and the engine would warn that it
 * cannot ignore changes of an annotation in something unknown (PATCH_IGNORE_CHANGES).
 */
function eachByItself(
    { stsRegionalEndpoints, tokenExpirationSeconds }: ValidArgs,
    annotations: pulumi.Output<Record<string, string>>,
): Record<string, pulumi.Output<string>> {
    const names = [
        ROLE_ARN_ANNOTATION,
        ...(stsRegionalEndpoints === undefined ? [] : [STS_REGIONAL_ENDPOINTS_ANNOTATION]),
        ...(tokenExpirationSeconds === undefined ? [] : [TOKEN_EXPIRATION_ANNOTATION]),
    ];
    // A value of undefined is no annotation: the argument was an Output that resolved to nothing.
    return Object.fromEntries(
        names.map((annotation) => [annotation, annotations.apply((all) => all[annotation] as string)]),
    );
}
