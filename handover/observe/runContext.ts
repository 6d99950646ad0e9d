import { connectAws } from "../aws/connectAws";
import { connectCluster } from "../kubernetes/connectCluster";
import { DEFAULT_SETTINGS, IMPATIENT_SETTINGS } from "../kubernetes/clusterSettings";
import { isRefusal, Site } from "../run/loop";
import { HandOverRecord, subjectOf } from "../model/record";
import { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import type { Door, LiveInputs } from "../run/liveResource";

/** How a site is reached, and what is done there. */
export type SiteInputs = Pick<LiveInputs, "subject" | "kubeconfig" | "context" | "aws" | "region">;

/**
 * Connects to the cluster and to the account. Nothing is asked of them yet. Whoever is impatient does without an answer rather than
 * wait for it.
 */
export async function openSite(
    inputs: SiteInputs,
    roleNames: readonly string[],
    door: Door,
    impatient = false,
): Promise<Site> {
    const { subject, kubeconfig, context, aws, region } = inputs;
    const connection = {
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
    };
    return {
        subject,
        cluster: await connectCluster(connection, subject, impatient ? IMPATIENT_SETTINGS : DEFAULT_SETTINGS),
        aws: connectAws(aws ?? {}, { impatient, ...(region === undefined ? {} : { region }) }),
        roleNames,
        now: Date.now,
        sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
        progress: door.progress,
        ...(door.cancelled === undefined ? {} : { cancelled: door.cancelled }),
    };
}

/** Of a live check that knows the record, by which a component that was renamed goes on under its first names. */
type RecordedInputs = LiveInputs & { readonly record?: HandOverRecord };

/** Uses a site, and lets go of it whatever happened: an open watch would keep the process. */
export async function withSite<T>(
    inputs: RecordedInputs,
    roleNames: readonly string[],
    door: Door,
    use: (site: Site) => Promise<T>,
): Promise<T> {
    const { record, subject } = inputs;
    const known = record === undefined ? inputs : { ...inputs, subject: subjectOf(record, subject) };
    const site = await (door.open ?? openSite)(known, roleNames, door);
    try {
        return await unlessCancelled(use(site), door.cancelled);
    } finally {
        site.cluster.close();
    }
}

/** What waits is not waited for; it begins with nothing else: see loop.ts. */
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

/** As of a cluster that is gone, but also as of one that is there. */
const NO_WAY_TO_THE_CLUSTER = [
    "cluster-unreachable",
    ...["cluster-credentials-missing", "cluster-credentials-expired", "cluster-credentials-refused"],
];

/**
 * Uses a site on the way back, where a cluster that is gone is no obstacle. That it does not answer is not enough: a lost VPN
 * looks the same. Either AWS says that it is gone, or the operator does, by forceDestroy.
 */
export async function withSiteUnlessGone(
    inputs: RecordedInputs,
    roleNames: readonly string[],
    door: Door,
    use: (site: Site) => Promise<void>,
): Promise<void> {
    const { subject, forceDestroy } = inputs;
    if (forceDestroy) {
        door.progress("forceDestroy is set: nothing is looked at, and nothing is given back");
        return;
    }
    await withSite(inputs, roleNames, door, async (site) => {
        try {
            await site.cluster.identity();
        } catch (error) {
            if (!isRefusal(error, ...NO_WAY_TO_THE_CLUSTER)) {
                throw error;
            }
            if (subject.clusterName !== undefined && (await site.aws.clusterStatus(subject.clusterName)) === "gone") {
                door.progress(`EKS has no cluster ${subject.clusterName} any more: there is nothing to give back`);
                return;
            }
            throw clusterAwayAtDestroy(error);
        }
        await use(site);
    });
}

function clusterAwayAtDestroy({ code, seen, means }: Refusal): Refusal {
    return new Refusal(
        code,
        seen,
        `${means} Its pods may still carry the role, so nothing was taken away.`,
        "Reach the cluster again (kubeconfig), and destroy again. If the cluster is gone for good: set forceDestroy: true, run pulumi up, then pulumi destroy.",
    );
}
