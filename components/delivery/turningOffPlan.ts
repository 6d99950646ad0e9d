import * as pulumi from "@pulumi/pulumi";
import { ROLLOUT_ANNOTATION, SKIP_AWAIT_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { resourceHook } from "../failures/namedHooks";

type Annotations = Readonly<Record<string, string>>;

/** The inputs of a DaemonSetPatch, as a hook gets them. */
interface Patch {
    readonly metadata?: { readonly annotations?: Annotations };
    readonly spec?: { readonly template?: { readonly metadata?: { readonly annotations?: Annotations } } };
}

/**
 * Says in a preview what an update does to the pods that turns the live checks off. The component has no plan without live checks, and only
 * a hook sees that there were some.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function planTurningOff(component: pulumi.Resource): pulumi.ResourceHookBinding {
    const show = async ({ oldInputs, newInputs }: Pick<pulumi.ResourceHookArgs, "oldInputs" | "newInputs">) => {
        const plan = turningOffPlan(oldInputs as Patch | undefined, newInputs as Patch | undefined);
        if (plan !== undefined) {
            await pulumi.log.info(plan, component);
        }
    };
    const hook = pulumi.runtime.isDryRun() ? resourceHook("plan-turning-off", show, { onDryRun: true }) : undefined;
    return hook === undefined ? {} : { beforeUpdate: [hook] };
}

/** Undefined if the patch had no live checks before. */
export function turningOffPlan(before: Patch | undefined, after: Patch | undefined): string | undefined {
    if (before?.metadata?.annotations?.[SKIP_AWAIT_ANNOTATION] !== "true") {
        return undefined;
    }
    const pods =
        templateDigest(before) === templateDigest(after)
            ? "[no-restart] No pod restarts."
            : "[restart] The pod template changes, so that the DaemonSet's rolling update restarts every pod once, within maxUnavailable. " +
              "No live check watches it. Under the update strategy OnDelete, no pod restarts by itself.";
    return ["Plan for the cluster:", pods, "[live-checks-off] The live checks end."].join("\n  ");
}

function templateDigest(patch: Patch | undefined): string | undefined {
    return patch?.spec?.template?.metadata?.annotations?.[ROLLOUT_ANNOTATION];
}
