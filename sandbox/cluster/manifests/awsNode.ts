/**
 * aws-node as in a new EKS cluster: amazon-vpc-cni-k8s v1.23.1, config/master/aws-k8s-cni.yaml.
 *
 * tests/unit/cluster/upstreamManifest.test.ts compares it with upstream's file, and lists the differences.
 */
import type {
    V1ClusterRole,
    V1ClusterRoleBinding,
    V1ConfigMap,
    V1Container,
    V1DaemonSet,
    V1EnvVar,
    V1Volume,
    V1VolumeMount,
} from "@kubernetes/client-node";
import type { Manifest, Plain } from "./plain";
import type { IpFamily } from "../programs";

export interface AwsNodeOptions {
    region: string;
    clusterName: string;
    ipFamily: IpFamily;
}

const version = "v1.23.1";
const agentVersion = "v1.4.2";

const podLabels = {
    "app.kubernetes.io/name": "aws-node",
    "app.kubernetes.io/instance": "aws-vpc-cni",
    "k8s-app": "aws-node",
};
const labels = { ...podLabels, "app.kubernetes.io/version": version };

const clusterRole: Plain<V1ClusterRole> = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "aws-node", labels },
    rules: [
        { apiGroups: ["crd.k8s.amazonaws.com"], resources: ["eniconfigs"], verbs: ["list", "watch", "get"] },
        { apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch", "get"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch", "get"] },
        { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch", "get"] },
        { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "list"] },
        {
            apiGroups: ["networking.k8s.aws"],
            resources: ["policyendpoints", "clusterpolicyendpoints"],
            verbs: ["get", "list", "watch"],
        },
        {
            apiGroups: ["networking.k8s.aws"],
            resources: ["policyendpoints/status", "clusterpolicyendpoints/status"],
            verbs: ["get"],
        },
        { apiGroups: ["vpcresources.k8s.aws"], resources: ["cninodes"], verbs: ["get", "list", "watch", "patch"] },
        { nonResourceURLs: ["/apis/networking.k8s.aws", "/apis/networking.k8s.aws/*"], verbs: ["get"] },
    ],
};

const clusterRoleBinding: Plain<V1ClusterRoleBinding> = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "aws-node", labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "aws-node" },
    subjects: [{ kind: "ServiceAccount", name: "aws-node", namespace: "kube-system" }],
};

const fromField = (name: string, fieldPath: string): Plain<V1EnvVar> => ({
    name,
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
});

/** The settings that differ on IPv6 are those of https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html */
function settings({ clusterName, ipFamily }: AwsNodeOptions): Plain<V1EnvVar>[] {
    const ipv6 = String(ipFamily === "ipv6");
    const values: Record<string, string> = {
        ADDITIONAL_ENI_TAGS: "{}",
        AWS_VPC_CNI_NODE_PORT_SUPPORT: "true",
        AWS_VPC_ENI_MTU: "9001",
        AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: "false",
        AWS_VPC_K8S_CNI_EXTERNALSNAT: "false",
        AWS_VPC_K8S_CNI_LOGLEVEL: "DEBUG",
        AWS_VPC_K8S_CNI_LOG_FILE: "/host/var/log/aws-routed-eni/ipamd.log",
        AWS_VPC_K8S_CNI_RANDOMIZESNAT: "prng",
        AWS_VPC_K8S_CNI_VETHPREFIX: "eni",
        AWS_VPC_K8S_PLUGIN_LOG_FILE: "/var/log/aws-routed-eni/plugin.log",
        AWS_VPC_K8S_PLUGIN_LOG_LEVEL: "DEBUG",
        CLUSTER_NAME: clusterName,
        DISABLE_INTROSPECTION: "false",
        DISABLE_METRICS: "false",
        DISABLE_NETWORK_RESOURCE_PROVISIONING: "false",
        ENABLE_IMDS_ONLY_MODE: "false",
        ENABLE_IPv4: String(ipFamily === "ipv4"),
        ENABLE_IPv6: ipv6,
        ENABLE_MULTI_NIC: "false",
        ENABLE_POD_ENI: "false",
        ENABLE_PREFIX_DELEGATION: ipv6,
        ENABLE_SUBNET_DISCOVERY: "true",
        NETWORK_POLICY_ENFORCING_MODE: "standard",
        VPC_CNI_VERSION: version,
        WARM_ENI_TARGET: "1",
        WARM_PREFIX_TARGET: "1",
    };
    return [
        ...Object.entries(values).map(([name, value]) => ({ name, value })),
        fromField("MY_NODE_NAME", "spec.nodeName"),
        fromField("MY_POD_NAME", "metadata.name"),
    ];
}

const hostFolders: Record<string, { path: string; type?: string }> = {
    "bpf-pin-path": { path: "/sys/fs/bpf" },
    "cni-bin-dir": { path: "/opt/cni/bin" },
    "cni-net-dir": { path: "/etc/cni/net.d" },
    "log-dir": { path: "/var/log/aws-routed-eni", type: "DirectoryOrCreate" },
    "run-dir": { path: "/var/run/aws-node", type: "DirectoryOrCreate" },
    "xtables-lock": { path: "/run/xtables.lock", type: "FileOrCreate" },
};
const volumes: Plain<V1Volume>[] = Object.entries(hostFolders).map(([name, hostPath]) => ({ name, hostPath }));

