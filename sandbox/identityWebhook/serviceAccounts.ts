import { setTimeout as sleep } from "node:timers/promises";

import { CoreV1Api, KubeConfig, makeInformer, type V1ServiceAccount } from "@kubernetes/client-node";

import { LateCache } from "./lateCache";
import type { ServiceAccount } from "./pod";

export interface ServiceAccounts {
    /** The service accounts seen so far: a new one may be missing. */
    get(namespace: string, name: string): ServiceAccount | undefined;
    /** The time until a change is visible here. */
    setDelay(milliseconds: number): void;
    stop(): Promise<void>;
}

/** All service accounts of the cluster by LIST and WATCH, as in the webhook's cache (pkg/cache/cache.go). */
export async function watchServiceAccounts(kubeconfigPath: string): Promise<ServiceAccounts> {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(kubeconfigPath);
    const api = kubeconfig.makeApiClient(CoreV1Api);
    let onList: () => void = () => undefined;
    const listed = new Promise<void>((resolve) => (onList = resolve));
    const informer = makeInformer(kubeconfig, "/api/v1/serviceaccounts", async () => {
        const list = await api.listServiceAccountForAllNamespaces();
        // The informer stores the list once this returns; the view is complete after that, and not before.
        setImmediate(onList);
        return list;
    });
    const cache = new LateCache<ServiceAccount>();
    const hear = (account: V1ServiceAccount): void => cache.hear(keyOf(account.metadata), account);
    informer.on("add", hear);
    informer.on("update", hear);
    informer.on("delete", ({ metadata }) => cache.hear(keyOf(metadata), undefined));
    let retry: NodeJS.Timeout | undefined;
    let isStopped = false;
    // The informer does not restart a list or watch that ended in an error.
    informer.on("error", () => {
        if (!isStopped) {
            clearTimeout(retry);
            retry = setTimeout(() => void informer.start(), 500);
        }
    });
    const stop = async (): Promise<void> => {
        isStopped = true;
        clearTimeout(retry);
        await informer.stop();
    };
    try {
        await informer.start();
        await inTime(listed);
    } catch (error) {
        await stop();
        throw error;
    }
    return {
        get: (namespace, name) => cache.get(keyOf({ namespace, name })),
        setDelay: (milliseconds) => cache.setDelay(milliseconds),
        stop,
    };
}

function keyOf(metadata: { namespace?: string; name?: string } = {}): string {
    return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}

/** Fails when the API server has given no list of service accounts for a minute. */
export async function inTime(listed: Promise<void>): Promise<void> {
    const timeout = new AbortController();
    const limit = sleep(60_000, undefined, { signal: timeout.signal }).then(() => {
        throw new Error("the identity webhook cannot list service accounts: no list within 60 s");
    });
    try {
        await Promise.race([listed, limit]);
    } finally {
        limit.catch(() => undefined);
        timeout.abort();
    }
}
