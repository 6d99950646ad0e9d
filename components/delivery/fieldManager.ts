import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { PATCH_FIELD_MANAGER_ANNOTATION, PATCH_FORCE_ANNOTATION } from "../../documents/serviceAccountAnnotations";

/** Kubernetes' limit: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
const MAX_LENGTH = 128;

/**
 * The field manager of a component's patches. It is the same in each run, unique to the component, and recognisable in
 * `kubectl get --show-managed-fields`. Without a fixed name a patch gets a random one, which no message could explain.
 */
export function fieldManager(component: string, project = pulumi.getProject(), stack = pulumi.getStack()): string {
    const manager = `eks-cni/${project}/${stack}/${component}`;
    if (manager.length <= MAX_LENGTH) {
        return manager;
    }
    const digest = createHash("sha256").update(manager).digest("hex").slice(0, 16);
    return `${manager.slice(0, MAX_LENGTH - digest.length - 1)}-${digest}`;
}

/**
 * The `ignoreChanges` of a patch. A renamed component (or stack) keeps the field manager that owns its annotations. Under a new
 * one it would conflict with its own earlier writes.
 */
export const PATCH_IGNORE_CHANGES = [`metadata.annotations["${PATCH_FIELD_MANAGER_ANNOTATION}"]`];

/**
 * The annotations that tell the Kubernetes provider how to apply a patch.
 *
 * Source: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
 */
export function patchControl(
    component: string,
    force: pulumi.Input<boolean> = false,
): Record<string, pulumi.Input<string>> {
    return {
        [PATCH_FIELD_MANAGER_ANNOTATION]: fieldManager(component),
        ...(force === false
            ? {}
            : { [PATCH_FORCE_ANNOTATION]: force === true ? "true" : pulumi.output(force).apply(trueOrNothing) }),
    };
}

/** A value of undefined is no annotation. */
const trueOrNothing = (force: boolean) => (force ? "true" : undefined) as string;
