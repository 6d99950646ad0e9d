import { parseRoleArn } from "../../documents/arn";
import { isRefusal, NoConnection, Refusal } from "../model/refusal";
import {
    type OperationContext,
    type RecordedInputs,
    type RunContext,
    warn,
    withRunContext,
} from "../observe/runContext";
import { type LiveInputs, NO_DRIFT } from "./liveResource";

/** A deleted cluster fails with one of these codes. So does one behind a lost VPN, or one that rejects the caller. */
const NO_ACCESS_TO_THE_CLUSTER = [
    "cluster-unreachable",
    "cluster-credentials-missing",
    "cluster-credentials-expired",
    "cluster-credentials-refused",
    "cluster-access-denied",
    "kubeconfig-invalid",
];

/**
 * Whether the cluster no longer exists. Throws if that is unknown.
 *
 * EKS's word counts always. That no server answers counts only if the user says so, too: a lost VPN looks the same. A server that
 * rejects the credentials is not gone, and without credentials nothing is known about it.
 *
 * @param forced Whether the program sets `forceDestroy`.
 */
export async function isClusterGone(context: RunContext, forced: boolean): Promise<boolean> {
    try {
        await context.cluster.identity();
        return false;
    } catch (error) {
        const gone = await whyGone(context, error, forced);
        if (gone !== undefined) {
            context.progress(
                gone === "unanswered" ? forcedWithoutAnswer(error) : `${goneByEks(context)}: nothing to restore`,
            );
            return true;
        }
        throw isWithoutAccess(error) ? clusterUnavailable(error, context.subject.clusterName, forced) : error;
    }
}

/**
 * Looks at the cluster for a refresh, and shows each reason why the next update has something to repair. If the cluster no longer exists, the state
 * stays as it is: a `pulumi destroy --refresh` then still has the record when it deletes.
 */
export async function refresh(
    state: LiveInputs & RecordedInputs,
    roleNames: readonly string[],
    operation: OperationContext,
    find: (context: RunContext) => Promise<readonly string[]>,
): Promise<string> {
    return withRunContext(state, roleNames, operation, async (context) => {
        try {
            const found = await find(context);
            found.forEach((drift) => warn(context, drift));
            return found.length === 0 ? NO_DRIFT : found.join(" ");
        } catch (error) {
            const gone = await whyGone(context, error, state.forceDestroy);
            if (gone === undefined) {
                throw error;
            }
            const seen =
                gone === "unanswered" ? "forceDestroy is set, and the cluster does not answer" : goneByEks(context);
            warn(
                context,
                `${seen}: the refresh looks at nothing, and pulumi destroy restores nothing. If the refresh fails because the Kubernetes provider ` +
                    "cannot reach the cluster, run pulumi destroy without --refresh, or (only if the cluster is gone) set PULUMI_K8S_DELETE_UNREACHABLE=true",
            );
            return state.drift;
        }
    });
}

/** Why a cluster counts as gone that fails with this error. Undefined if it does not. */
async function whyGone(
    context: RunContext,
    error: unknown,
    forced: boolean,
): Promise<"unanswered" | "unknownToEks" | undefined> {
    if (!isWithoutAccess(error)) {
        return undefined;
    }
    if (forced && error instanceof NoConnection) {
        return "unanswered";
    }
    return (await eksSaysGone(context)) ? "unknownToEks" : undefined;
}

function isWithoutAccess(error: unknown): error is Refusal {
    return isRefusal(error, ...NO_ACCESS_TO_THE_CLUSTER);
}

function forcedWithoutAnswer(error: unknown): string {
    const seen = isRefusal(error) ? error.seen : "";
    return `forceDestroy is set, and the cluster does not answer: nothing is restored. ${seen}`;
}

const goneByEks = ({ subject }: RunContext) => `The EKS cluster ${subject.clusterName ?? ""} no longer exists`;

/** In another account than the role's, EKS does not know the cluster either. */
async function eksSaysGone({ subject, aws }: RunContext): Promise<boolean> {
    const { clusterName, issuers, roleArn } = subject;
    return (
        clusterName !== undefined &&
        (await aws.clusterStatus(clusterName, issuers[0])) === "gone" &&
        (await aws.callerAccount()) === parseRoleArn(roleArn)?.accountId
    );
}

function clusterUnavailable({ code, seen, means, fix }: Refusal, clusterName = "CLUSTER", forced: boolean): Refusal {
    return new Refusal(
        code,
        seen,
        `${means} The cluster's pods may still carry the role, so nothing was removed.`,
        forced
            ? `forceDestroy looks at the cluster first, and counts it as gone only if no server answers, or if EKS says so. ${fix} After a ` +
                  "change of the argument kubeconfig, run pulumi up first. Then run pulumi destroy again."
            : "Restore access to the cluster, and run pulumi destroy again (after a change of the argument kubeconfig, run pulumi up " +
                  `first). ${fix} If the cluster no longer exists (aws eks describe-cluster --name ${clusterName} answers ` +
                  "ResourceNotFoundException), set forceDestroy: true, run pulumi up, then pulumi destroy.",
    );
}
