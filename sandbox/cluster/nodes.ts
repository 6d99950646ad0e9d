import type { V1Node } from "@kubernetes/client-node";
import type { Plain } from "./manifests/plain";
import type { IpFamily } from "./programs";

/** The zones of us-west-2. */
export const zoneLetters = ["a", "b", "c", "d"];

/** The first node group of a cluster that the sandbox itself creates. */
export const defaultNodeGroup = "sandbox";

/** A node's data about its EC2 instance. */
export interface Instance {
    id: string;
    zone: string;
    subnetId: string;
    privateIp: string;
    ipv6: string;
    nodeGroup: string;
    /** The name of the instance profile. Undefined for instances without a role. */
    instanceProfile?: string;
    /** Whether its node has the name of the instance: nodeadm's feature gate InstanceIdNodeName. */
    instanceIdNodeName?: boolean;
}

/** The name of the node: by default the one that EC2 derives from the instance's address. */
export function nodeName(instance: Instance, region: string): string {
    return instance.instanceIdNodeName ? instance.id : privateDnsName(instance, region);
}

function privateDnsName(instance: Instance, region: string): string {
    return `ip-${instance.privateIp.replaceAll(".", "-")}.${region}.compute.internal`;
}

/**
 * The well-known labels of https://kubernetes.io/docs/reference/labels-annotations-taints/ and those of EKS managed
 * node groups, as `kubectl get node -o yaml` shows them.
 */
export function nodeLabels(instance: Instance, region: string): Record<string, string> {
    const type = "m6i.large";
    return {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": type,
        "beta.kubernetes.io/os": "linux",
        "eks.amazonaws.com/capacityType": "ON_DEMAND",
        "eks.amazonaws.com/nodegroup": instance.nodeGroup,
        "failure-domain.beta.kubernetes.io/region": region,
        "failure-domain.beta.kubernetes.io/zone": instance.zone,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": nodeName(instance, region),
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": type,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": instance.zone,
    };
}

export const capacity = { cpu: "2", memory: "8Gi", pods: "29", "ephemeral-storage": "20Gi" };

/** The kubelet of an IPv6 cluster reports IPv6 addresses only: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html */
export function node(instance: Instance, region: string, ipFamily: IpFamily, kubernetesVersion: string): Plain<V1Node> {
    const name = nodeName(instance, region);
    return {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name, labels: nodeLabels(instance, region) },
        spec: { providerID: `aws:///${instance.zone}/${instance.id}` },
        status: {
            addresses: [
                { type: "InternalIP", address: ipFamily === "ipv6" ? instance.ipv6 : instance.privateIp },
                { type: "InternalDNS", address: privateDnsName(instance, region) },
                { type: "Hostname", address: name },
            ],
            capacity,
            allocatable: { ...capacity, cpu: "1930m", memory: "7Gi" },
            nodeInfo: {
                architecture: "amd64",
                operatingSystem: "linux",
                osImage: "Amazon Linux 2023",
                kernelVersion: "6.12.0-amzn2023.x86_64",
                kubeletVersion: kubernetesVersion,
                kubeProxyVersion: "",
                containerRuntimeVersion: "containerd://2.1.4",
                bootID: instance.id,
                machineID: instance.id,
                systemUUID: instance.id,
            },
        },
    };
}
