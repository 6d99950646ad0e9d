import { PATCH_CONTROL_PREFIX } from "../../documents/serviceAccountAnnotations";

/**
 * Server-side apply of what this component owns: https://kubernetes.io/docs/reference/using-api/server-side-apply/
 * An apply says all that its field manager wants; what it wanted before and leaves out now is given up, and goes when nobody else
 * owns it. An apply would also create what is not there: the UID in it keeps it from that (apiserver
 * pkg/endpoints/handlers/patch.go, "uid mismatch").
 */
import type { ConfigurationOptions } from "@kubernetes/client-node";
import type { Subject } from "../model/subject";
import { refusals } from "../model/refusals";
import type { Cluster } from "./clusterClient";
import { WOKEN_AT } from "./daemonSet";
import { Declined, unlessGone } from "./clusterErrors";
import { appliedBy } from "./serviceAccount";

/** Sets annotations of the service account; the control annotations stay, since the program's patch still wants them. */
export async function annotate(
    cluster: Cluster,
    subject: Subject,
    annotations: Readonly<Record<string, string>>,
    force: boolean,
): Promise<void> {
    const { metadata } = (await readServiceAccount(cluster, subject)) ?? {};
    if (metadata === undefined) {
        throw refusals.serviceAccountMissing(subject);
    }
    const ours = appliedBy(metadata.managedFields ?? [], subject.fieldManager);
    const control = Object.entries(metadata.annotations ?? {}).filter(
        ([key]) => key.startsWith(PATCH_CONTROL_PREFIX) && ours.includes(key),
    );
    try {
        await applyServiceAccount(
            cluster,
            subject,
            { uid: metadata.uid, annotations: { ...Object.fromEntries(control), ...annotations } },
            force,
        );
    } catch (error) {
        if (error instanceof Declined) {
            throw error.conflicts.length > 0
                ? refusals.annotationOwned(subject, ownersOf(error))
                : refusals.serviceAccountMissing(subject);
        }
        throw error;
    }
}

/**
 * Gives up all that the component owns of the service account. What is to be left there gets another owner first, so that it
 * is never missing in between.
 */
export async function releaseServiceAccount(
    cluster: Cluster,
    subject: Subject,
    leaving: Readonly<Record<string, string>>,
): Promise<void> {
    const uid = (await readServiceAccount(cluster, subject))?.metadata?.uid;
    if (uid === undefined) {
        return;
    }
    if (Object.keys(leaving).length > 0) {
        const another = { ...subject, fieldManager: LEAVING_MANAGER };
        await unlessReplaced(applyServiceAccount(cluster, another, { uid, annotations: leaving }, true));
    }
    await unlessReplaced(applyServiceAccount(cluster, subject, { uid }, false));
}

/** Owns what the component found on the service account and leaves there. */
const LEAVING_MANAGER = "eks-cni-hand-back";

/** Gives up all that the component owns of the DaemonSet. */
export function releaseTemplate(cluster: Cluster, subject: Subject): Promise<void> {
    const { daemonSetName: name, serviceAccount, fieldManager } = subject;
    const { namespace } = serviceAccount;
    const metadata = { name, namespace };
    const saying = (uid: string) => ({ apiVersion: "apps/v1", kind: "DaemonSet", metadata: { ...metadata, uid } });
    return patchDaemonSet(cluster, subject, saying, fieldManager, cluster.asApply);
}

/** After a pod was refused its controller waits longer and longer; a changed DaemonSet is looked at right away. */
export function wakeDaemonSet(cluster: Cluster, subject: Subject): Promise<void> {
    return writeWokenAt(cluster, subject, new Date().toISOString());
}

export function removeWakeMark(cluster: Cluster, subject: Subject): Promise<void> {
    return writeWokenAt(cluster, subject, null);
}

/** Not under the component's own manager: an apply of the program's patch would take it off in the middle of a hand-over. */
const WAKING_MANAGER = "eks-cni-wake";

function writeWokenAt(cluster: Cluster, subject: Subject, value: string | null): Promise<void> {
    const saying = (uid: string) => ({ metadata: { uid, annotations: { [WOKEN_AT]: value } } });
    return patchDaemonSet(cluster, subject, saying, WAKING_MANAGER, cluster.asMerge);
}

/** Patches the one that is there. What was deleted in the meantime, or made anew, has nothing of ours. */
async function patchDaemonSet(
    cluster: Cluster,
    subject: Subject,
    saying: (uid: string) => object,
    fieldManager: string,
    as: ConfigurationOptions,
): Promise<void> {
    const { namespace } = subject.serviceAccount;
    const name = subject.daemonSetName;
    const uid = (await readDaemonSet(cluster, subject))?.metadata?.uid;
    if (uid === undefined) {
        return;
    }
    const patch = { name, namespace, body: saying(uid), fieldManager };
    await unlessReplaced(
        cluster.ask(
            { verb: "patch", resource: "daemonsets.apps", namespace, name },
            cluster.apps.patchNamespacedDaemonSet(patch, as),
        ),
    );
}

function readServiceAccount(cluster: Cluster, { serviceAccount }: Subject) {
    return unlessGone(
        cluster.ask(
            { verb: "get", resource: "serviceaccounts", ...serviceAccount },
            cluster.core.readNamespacedServiceAccount({ ...serviceAccount }),
        ),
    );
}

function readDaemonSet(cluster: Cluster, { serviceAccount: { namespace }, daemonSetName: name }: Subject) {
    return unlessGone(
        cluster.ask(
            { verb: "get", resource: "daemonsets.apps", namespace, name },
            cluster.apps.readNamespacedDaemonSet({ namespace, name }),
        ),
    );
}

function applyServiceAccount(
    cluster: Cluster,
    { serviceAccount, fieldManager }: Subject,
    metadata: { readonly uid?: string; readonly annotations?: Readonly<Record<string, string>> },
    force: boolean,
): Promise<unknown> {
    const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...serviceAccount, ...metadata } };
    return cluster.ask(
        { verb: "patch", resource: "serviceaccounts", ...serviceAccount },
        cluster.core.patchNamespacedServiceAccount({ ...serviceAccount, body, fieldManager, force }, cluster.asApply),
    );
}

/** What was deleted in the meantime, or made anew, has nothing of ours. */
async function unlessReplaced(writing: Promise<unknown>): Promise<void> {
    try {
        await writing;
    } catch (error) {
        if (!(error instanceof Declined && error.conflicts.length === 0)) {
            throw error;
        }
    }
}

/** apiserver: `conflict with "kubectl-annotate" using v1` (structured-merge-diff, Conflicts.Error). */
function ownersOf({ conflicts }: Declined): string[] {
    return conflicts.map(({ message }) => /conflict with "([^"]*)"/.exec(message)?.[1] ?? message);
}
