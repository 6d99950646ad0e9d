import * as pulumi from "@pulumi/pulumi";
import { createHash } from "crypto";
import { PATCH_FIELD_MANAGER_ANNOTATION, PATCH_FORCE_ANNOTATION } from "../../documents/serviceAccountAnnotations";

/** Kubernetes' limit: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers */
const MAX_LENGTH = 128;

/**
 * The field manager under which a component writes: the same in each run, another for each component, and recognisable in
 * `kubectl get --show-managed-fields`. A patch without a fixed one gets a random name, which no message could explain.
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
 * What an update of a patch leaves as it was: a component (or a stack) that is renamed goes on under the field manager that
 * owns its annotations. Under another one it would be in conflict with its former self.
 */
export const KEPT_BY_A_PATCH = [`metadata.annotations["${PATCH_FIELD_MANAGER_ANNOTATION}"]`];

/**
 * The annotations that tell the Kubernetes provider how to apply a patch.
 *
 * Source: https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/
 */
export function patchControl(component: string, force: boolean): Record<string, string> {
    return {
        [PATCH_FIELD_MANAGER_ANNOTATION]: fieldManager(component),
        ...(force ? { [PATCH_FORCE_ANNOTATION]: "true" } : {}),
    };
}
