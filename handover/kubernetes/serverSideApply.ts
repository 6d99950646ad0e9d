import {
    PATCH_CONTROL_PREFIX,
    ROLE_ARN_ANNOTATION,
    SKIP_CONTAINERS_ANNOTATION,
    WAKE_MARK_ANNOTATION,
} from "../../documents/serviceAccountAnnotations";

/**
 * Server-side apply of the fields that the component owns: https://kubernetes.io/docs/reference/using-api/server-side-apply/
 *
 * An apply contains all fields that its field manager wants. A field that the manager applied before and now leaves out is
 * released, and is removed if no other manager owns it. An apply would also create a missing object. The UID in the body prevents
 * that (apiserver pkg/endpoints/handlers/patch.go, "uid mismatch").
 */
import type { ConfigurationOptions } from "@kubernetes/client-node";
import { LEAVING_MANAGER, SKIPPING_MANAGER } from "../model/fieldManagers";
import type { Subject } from "../model/subject";
import { refusals } from "../model/refusals";
import type { Cluster } from "./clusterClient";
import { StatusError, undefinedIfMissing } from "./clusterErrors";
import { appliedBy } from "./serviceAccount";

/** Sets annotations of the service account. The control annotations stay, since the program's patch still wants them. */
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
    const appliedAnnotations = appliedBy(metadata.managedFields ?? [], subject.fieldManager);
    const control = Object.entries(metadata.annotations ?? {}).filter(
        ([key]) => key.startsWith(PATCH_CONTROL_PREFIX) && appliedAnnotations.includes(key),
    );
    try {
        await applyServiceAccount(
            cluster,
            subject,
            { uid: metadata.uid, annotations: { ...Object.fromEntries(control), ...annotations } },
            force,
        );
    } catch (error) {
        if (error instanceof StatusError) {
            throw error.conflicts.length > 0
                ? refusals.annotationOwned(subject, ownersOf(error))
                : refusals.serviceAccountMissing(subject);
        }
        throw error;
    }
}

/**
 * Releases all fields that the component owns of the service account.
 *
 * The annotations that stay get another owner first, so that they are never missing.
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
        const leavingSubject = { ...subject, fieldManager: LEAVING_MANAGER };
        await unlessReplaced(applyServiceAccount(cluster, leavingSubject, { uid, annotations: leaving }, true));
    }
    await unlessReplaced(applyServiceAccount(cluster, subject, { uid }, false));
}

/** Releases the annotations that a hand-back has left, once another owner has them. */
export async function releaseLeft(cluster: Cluster, subject: Subject): Promise<void> {
    const uid = (await readServiceAccount(cluster, subject))?.metadata?.uid;
    if (uid !== undefined) {
        await unlessReplaced(
            applyServiceAccount(cluster, { ...subject, fieldManager: LEAVING_MANAGER }, { uid }, false),
        );
    }
}

/**
 * Removes the role annotation for every owner. A release by server-side apply leaves what an add-on owned that was deleted with `preserve`, and
 * what EKS wrote by an update.
 */
export async function removeRole(cluster: Cluster, { serviceAccount, fieldManager }: Subject): Promise<void> {
    const uid = (await readServiceAccount(cluster, { serviceAccount }))?.metadata?.uid;
    if (uid === undefined) {
        return;
    }
    const body = { metadata: { uid, annotations: { [ROLE_ARN_ANNOTATION]: null } } };
    await unlessReplaced(
        cluster.call(
            { verb: "patch", resource: "serviceaccounts", ...serviceAccount },
            cluster.core.patchNamespacedServiceAccount({ ...serviceAccount, body, fieldManager }, cluster.asMerge),
        ),
    );
}

/** Releases all fields that the component owns of the DaemonSet. */
export function releaseTemplate(cluster: Cluster, subject: Subject): Promise<void> {
    const { daemonSetName: name, serviceAccount, fieldManager } = subject;
    const { namespace } = serviceAccount;
    const metadata = { name, namespace };
    const bodyFor = (uid: string) => ({ apiVersion: "apps/v1", kind: "DaemonSet", metadata: { ...metadata, uid } });
    return patchDaemonSet(cluster, subject, bodyFor, fieldManager, cluster.asApply);
}

