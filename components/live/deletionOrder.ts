import type { CustomResourceOptions } from "@pulumi/pulumi";
import { DeletionOrder } from "./liveResources";

/**
 * The links of the chain that the credential guard depends on.
 *
 * The engine deletes in layers: a resource goes one layer before the deepest of its dependencies that go, too. A role that the program
 * no longer creates (`existingRoleArn`), or that a failed update has replaced, is in no dependency of the guard, so that its attachment
 * would go before the hand-back. The same goes for the patches after a run that was killed while it turned the live checks off. So the
 * guard has as many layers below it as the other children can have without it.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step_generator.go (ScheduleDeletes)
 *
 * @param hasRole Whether the links depend on the component's role and its attachments, so that only the patches' layers remain.
 */
export function createDeletionOrder(
    component: string,
    hasRole: boolean,
    { dependsOn, ...opts }: DependentOptions,
): DeletionOrder[] {
    const links: DeletionOrder[] = [];
    for (let layer = 1; layer <= PATCHES + (hasRole ? 0 : ROLE_AND_POLICIES); layer += 1) {
        links.push(
            new DeletionOrder(`${component}-deletion-order-${String(layer)}`, {
                ...opts,
                dependsOn: links.at(-1) ?? dependsOn,
            }),
        );
    }
    return links;
}

/** The layers of the role, of its IPv6 policy, and of its attachments. */
const ROLE_AND_POLICIES = 3;
/** Those of the patch of the service account (or its association), and of the patch of the DaemonSet. */
const PATCHES = 2;

type DependentOptions = Pick<CustomResourceOptions, "parent" | "dependsOn">;
