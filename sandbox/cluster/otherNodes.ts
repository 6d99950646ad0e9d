import type { V1Node } from "@kubernetes/client-node";
import type { Plain } from "./manifests/plain";
import { defaultNodeGroup, type Instance, node, nodeLabels } from "./nodes";
import type { IpFamily } from "./programs";

/** The kinds of nodes on which the DaemonSet aws-node does not run. */
export const otherNodeKinds = ["windows", "auto", "fargate", "hybrid"] as const;

export type OtherNodeKind = (typeof otherNodeKinds)[number];

/** Such a node of the sandbox. */
export interface OtherNode {
    name: string;
    /** Undefined for a node whose instance EC2 does not show in this account: Fargate's belong to AWS, a hybrid node is none. */
    instanceId?: string;
}

export interface OtherNodeOptions {
    region: string;
    clusterName: string;
    ipFamily: IpFamily;
    kubernetesVersion: string;
}

/** Whether EC2 shows the instance of such a node, with its instance profile, in the account of the cluster. */
export function isInstance(kind: OtherNodeKind): boolean {
    return kind === "windows" || kind === "auto";
}

/**
 * The tags of such an instance, if they are not those of a managed node group. For EKS Auto Mode:
 * https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSComputePolicy.html (aws:RequestTag of RunInstances)
 */
export function tagsOf(kind: OtherNodeKind, clusterName: string): Record<string, string> | undefined {
    return kind === "auto"
        ? {
              "eks:eks-cluster-name": clusterName,
              "eks:kubernetes-node-class-name": "default",
              "eks:kubernetes-node-pool-name": "general-purpose",
          }
        : undefined;
}

/**
 * A node of a kind that aws-node leaves out by its affinity: amazon-vpc-cni-k8s config/master/aws-k8s-cni.yaml
 *
 * - Windows: https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-os
 * - EKS Auto Mode: https://docs.aws.amazon.com/eks/latest/userguide/associate-workload.html
 * - Fargate: its provider ID in https://github.com/kubernetes/autoscaler/pull/2737
 * - a hybrid node: https://github.com/aws/eks-hybrid/blob/main/internal/kubelet/config.go, hybridNodeLabel and
 *   nodeNameProviderIdRegexPattern
 */
export function otherNode(kind: OtherNodeKind, instance: Instance, options: OtherNodeOptions): Plain<V1Node> {
    const { region, ipFamily, kubernetesVersion } = options;
    const linux = node(instance, region, ipFamily, kubernetesVersion);
    const name = linux.metadata?.name ?? "";
    const labels = nodeLabels(instance, region);
    switch (kind) {
        case "windows": {
            const os = { "beta.kubernetes.io/os": "windows", "kubernetes.io/os": "windows" };
            return {
                ...linux,
                metadata: { name, labels: { ...labels, ...os } },
                status: { ...linux.status, nodeInfo: { ...linux.status?.nodeInfo, operatingSystem: "windows" } },
            } as Plain<V1Node>;
        }
        case "auto":
            return { ...linux, metadata: { name, labels: { ...labels, [computeType]: "auto" } } };
        case "fargate":
            return {
                ...linux,
                metadata: { name: `fargate-${name}`, labels: { ...labels, [computeType]: "fargate" } },
                spec: {
                    providerID: `aws:///${instance.zone}/${instance.id}/fargate-${name}`,
                    taints: [{ key: computeType, value: "fargate", effect: "NoSchedule" }],
                },
            };
        case "hybrid": {
            const hybrid = `mi-${instance.id}`;
            return {
                ...linux,
                metadata: { name: hybrid, labels: { ...labels, [computeType]: "hybrid" } },
                spec: { providerID: `eks-hybrid:///${region}/${options.clusterName}/${hybrid}` },
            };
        }
    }
}

const computeType = "eks.amazonaws.com/compute-type";

/** Where a node is that is no instance of the account. */
export function place(region: string, number: number): Instance {
    const id = number.toString(16).padStart(17, "0");
    return {
        id,
        zone: `${region}a`,
        subnetId: "",
        privateIp: `10.1.0.${String(number)}`,
        ipv6: `2600:1f14:abc:df01::${id.slice(-2)}`,
        nodeGroup: defaultNodeGroup,
    };
}
