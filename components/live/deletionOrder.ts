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
 */
export function createDeletionOrder(component: string, { dependsOn, ...opts }: DependentOptions): DeletionOrder[] {
    const links: DeletionOrder[] = [];
    for (let layer = 1; layer <= LAYERS_WITHOUT_GUARD; layer += 1) {
        links.push(
            new DeletionOrder(`${component}-deletion-order-${String(layer)}`, {
                ...opts,
                dependsOn: links.at(-1) ?? dependsOn,
            }),
        );
    }
    return links;
}

/** Role, IPv6 policy, attachment, the patch of the service account, the patch of the DaemonSet. */
const LAYERS_WITHOUT_GUARD = 5;

type DependentOptions = Pick<CustomResourceOptions, "parent" | "dependsOn">;
