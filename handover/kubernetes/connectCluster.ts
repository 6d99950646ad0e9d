import type { ClusterConnection } from "../model/connection";
import type { Subject } from "../model/subject";
import { firstChange, pace } from "./changes";
import type { ClusterAccess } from "./clusterAccess";
import { connect } from "./clusterClient";
import { clustersInKubeconfig } from "./clustersInKubeconfig";
import { type ClusterSettings, DEFAULT_SETTINGS } from "./clusterSettings";
import { deletePod } from "./deletePod";
import { discoveredIssuer } from "./discoveredIssuer";
import { testAdmission } from "./admissionTest";
import { admitRoles, createGuard, removeGuard } from "./injectionGuard";
import { clusterUid, look, type WatchStart } from "./lookAtCluster";
import {
    annotate,
    releaseLeft,
    releaseServiceAccount,
    releaseTemplate,
    removeRole,
    removeWakeMark,
    skipContainers,
    wakeDaemonSet,
} from "./serverSideApply";
import { resourceControllersOn } from "./resourceControllers";
import { requestPodToken, requestToken } from "./serviceAccountToken";

/**
 * Reads the kubeconfig. No request is sent to the cluster before the first call.
 *
 * @param advice What the injection guard tells at the end of each refusal.
 */
export async function connectCluster(
    connection: ClusterConnection,
    subject: Subject,
    settings: ClusterSettings = DEFAULT_SETTINGS,
    progress: (line: string) => void = () => undefined,
    advice = "",
): Promise<ClusterAccess> {
    const closing = new AbortController();
    const { clusterName, serviceAccount } = subject;
    const named = { ...connection, ...(clusterName === undefined ? {} : { clusterName }) };
    const cluster = await connect(named, settings, closing.signal, progress);
    const { namespace } = serviceAccount;
    let watches: readonly WatchStart[] = [];
    let lookMilliseconds = 0;
    return {
        async identity() {
            const [uid, version] = await Promise.all([
                clusterUid(cluster),
                cluster.call({ verb: "get", resource: "/version" }, cluster.version.getCode()),
            ]);
            // EKS used to report a minor version as "30+".
            return { uid, version: { major: parseInt(version.major, 10), minor: parseInt(version.minor, 10) } };
        },
        clustersInKubeconfig: () => clustersInKubeconfig(cluster.config),
        async look() {
            const startedAt = Date.now();
            const looked = await look(cluster, subject);
            lookMilliseconds = Date.now() - startedAt;
            watches = looked.watches;
            return looked.seen;
        },
        change: (atMostMilliseconds, readyOn) =>
            firstChange(
                cluster,
                watches,
                pace(atMostMilliseconds, lookMilliseconds, settings),
                closing.signal,
                readyOn,
            ),
        issuer: () => discoveredIssuer(cluster),
        resourceControllersOn: () => resourceControllersOn(cluster),
        requestToken: () => requestToken(cluster, subject),
        requestPodToken: (pod) => requestPodToken(cluster, subject, pod),
        annotate: (annotations, force) => annotate(cluster, subject, annotations, force),
        restart: (pod) => deletePod(cluster, namespace, pod),
        forceRestart: ({ name, uid }) => deletePod(cluster, namespace, { name, uid }, 0),
        releaseTemplate: () => releaseTemplate(cluster, subject),
        skipContainers: (containers) => skipContainers(cluster, subject, containers),
        releaseServiceAccount: (leaving, account = serviceAccount) =>
            releaseServiceAccount(cluster, { ...subject, serviceAccount: account }, leaving),
        removeRole: () => removeRole(cluster, subject),
        releaseLeft: () => releaseLeft(cluster, subject),
        removeWakeMark: () => removeWakeMark(cluster, subject),
        wakeDaemonSet: () => wakeDaemonSet(cluster, subject),
        admitRoles: (roleArns) => admitRoles(cluster, subject, roleArns, advice),
        createInjectionGuard: (roleArns) => createGuard(cluster, subject, roleArns, advice),
        testAdmission: (roleArn) => testAdmission(cluster, subject, roleArn),
        removeInjectionGuard: () => removeGuard(cluster, subject),
        close: () => closing.abort(),
    };
}
