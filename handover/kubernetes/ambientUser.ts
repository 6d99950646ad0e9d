import type { KubeConfig } from "@kubernetes/client-node";
import type { ClusterConnection } from "../model/connection";
import { isTokenOfState } from "./commands";
import { loadKubeconfig } from "./kubeconfig";
import { host } from "./reachability";

/**
 * Loads the kubeconfig again, after the API server has refused its credentials. Where they are a token in the state, the ambient
 * kubeconfig may have another user for the same server.
 *
 * @param progress Told once, since several requests may fail at the same time.
 */
export function renewal(connection: ClusterConnection, progress: (line: string) => void): () => Promise<KubeConfig> {
    let told = false;
    return async () => {
        const loaded = await loadKubeconfig(connection);
        const other = isTokenOfState(connection, loaded) ? await withAmbientUser(loaded) : undefined;
        if (other !== undefined && !told) {
            told = true;
            progress(
                `the API server at ${host(loaded)} refuses the token of the kubeconfig in the state: going on as the user ` +
                    `${JSON.stringify(other.getCurrentUser()?.name)} whom KUBECONFIG or ~/.kube/config has for this server`,
            );
        }
        return other ?? loaded;
    };
}

/**
 * A kubeconfig of the state, with the user that the ambient kubeconfig (KUBECONFIG, ~/.kube/config) has for the same server.
 *
 * A destroy and a refresh have only the kubeconfig of the state. If it contains a token, that token may have expired since, and the
 * program cannot replace it: another token is no change. The server's certificate is still compared with the state's authority.
 * Undefined if there is no other user for this server.
 */
export async function withAmbientUser(stored: KubeConfig): Promise<KubeConfig | undefined> {
    const cluster = stored.getCurrentCluster();
    const ambient = await ambientKubeconfig();
    if (cluster === null || ambient === undefined) {
        return undefined;
    }
    const current = ambient.getContextObject(ambient.currentContext);
    const context = [...(current === null ? [] : [current]), ...ambient.contexts].find((one) =>
        isSameServer(ambient.getCluster(one.cluster)?.server, cluster.server),
    );
    const user = context && ambient.getUser(context.user);
    if (context === undefined || user === null || user === undefined) {
        return undefined;
    }
    const { KubeConfig } = await import("./clientNode");
    const config = new KubeConfig();
    config.loadFromOptions({
        clusters: [cluster],
        users: [user],
        contexts: [{ ...context, cluster: cluster.name }],
        currentContext: context.name,
    });
    return config;
}

/** Undefined if there is none, or it cannot be read: then the message is about the kubeconfig of the state. */
async function ambientKubeconfig(): Promise<KubeConfig | undefined> {
    const { KubeConfig } = await import("./clientNode");
    try {
        const config = new KubeConfig();
        config.loadFromDefault();
        return config;
    } catch {
        return undefined;
    }
}

function isSameServer(one = "", other: string): boolean {
    try {
        return addressOf(one) === addressOf(other);
    } catch {
        // One of them is no address.
        return false;
    }
}

function addressOf(server: string): string {
    const { origin, pathname } = new URL(server);
    return origin + pathname.replace(/\/$/, "");
}
