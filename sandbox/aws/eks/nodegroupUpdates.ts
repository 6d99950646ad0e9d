import { AwsError } from "../errors";
import type { AwsRequest } from "../protocol";
import type { Route } from "./routes";
import type { VersionUpdates } from "./updates";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html */
interface Wanted {
    readonly version?: string;
    readonly releaseVersion?: string;
}

export interface NodegroupVersion {
    readonly nodegroupName: string;
    readonly version?: string;
}

export const nodegroupKey = (cluster: string, nodegroup: string): string => `${cluster}/${nodegroup}`;

/** The node group of a call about updates. Undefined when the call is about the cluster itself. */
export function updatedNodegroup({ url }: AwsRequest, { action, member }: Route): string | undefined {
    if (action === "UpdateNodegroupVersion") {
        return member;
    }
    const named = new URL(url, "http://127.0.0.1").searchParams.get("nodegroupName") ?? undefined;
    return action === "ListUpdates" || action === "DescribeUpdate" ? named : undefined;
}

export function nodegroupUpdateAnswer(
    request: AwsRequest,
    { action, clusterName = "", member = "" }: Route,
    group: NodegroupVersion,
    clusterVersion: string,
    updates: VersionUpdates,
): object {
    const key = nodegroupKey(clusterName, group.nodegroupName);
    switch (action) {
        case "UpdateNodegroupVersion": {
            const { version = clusterVersion, releaseVersion } = JSON.parse(request.body.toString()) as Wanted;
            refuseUnlessActive(key, updates);
            checkVersion(group.version ?? clusterVersion, version, clusterVersion);
            checkRelease(version, releaseVersion);
            return { update: updates.begin(key, version, releaseVersion) };
        }
        case "ListUpdates":
            return { updateIds: updates.ids(key) };
        default:
            return { update: updates.describe(key, member) };
    }
}

/** Wording: https://github.com/aws/karpenter-provider-aws/issues/133 */
export function refuseUnlessActive(key: string, updates: VersionUpdates): void {
    if (updates.isUpdating(key)) {
        const message = "Nodegroup cannot be updated as it is currently not in Active State";
        throw new AwsError("ResourceInUseException", message, 409);
    }
}

/**
 * Nodes must not be newer than their control plane (https://kubernetes.io/releases/version-skew-policy/#kubelet), and
 * "you can't roll back a node group to an earlier Kubernetes version"
 * (https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html). EKS's wording is not known.
 */
function checkVersion(current: string, version: string, clusterVersion: string): void {
    const minor = (text: string) => Number(/^1\.(\d+)$/.exec(text)?.[1]);
    if (!(minor(version) >= minor(current) && minor(version) <= minor(clusterVersion))) {
        const message = `Unsupported update of a node group from ${current} to ${version}: the cluster has ${clusterVersion}`;
        throw new AwsError("InvalidParameterException", message, 400);
    }
}

/** Wording: https://github.com/eksctl-io/eksctl/issues/7976 */
function checkRelease(version: string, releaseVersion: string | undefined): void {
    if (releaseVersion !== undefined && !releaseVersion.startsWith(`${version}.`)) {
        const message = `Requested release version ${releaseVersion} is not valid for kubernetes version ${version}.`;
        throw new AwsError("InvalidRequestException", message, 400);
    }
}
