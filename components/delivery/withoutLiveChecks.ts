import * as pulumi from "@pulumi/pulumi";
import {
    LIVE_CHECKS_ANNOTATION,
    LIVE_CHECKS_OFF,
    PATCH_FIELD_MANAGER_ANNOTATION,
    ROLE_ARN_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import type { TurningOff } from "../../handover/model/turningOff";
import { knownPartOf } from "../arguments/validateArguments";
import { beforeChange, hasEngine, resourceHook } from "../failures/namedHooks";
import type { Shape } from "../shape";

type Annotations = Readonly<Record<string, string>>;

/** Of the inputs or the outputs of the patch. */
interface Metadata {
    readonly annotations?: Annotations;
}

/** A change of the patch, as a hook gets it. */
type Change = Pick<pulumi.ResourceHookArgs, "oldInputs" | "newInputs">;

/**
 * Refuses to turn the live checks off while policies are detached from node roles, in a preview too: without them, no run would attach these again.
 *
 * A hook of the component, whose outputs say what the last update has left. It fails before the engine saves anything, so that the next run is
 * refused, too: before a hook of a child is called, the engine has saved the component without these outputs. A failed update leaves none, either.
 * Then the live checks attach the policies as they are deleted. With `external`, they hand back as on destroy.
 *
 * Source: https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/step.go (UpdateStep)
 */
export function refuseWhileDetached({
    serviceAccountPatch,
}: Pick<Shape, "serviceAccountPatch">): pulumi.ResourceHookBinding {
    const refuse: pulumi.ResourceHookFunction = async ({ oldOutputs = {} }) => {
        const { detachedFrom } = (await knownPartOf(oldOutputs)) as { readonly detachedFrom?: readonly string[] };
        if (detachedFrom !== undefined && detachedFrom.length > 0) {
            const { refusals } = await import("../../handover/model/refusals");
            throw refusals.turnedOffWhileDetached(detachedFrom);
        }
    };
    const hook = serviceAccountPatch ? resourceHook("refuse-while-detached", refuse, { onDryRun: true }) : undefined;
    return hook === undefined ? {} : { beforeUpdate: [hook] };
}

/**
 * Tells former live checks that this update annotates the service account, before it does so. Only a hook sees the inputs of before
 * and after, and no destroy calls it.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function noteAnnotation({ role }: Pick<Shape, "role">): pulumi.ResourceHookBinding {
    return beforeChange("without-live-checks", async (change) => {
        await refuseAnotherRole(change);
        await noteBeforeChange(change, thisEngine(), role ? "annotated" : "annotatedExistingRole");
    });
}

/**
 * Refuses to turn the live checks off in the update that brings another role. No live check would watch the pods, and an injection
 * guard would still be there and refuse them. Without a rollout, the engine would delete the role that pods carry.
 */
export async function refuseAnotherRole({ oldInputs, newInputs }: Change): Promise<void> {
    const [before, after] = [annotationsOf(oldInputs), annotationsOf(newInputs)];
    const { [ROLE_ARN_ANNOTATION]: former } = before;
    const { [ROLE_ARN_ANNOTATION]: roleArn = "" } = after;
    if (isTurnedOff(before, after) && former !== undefined && former !== roleArn) {
        const { refusals } = await import("../../handover/model/refusals");
        throw refusals.replacedAsTurnedOff(former, roleArn);
    }
}

/**
 * Leaves the note if the change adds the annotation.
 *
 * Fails if an update cannot leave it: the live checks would hand back while the state says that the pods carry the role. A patch that
 * is created has no live checks before it, except after a run that was killed, and they then hand back safely.
 */
export async function noteBeforeChange(
    { oldInputs, newInputs }: Change,
    engineAddress: string | undefined,
    turningOff: TurningOff,
): Promise<void> {
    const after = annotationsOf(newInputs);
    if (isTurnedOff(annotationsOf(oldInputs), after)) {
        const left = leave(after, engineAddress, turningOff);
        await (oldInputs === undefined ? left.catch(logFailure) : left);
    }
}

function isTurnedOff(before: Annotations, after: Annotations): boolean {
    return before[LIVE_CHECKS_ANNOTATION] !== LIVE_CHECKS_OFF && after[LIVE_CHECKS_ANNOTATION] === LIVE_CHECKS_OFF;
}

/** Tells former live checks that the program registers the component without them, whether or not the patch changes. */
export function noteRegistration(metadata: pulumi.Output<Metadata>): void {
    if (hasEngine() && !pulumi.runtime.isDryRun()) {
        // Most components without live checks never had any, and need no note.
        metadata.apply(({ annotations = {} }) => leave(annotations, thisEngine(), "registered").catch(logFailure));
    }
}

/** A renamed component keeps the field manager that the live checks know. */
async function leave(
    { [PATCH_FIELD_MANAGER_ANNOTATION]: manager = "" }: Annotations,
    engineAddress: string | undefined,
    turningOff: TurningOff,
): Promise<void> {
    const { enginePort, leaveNote } = await import("../../handover/engine/runNotes");
    leaveNote(manager, enginePort(engineAddress === undefined ? [] : [engineAddress]), turningOff);
}

function annotationsOf(inputs: unknown): Annotations {
    return (inputs as { readonly metadata?: Metadata } | undefined)?.metadata?.annotations ?? {};
}

function logFailure(error: unknown): void {
    void pulumi.log.debug(`eks-cni left no note: ${String(error)}`);
}

function thisEngine(): string | undefined {
    return (pulumi.runtime.getEngine() as unknown as Client | undefined)?.getChannel().getTarget();
}

/** https://grpc.github.io/grpc/node/grpc.Client.html */
interface Client {
    getChannel(): { getTarget(): string };
}