/**
 * Excludes containers of the pod template from the webhook, or no longer.
 *
 * A field manager of its own tells this annotation from that of another party, and keeps the fields of the program's patch.
 */
export function skipContainers(cluster: Cluster, subject: Subject, containers: readonly string[]): Promise<void> {
    const { daemonSetName: name, serviceAccount } = subject;
    const metadata = { name, namespace: serviceAccount.namespace };
    const annotations = { [SKIP_CONTAINERS_ANNOTATION]: containers.join(",") };
    const bodyFor = (uid: string) => ({
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { ...metadata, uid },
        ...(containers.length === 0 ? {} : { spec: { template: { metadata: { annotations } } } }),
    });
    return patchDaemonSet(cluster, subject, bodyFor, SKIPPING_MANAGER, cluster.asApply, true);
}

/** The controller backs off after a refused pod, but reconciles a changed DaemonSet at once. */
export function wakeDaemonSet(cluster: Cluster, subject: Subject): Promise<void> {
    return writeWokenAt(cluster, subject, new Date().toISOString());
}

export function removeWakeMark(cluster: Cluster, subject: Subject): Promise<void> {
    return writeWokenAt(cluster, subject, null);
}

/** Not the component's own manager: an apply of the program's patch would remove the annotation during a hand-over. */
const WAKING_MANAGER = "eks-cni-wake";

function writeWokenAt(cluster: Cluster, subject: Subject, value: string | null): Promise<void> {
    const bodyFor = (uid: string) => ({ metadata: { uid, annotations: { [WAKE_MARK_ANNOTATION]: value } } });
    return patchDaemonSet(cluster, subject, bodyFor, WAKING_MANAGER, cluster.asMerge);
}

/** Patches the existing DaemonSet. One that was deleted or recreated meanwhile has no fields of the component. */
async function patchDaemonSet(
    cluster: Cluster,
    subject: Subject,
    bodyFor: (uid: string) => object,
    fieldManager: string,
    as: ConfigurationOptions,
    force?: true,
): Promise<void> {
    const { namespace } = subject.serviceAccount;
    const name = subject.daemonSetName;
    const uid = (await readDaemonSet(cluster, subject))?.metadata?.uid;
    if (uid === undefined) {
        return;
    }
    const patch = { name, namespace, body: bodyFor(uid), fieldManager, ...(force && { force }) };
    await unlessReplaced(
        cluster.call(
            { verb: "patch", resource: "daemonsets.apps", namespace, name },
            cluster.apps.patchNamespacedDaemonSet(patch, as),
        ),
    );
}

function readServiceAccount(cluster: Cluster, { serviceAccount }: Pick<Subject, "serviceAccount">) {
    return undefinedIfMissing(
        cluster.call(
            { verb: "get", resource: "serviceaccounts", ...serviceAccount },
            cluster.core.readNamespacedServiceAccount({ ...serviceAccount }),
        ),
    );
}

function readDaemonSet(cluster: Cluster, { serviceAccount: { namespace }, daemonSetName: name }: Subject) {
    return undefinedIfMissing(
        cluster.call(
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
    return cluster.call(
        { verb: "patch", resource: "serviceaccounts", ...serviceAccount },
        cluster.core.patchNamespacedServiceAccount({ ...serviceAccount, body, fieldManager, force }, cluster.asApply),
    );
}

/** Ignores an object that was deleted or recreated meanwhile: it has no fields of the component. */
export async function unlessReplaced(writing: Promise<unknown>): Promise<void> {
    try {
        await writing;
    } catch (error) {
        if (!(error instanceof StatusError && error.conflicts.length === 0)) {
            throw error;
        }
    }
}

/** apiserver: `conflict with "kubectl-annotate" using v1` (structured-merge-diff, Conflicts.Error). */
export function ownersOf({ conflicts }: StatusError): string[] {
    return conflicts.map(({ message }) => /conflict with "([^"]*)"/.exec(message)?.[1] ?? message);
}