const mounts = (paths: Record<string, string>): Plain<V1VolumeMount>[] =>
    Object.entries(paths).map(([name, mountPath]) => ({ name, mountPath }));

const image = (region: string, name: string) => `602401143452.dkr.ecr.${region}.amazonaws.com/${name}`;
const resources = { requests: { cpu: "25m" } };
const healthProbe = {
    exec: {
        command: [
            "/app/grpc-health-probe",
            "-addr=unix:///var/run/aws-node/ipamd.sock",
            "-connect-timeout=5s",
            "-rpc-timeout=5s",
        ],
    },
    timeoutSeconds: 10,
};

function initContainer({ region, ipFamily }: AwsNodeOptions): Plain<V1Container> {
    return {
        name: "aws-vpc-cni-init",
        image: image(region, `amazon-k8s-cni-init:${version}`),
        imagePullPolicy: "IfNotPresent",
        env: [
            { name: "DISABLE_TCP_EARLY_DEMUX", value: "false" },
            { name: "ENABLE_IPv6", value: String(ipFamily === "ipv6") },
        ],
        resources,
        securityContext: { privileged: true },
        volumeMounts: mounts({ "cni-bin-dir": "/host/opt/cni/bin" }),
    };
}

function mainContainer(options: AwsNodeOptions): Plain<V1Container> {
    return {
        name: "aws-node",
        image: image(options.region, `amazon-k8s-cni:${version}`),
        imagePullPolicy: "IfNotPresent",
        ports: [{ name: "metrics", containerPort: 61678 }],
        livenessProbe: { ...healthProbe, initialDelaySeconds: 60 },
        readinessProbe: { ...healthProbe, initialDelaySeconds: 1 },
        env: settings(options),
        resources,
        securityContext: { capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
        volumeMounts: mounts({
            "cni-bin-dir": "/host/opt/cni/bin",
            "cni-net-dir": "/host/etc/cni/net.d",
            "log-dir": "/host/var/log/aws-routed-eni",
            "run-dir": "/var/run/aws-node",
            "xtables-lock": "/run/xtables.lock",
        }),
    };
}

function policyAgent({ region, ipFamily }: AwsNodeOptions): Plain<V1Container> {
    return {
        name: "aws-eks-nodeagent",
        image: image(region, `amazon/aws-network-policy-agent:${agentVersion}`),
        imagePullPolicy: "IfNotPresent",
        ports: [{ name: "agentmetrics", containerPort: 8162 }],
        env: [fromField("MY_NODE_NAME", "spec.nodeName")],
        args: [
            `--enable-ipv6=${ipFamily === "ipv6"}`,
            "--enable-network-policy=false",
            "--enable-cloudwatch-logs=false",
            "--enable-policy-event-logs=false",
            "--log-file=/var/log/aws-routed-eni/network-policy-agent.log",
            "--metrics-bind-addr=:8162",
            "--health-probe-bind-addr=:8163",
            "--conntrack-cache-cleanup-period=300",
            "--conntrack-cache-table-size=524288",
            "--log-level=debug",
        ],
        resources,
        securityContext: { capabilities: { add: ["NET_ADMIN"] }, privileged: true },
        volumeMounts: mounts({
            "cni-bin-dir": "/host/opt/cni/bin",
            "bpf-pin-path": "/sys/fs/bpf",
            "log-dir": "/var/log/aws-routed-eni",
            "run-dir": "/var/run/aws-node",
        }),
    };
}

const linuxNodesWithoutFargate = {
    nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
                {
                    matchExpressions: [
                        { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
                        { key: "kubernetes.io/arch", operator: "In", values: ["amd64", "arm64"] },
                        {
                            key: "eks.amazonaws.com/compute-type",
                            operator: "NotIn",
                            values: ["fargate", "hybrid", "auto"],
                        },
                    ],
                },
            ],
        },
    },
};

function daemonSet(options: AwsNodeOptions): Plain<V1DaemonSet> {
    return {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { name: "aws-node", namespace: "kube-system", labels },
        spec: {
            selector: { matchLabels: { "k8s-app": "aws-node" } },
            updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
            template: {
                metadata: { labels: podLabels },
                spec: {
                    priorityClassName: "system-node-critical",
                    serviceAccountName: "aws-node",
                    hostNetwork: true,
                    terminationGracePeriodSeconds: 10,
                    tolerations: [{ operator: "Exists" }],
                    securityContext: {},
                    affinity: linuxNodesWithoutFargate,
                    initContainers: [initContainer(options)],
                    containers: [mainContainer(options), policyAgent(options)],
                    volumes,
                },
            },
        },
    };
}

const inKubeSystem = { namespace: "kube-system", labels };

const configMap: Plain<V1ConfigMap> = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "amazon-vpc-cni", ...inKubeSystem },
    data: {
        "enable-windows-ipam": "false",
        "enable-network-policy-controller": "false",
        "enable-windows-prefix-delegation": "false",
        "warm-prefix-target": "0",
        "warm-ip-target": "1",
        "minimum-ip-target": "3",
        "branch-eni-cooldown": "60",
    },
};

/** In the order of the manifest. */
export function awsNode(options: AwsNodeOptions): Manifest[] {
    const serviceAccount = {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "aws-node", ...inKubeSystem },
    };
    return [serviceAccount, configMap, clusterRole, clusterRoleBinding, daemonSet(options)];
}
