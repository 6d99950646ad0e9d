import type { AwsAccess } from "../aws/awsAccess";
import { connectAws } from "../aws/connectAws";
import type { ClusterAccess } from "../kubernetes/clusterAccess";
import { DEFAULT_SETTINGS, IMPATIENT_SETTINGS } from "../kubernetes/clusterSettings";
import { connectCluster } from "../kubernetes/connectCluster";
import { unreadableKubeconfig } from "../kubernetes/unreadableKubeconfig";
import type { ConnectionInputs } from "../model/connection";
import { emergencyCommand, inAnEmergency } from "../model/emergency";
import { HandOverRecord, subjectOf } from "../model/record";
import { refusals } from "../model/refusals";
import type { Subject } from "../model/subject";
import type { TurningOff } from "../model/turningOff";

/** Everything that a run works with: the subject, the cluster, the account, and the clock. */
export interface RunContext {
    readonly subject: Subject;
    readonly cluster: ClusterAccess;
    readonly aws: AwsAccess;
    /** Node roles to read in addition to the roles of the cluster's nodes. */
    readonly roleNames: readonly string[];
    /** The regions in which instances may use the node roles. Missing: all enabled ones. */
    readonly regions?: readonly string[];
    readonly now: () => number;
    readonly sleep: (milliseconds: number) => Promise<void>;
    /** Shows a line to the user. */
    readonly progress: (line: string) => void;
    /** Shows a line as a warning. Missing where warnings are shown as other lines. */
    readonly warn?: (line: string) => void;
    /** Aborted when the engine cancels the run: the run starts no further step. */
    readonly cancelled?: AbortSignal;
    /** Whether this run's program turns the live checks off. */
    readonly turningOff?: TurningOff;
}

/** The context that an engine binding passes to each operation of a live check. */
export interface OperationContext {
    /** Shows a line to the user. */
    readonly progress: (line: string) => void;
    /** Shows a line as a warning. Missing where warnings are shown as other lines. */
    readonly warn?: (line: string) => void;
    /** Aborted when the engine cancels the operation. */
    readonly cancelled?: AbortSignal;
    /** Whether this run's program turns off the live checks of the component with this field manager. */
    readonly turningOff?: (fieldManager: string) => TurningOff | undefined;
    /** Whether the inputs are those of the state, as for a delete and a refresh. */
    readonly fromState?: boolean;
    /** Opens the run context. Defaults to openRunContext; tests pass their own. */
    readonly open?: (
        inputs: ConnectionInputs,
        roleNames: readonly string[],
        operation: OperationContext,
        impatient?: boolean,
    ) => Promise<RunContext>;
}

/**
 * Prepares the connections to the cluster and to the account. Sends no request yet.
 *
 * @param impatient Whether to fail early rather than retry for long, as a preview and `forceDestroy` do.
 */
export async function openRunContext(
    { subject, kubeconfig, context, aws, region, regions, record }: RecordedInputs,
    roleNames: readonly string[],
    operation: OperationContext,
    impatient = false,
): Promise<RunContext> {
    const connection = {
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        ...(operation.fromState === undefined ? {} : { fromState: operation.fromState }),
    };
    return {
        subject,
        cluster: await connectCluster(
            connection,
            subject,
            impatient ? IMPATIENT_SETTINGS : DEFAULT_SETTINGS,
            operation.progress,
            record && inAnEmergency(emergencyCommand(subject, record)),
        ).catch(unreadableKubeconfig),
        aws: connectAws(aws ?? {}, { impatient, ...(region === undefined ? {} : { region }) }),
        roleNames,
        ...(regions === undefined ? {} : { regions }),
        now: Date.now,
        sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
        progress: operation.progress,
        ...(operation.warn === undefined ? {} : { warn: operation.warn }),
        ...(operation.cancelled === undefined ? {} : { cancelled: operation.cancelled }),
    };
}

/** Shows a line as a warning, as far as the engine binding can. */
export function warn({ progress, warn: show = progress }: Pick<RunContext, "progress" | "warn">, line: string): void {
    show(line);
}

/** The inputs of a live check. With a record, a renamed component continues under the names in it. */
export type RecordedInputs = ConnectionInputs & { readonly record?: HandOverRecord };

/** Opens a run context for `use` and closes it in every case: an open watch would keep the process running. */
export async function withRunContext<T>(
    inputs: RecordedInputs,
    roleNames: readonly string[],
    operation: OperationContext,
    use: (context: RunContext) => Promise<T>,
    impatient = false,
): Promise<T> {
    const { record, subject } = inputs;
    const known = record === undefined ? inputs : { ...inputs, subject: subjectOf(record, subject) };
    const context = await (operation.open ?? openRunContext)(known, roleNames, operation, impatient);
    const turningOff = operation.turningOff?.(known.subject.fieldManager);
    const informed = {
        ...context,
        ...(turningOff === undefined ? {} : { turningOff }),
    };
    try {
        return await unlessCancelled(use(informed), operation.cancelled);
    } finally {
        context.cluster.close();
    }
}

/** Stops waiting for the work when the operation is cancelled. The loop starts no further step then. */
async function unlessCancelled<T>(work: Promise<T>, cancelled: AbortSignal | undefined): Promise<T> {
    if (cancelled === undefined) {
        return work;
    }
    let stop: () => void = () => undefined;
    const end = new Promise<never>((_, reject) => {
        stop = () => reject(refusals.cancelled());
        cancelled.addEventListener("abort", stop);
    });
    if (cancelled.aborted) {
        stop();
    }
    try {
        return await Promise.race([work, end]);
    } finally {
        cancelled.removeEventListener("abort", stop);
    }
}
