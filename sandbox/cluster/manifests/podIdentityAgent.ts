import type { V1DaemonSet } from "@kubernetes/client-node";
import type { Manifest, Plain } from "./plain";

/** A label of a node on which the agent has no pod: see podIdentity/agents.ts. Nothing on AWS has this label. */
export const withoutAgentLabel = "local-eks/without-pod-identity-agent";

export const podIdentityAgentName = "eks-pod-identity-agent";

/** The labels that select the agent's pods. */
export const podIdentityAgentLabels = {
    "app.kubernetes.io/name": podIdentityAgentName,
    "app.kubernetes.io/instance": podIdentityAgentName,
};

const image = (region: string) => `602401143452.dkr.ecr.${region}.amazonaws.com/eks/${podIdentityAgentName}:v0.1.20`;

const probe = (path: string) => ({
    httpGet: { host: "localhost", path, port: "probes-port", scheme: "HTTP" },
    timeoutSeconds: 10,
});

/**
 * The DaemonSet of the EKS Pod Identity agent: aws/eks-pod-identity-agent
 * hack/testdata/expected_eks_pod_identity_agent_default_helm_template.yaml, in the namespace of the managed add-on, with the names of the cluster and
 * of the region, and without pods on nodes that have the label above.
 */
export function podIdentityAgent(region: string, clusterName: string): Manifest {
    const daemonSet: Plain<V1DaemonSet> = {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: {
            name: podIdentityAgentName,
            namespace: "kube-system",
            labels: {
                "helm.sh/chart": "eks-pod-identity-agent-1.2.0",
                ...podIdentityAgentLabels,
                "app.kubernetes.io/version": "0.1.6",
                "app.kubernetes.io/managed-by": "Helm",
                app: podIdentityAgentName,
            },
        },
        spec: {
            updateStrategy: { rollingUpdate: { maxUnavailable: "10%" }, type: "RollingUpdate" },
            selector: { matchLabels: podIdentityAgentLabels },
            template: {
                metadata: {
                    labels: podIdentityAgentLabels,
                    annotations: { "prometheus.io/port": "2705", "prometheus.io/scrape": "true" },
                },
                spec: {
                    automountServiceAccountToken: false,
                    priorityClassName: "system-node-critical",
                    hostNetwork: true,
                    terminationGracePeriodSeconds: 30,
                    tolerations: [{ operator: "Exists" }],
                    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: onLinuxInstances } },
                    initContainers: [
                        {
                            name: `${podIdentityAgentName}-init`,
                            image: image(region),
                            imagePullPolicy: "Always",
                            command: ["/go-runner", `/${podIdentityAgentName}`, "initialize"],
                            args: ["-v", "trace"],
                            securityContext: { privileged: true },
                        },
                    ],
                    containers: [
                        {
                            name: podIdentityAgentName,
                            image: image(region),
                            imagePullPolicy: "Always",
                            command: ["/go-runner", `/${podIdentityAgentName}`, "server"],
                            args: [
                                "--port",
                                "80",
                                "--cluster-name",
                                clusterName,
                                "--probe-port",
                                "2703",
                                "-v",
                                "trace",
                            ],
                            ports: [
                                { containerPort: 80, protocol: "TCP", name: "proxy" },
                                { containerPort: 2703, protocol: "TCP", name: "probes-port" },
                            ],
                            env: [{ name: "AWS_REGION", value: region }],
                            securityContext: { capabilities: { add: ["CAP_NET_BIND_SERVICE"] } },
                            resources: {},
                            livenessProbe: { failureThreshold: 3, initialDelaySeconds: 30, ...probe("/healthz") },
                            readinessProbe: { failureThreshold: 30, initialDelaySeconds: 1, ...probe("/readyz") },
                        },
                    ],
                },
            },
        },
    };
    return daemonSet;
}

const onLinuxInstances = {
    nodeSelectorTerms: [
        {
            matchExpressions: [
                { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
                { key: "kubernetes.io/arch", operator: "In", values: ["amd64", "arm64"] },
                { key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate", "hybrid", "auto"] },
                { key: withoutAgentLabel, operator: "DoesNotExist" },
            ],
        },
    ],
};
