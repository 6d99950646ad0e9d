/** The command lines of the control plane. */

export type IpFamily = "ipv4" | "ipv6";

export function etcdArguments(options: { data: string; clientPort: number; peerPort: number }): string[] {
    const client = `http://127.0.0.1:${options.clientPort}`;
    const peer = `http://127.0.0.1:${options.peerPort}`;
    return [
        `--data-dir=${options.data}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
        "--log-level=warn",
        // No data of a sandbox is worth an fsync for each write.
        "--unsafe-no-fsync",
    ];
}

export interface ApiServerOptions {
    etcdPort: number;
    port: number;
    certificates: string;
    issuer: string;
    tokenFile: string;
    serviceAccountKey: string;
    serviceAccountPublicKey: string;
    ipFamily: IpFamily;
}

/**
 * EKS's defaults for service addresses:
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
 */
const serviceRange: Record<IpFamily, string> = { ipv4: "10.100.0.0/16", ipv6: "fd30:1087:53a4::/108" };

/**
 * The API server refuses service addresses of another family than its advertised address, and requires an address that
 * is not loopback. No traffic goes to it: it is from the ranges that are reserved for documentation (RFC 5737, RFC
 * 3849).
 */
const advertised: Record<IpFamily, string> = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };

export function apiServerArguments(options: ApiServerOptions): string[] {
    return [
        `--etcd-servers=http://127.0.0.1:${options.etcdPort}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${options.port}`,
        `--cert-dir=${options.certificates}`,
        `--service-account-issuer=${options.issuer}`,
        `--service-account-signing-key-file=${options.serviceAccountKey}`,
        `--service-account-key-file=${options.serviceAccountPublicKey}`,
        `--token-auth-file=${options.tokenFile}`,
        "--authorization-mode=Node,RBAC",
        `--service-cluster-ip-range=${serviceRange[options.ipFamily]}`,
        `--advertise-address=${advertised[options.ipFamily]}`,
        "--endpoint-reconciler-type=none",
        // aws-node's init container is privileged.
        "--allow-privileged=true",
        "--profiling=false",
    ];
}

export function controllerManagerArguments(options: { kubeconfig: string; serviceAccountKey: string; ca: string }) {
    return [
        `--kubeconfig=${options.kubeconfig}`,
        `--service-account-private-key-file=${options.serviceAccountKey}`,
        `--root-ca-file=${options.ca}`,
        "--use-service-account-credentials=true",
        // Each of about forty controllers first requests a token: at the default of 20 calls a second that takes 5 s.
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        // kwok renews no leases, so a node's silence says nothing: see kwokArguments.
        "--node-monitor-grace-period=8760h",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
    ];
}

export function schedulerArguments(options: { kubeconfig: string }): string[] {
    return [`--kubeconfig=${options.kubeconfig}`, "--leader-elect=false", "--secure-port=0", "--profiling=false"];
}

/**
 * kwok replaces the kubelets: it runs the stages. It renews no leases of nodes, since a kwok that does may never start the pods
 * of a node that it takes over: it looks at them as soon as it has created the lease, and passes over them if its watch has not
 * yet shown that lease (kwok pkg/kwok/controllers/controller.go, readOnlyFunc and podsOnNodeSyncWorker).
 */
export function kwokArguments(options: { kubeconfig: string; stages: string; ipFamily: IpFamily }): string[] {
    return [
        `--kubeconfig=${options.kubeconfig}`,
        `--config=${options.stages}`,
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=0",
        `--cidr=${options.ipFamily === "ipv6" ? "fd00:10::1/64" : "10.0.128.1/17"}`,
    ];
}
