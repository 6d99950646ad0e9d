import { ofType, programValue, type StackResource } from "./stack";
import { UNKNOWN } from "./values";

export const CLUSTER = "aws:eks/cluster:Cluster";

/** The IP family of the stack's clusters, if all have the same. A cluster without a family is IPv4, the default of EKS. */
export function ipFamilyOf(stack: readonly StackResource[]): "ipv4" | "ipv6" | undefined {
    const families = new Set(
        ofType(stack, CLUSTER).map((cluster) => programValue(cluster, "kubernetesNetworkConfig", "ipFamily") ?? "ipv4"),
    );
    const [family] = [...families];
    return families.size === 1 && family !== UNKNOWN && (family === "ipv4" || family === "ipv6") ? family : undefined;
}
