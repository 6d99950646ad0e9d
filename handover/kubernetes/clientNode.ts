/**
 * The parts of the Kubernetes client that run: the only module that imports it at run time, so that the package is published with
 * these parts and no others (docs/decisions/0013-published-package.md). It is heavy, so load it by `await import("./clientNode")` at its first use.
 */
export {
    AdmissionregistrationV1Api,
    AppsV1Api,
    CoreV1Api,
    createConfiguration,
    IsomorphicFetchHttpLibrary,
    KubeConfig,
    PatchStrategy,
    ServerConfiguration,
    setHeaderOptions,
    VersionApi,
    Watch,
    WellKnownApi,
    wrapHttpLibrary,
} from "@kubernetes/client-node";
