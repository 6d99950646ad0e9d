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
export async function watchServiceAccounts(kubeconfigPath: string, listSeconds = 60): Promise<ServiceAccounts> {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromFile(kubeconfigPath);
    const api = kubeconfig.makeApiClient(CoreV1Api);
    const first = firstTime(listSeconds);
    const informer = makeInformer(kubeconfig, "/api/v1/serviceaccounts", async () => {
        const list = await api.listServiceAccountForAllNamespaces();
        // The informer stores the list once this returns; the view is complete after that, and not before.
        setImmediate(first.succeeded);
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
    informer.on("error", (error: unknown) => {
        first.failed(error);
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
        await first.time;
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

/** Settles with the first success, or after the time limit with the last failure. */
function firstTime(seconds: number): {
    time: Promise<void>;
    succeeded: () => void;
    failed: (error: unknown) => void;
} {
    const { promise, resolve, reject } = withResolvers();
    let lastFailure: unknown = `no answer within ${seconds} s`;
    const timer = setTimeout(() => {
        reject(new Error(`the identity webhook cannot list service accounts: ${String(lastFailure)}`));
    }, seconds * 1000);
    return {
        time: promise.finally(() => clearTimeout(timer)),
        succeeded: resolve,
        failed: (error) => (lastFailure = error),
    };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
    let resolve: () => void = () => undefined;
    let reject: (error: Error) => void = () => undefined;
    const promise = new Promise<void>((onResolve, onReject) => {
        resolve = onResolve;
        reject = onReject;
    });
    return { promise, resolve, reject };
}
