import { isRefusal } from "../model/refusal";
import type { ClusterAccess } from "./clusterAccess";

/**
 * The access to a cluster whose kubeconfig cannot be read: each call fails with the reason.
 *
 * The account can still be read, and EKS may say that the cluster no longer exists.
 */
export function unreadableKubeconfig(why: unknown): ClusterAccess {
    if (!isRefusal(why, "kubeconfig-invalid")) {
        throw why;
    }
    const fail = () => Promise.reject(why);
    return {
        identity: fail,
        look: fail,
        change: fail,
        issuer: fail,
        resourceControllersOn: fail,
        requestToken: fail,
        requestPodToken: fail,
        annotate: fail,
        restart: fail,
        forceRestart: fail,
        releaseTemplate: fail,
        skipContainers: fail,
        removeRole: fail,
        releaseLeft: fail,
        removeWakeMark: fail,
        releaseServiceAccount: fail,
        wakeDaemonSet: fail,
        admitRoles: fail,
        createInjectionGuard: fail,
        testAdmission: fail,
        removeInjectionGuard: fail,
        clustersInKubeconfig: () => [],
        close: () => undefined,
    };
}
