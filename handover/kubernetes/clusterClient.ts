import type {
    AdmissionregistrationV1Api,
    AppsV1Api,
    Configuration,
    ConfigurationOptions,
    CoreV1Api,
    KubeConfig,
    VersionApi,
    WellKnownApi,
} from "@kubernetes/client-node";
import type { ClusterConnection } from "../model/connection";
import { Refusal } from "../model/refusal";
import { renewal } from "./ambientUser";
import { ClusterClock } from "./clusterClock";
import { type ApiRequest, failureOf, StatusError } from "./clusterErrors";
import type { ClusterSettings } from "./clusterSettings";
import { kubectlOf } from "./commands";
import { loadKubeconfig } from "./kubeconfig";
import { host } from "./reachability";
import { Credentials } from "./renewedCredentials";
import { withRetries } from "./requests";

/** The client's API groups in use, with time limits, and with errors that say what they mean. */
export interface Cluster {
    readonly core: CoreV1Api;
    readonly apps: AppsV1Api;
    readonly admission: AdmissionregistrationV1Api;
    readonly version: VersionApi;
    readonly wellKnown: WellKnownApi;
    readonly config: KubeConfig;
    readonly clock: ClusterClock;
    readonly settings: ClusterSettings;
    /** The headers for a server-side apply and for a merge patch. */
    readonly asApply: ConfigurationOptions;
    readonly asMerge: ConfigurationOptions;
    /** Waits for the response. A failure is thrown as a Refusal, or as a StatusError. */
    call<T>(request: ApiRequest, response: Promise<T>): Promise<T>;
}

/**
 * Loads the kubeconfig and creates the API clients.
 *
 * @param closing Aborted when the access is closed, which stops retries.
 * @param progress Shows a line to the user.
 */
export async function connect(
    connection: ClusterConnection,
    settings: ClusterSettings,
    closing: AbortSignal,
    progress: (line: string) => void = () => undefined,
): Promise<Cluster> {
    const k8s = await import("./clientNode");
    const kubectl = kubectlOf(connection);
    const loaded = await loadKubeconfig(connection);
    const credentials = new Credentials(loaded, renewal(connection, progress), settings.credentialsMilliseconds);
    const clock = new ClusterClock();
    const fetching = new k8s.IsomorphicFetchHttpLibrary();
    const sending = credentials.renewed((request) => fetching.send(request).toPromise());
    const patient = withRetries(sending, settings, clock, closing, (failure) =>
        progress(
            `waiting for the API server at ${host(credentials.config)} (${failure}), ${settings.retryMilliseconds / 1000} s at most for each call`,
        ),
    );
    const configuration: Configuration = k8s.createConfiguration({
        baseServer: new k8s.ServerConfiguration(credentials.config.getCurrentCluster()?.server ?? "", {}),
        authMethods: { default: credentials },
        httpApi: k8s.wrapHttpLibrary(patient),
    });
    return {
        core: new k8s.CoreV1Api(configuration),
        apps: new k8s.AppsV1Api(configuration),
        admission: new k8s.AdmissionregistrationV1Api(configuration),
        version: new k8s.VersionApi(configuration),
        wellKnown: new k8s.WellKnownApi(configuration),
        get config() {
            return credentials.config;
        },
        clock,
        settings,
        asApply: k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.ServerSideApply),
        asMerge: k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch),
        async call(request, response) {
            try {
                return await response;
            } catch (error) {
                throw error instanceof Refusal || error instanceof StatusError
                    ? error
                    : failureOf(error, request, { ...connection, config: credentials.config, kubectl });
            }
        },
    };
}
