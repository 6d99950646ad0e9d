import * as pulumi from "@pulumi/pulumi";
import {
    LIVE_CHECKS_ANNOTATION,
    LIVE_CHECKS_OFF,
    PATCH_FIELD_MANAGER_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";
import { enginePort, leaveNote } from "../../handover/engine/runNotes";
import { hasEngine, resourceHook } from "../failures/namedHooks";

/** Of the inputs or the outputs of the patch. */
interface Metadata {
    readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Tells former live checks that this update annotates the service account, before it does so. Only a hook sees the inputs of before
 * and after, and no destroy calls it.
 *
 * Source: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
 */
export function noteAnnotation(): pulumi.ResourceHookBinding {
    const hook = resourceHook("without-live-checks", (change) => noteBeforeChange(change, thisEngine()));
    return hook === undefined ? {} : { beforeCreate: [hook], beforeUpdate: [hook] };
}

/**
 * Leaves the note if the change adds the annotation.
 *
 * @throws If an update cannot leave it: the live checks would hand back while the state says that the pods carry the role. A patch that
 * is created has no live checks before it, except after a run that was killed, and they then hand back safely.
 */
export function noteBeforeChange(
    { oldInputs, newInputs }: Pick<pulumi.ResourceHookArgs, "oldInputs" | "newInputs">,
    engine: string | undefined,
): void {
    const [before, after] = [annotationsOf(oldInputs), annotationsOf(newInputs)];
    if (before[LIVE_CHECKS_ANNOTATION] !== LIVE_CHECKS_OFF && after[LIVE_CHECKS_ANNOTATION] === LIVE_CHECKS_OFF) {
        const leave = () => leaveNote(managerOf(after), engine, "annotated");
        if (oldInputs === undefined) {
            ignoreFailure(leave);
        } else {
            leave();
        }
    }
}

/** Tells former live checks that the program registers the component without them, whether or not the patch changes. */
export function noteRegistration(metadata: pulumi.Output<Metadata>): void {
    if (!hasEngine() || pulumi.runtime.isDryRun()) {
        return;
    }
    metadata.apply(({ annotations = {} }) =>
        ignoreFailure(() => leaveNote(managerOf(annotations), thisEngine(), "registered")),
    );
}

/** Most components without live checks never had any, and need no note. */
function ignoreFailure(leave: () => void): void {
    try {
        leave();
    } catch (error) {
        void pulumi.log.debug(`eks-cni left no note: ${String(error)}`);
    }
}

function annotationsOf(inputs: unknown): Readonly<Record<string, string>> {
    return (inputs as { readonly metadata?: Metadata } | undefined)?.metadata?.annotations ?? {};
}

/** A renamed component keeps the field manager that the live checks know. */
function managerOf(annotations: Readonly<Record<string, string>>): string {
    return annotations[PATCH_FIELD_MANAGER_ANNOTATION] ?? "";
}

function thisEngine(): string | undefined {
    const target = (pulumi.runtime.getEngine() as unknown as Client | undefined)?.getChannel().getTarget();
    return target === undefined ? undefined : enginePort([target]);
}

/** https://grpc.github.io/grpc/node/grpc.Client.html */
interface Client {
    getChannel(): { getTarget(): string };
}
