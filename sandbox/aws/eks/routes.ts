import { AwsError } from "../errors";

export interface Route {
    readonly action: string;
    readonly path: string;
    readonly clusterName?: string;
    /** The name or id of a member of the cluster: a node group, an add-on, an association. */
    readonly member?: string;
}

/** The operations of EKS that moto implements (moto/eks/urls.py), and those of this folder. All others are refused. */
export const routes: readonly (readonly [method: string, path: RegExp, action: string])[] = [
    ["GET", /^\/clusters$/, "ListClusters"],
    ["POST", /^\/clusters$/, "CreateCluster"],
    ["GET", /^\/clusters\/([^/]+)$/, "DescribeCluster"],
    ["DELETE", /^\/clusters\/([^/]+)$/, "DeleteCluster"],
    ["POST", /^\/clusters\/([^/]+)\/update-config$/, "UpdateClusterConfig"],
    ["POST", /^\/clusters\/([^/]+)\/updates$/, "UpdateClusterVersion"],
    ["GET", /^\/clusters\/([^/]+)\/updates$/, "ListUpdates"],
    ["GET", /^\/clusters\/([^/]+)\/updates\/([^/]+)$/, "DescribeUpdate"],
    ["GET", /^\/clusters\/([^/]+)\/node-groups$/, "ListNodegroups"],
    ["POST", /^\/clusters\/([^/]+)\/node-groups$/, "CreateNodegroup"],
    ["GET", /^\/clusters\/([^/]+)\/node-groups\/([^/]+)$/, "DescribeNodegroup"],
    ["DELETE", /^\/clusters\/([^/]+)\/node-groups\/([^/]+)$/, "DeleteNodegroup"],
    ["POST", /^\/clusters\/([^/]+)\/node-groups\/([^/]+)\/update-config$/, "UpdateNodegroupConfig"],
    ["POST", /^\/clusters\/([^/]+)\/node-groups\/([^/]+)\/update-version$/, "UpdateNodegroupVersion"],
    ["GET", /^\/clusters\/([^/]+)\/addons$/, "ListAddons"],
    ["POST", /^\/clusters\/([^/]+)\/addons$/, "CreateAddon"],
    ["GET", /^\/clusters\/([^/]+)\/addons\/([^/]+)$/, "DescribeAddon"],
    ["POST", /^\/clusters\/([^/]+)\/addons\/([^/]+)\/update$/, "UpdateAddon"],
    ["DELETE", /^\/clusters\/([^/]+)\/addons\/([^/]+)$/, "DeleteAddon"],
    ["GET", /^\/clusters\/([^/]+)\/pod-identity-associations$/, "ListPodIdentityAssociations"],
    ["POST", /^\/clusters\/([^/]+)\/pod-identity-associations$/, "CreatePodIdentityAssociation"],
    ["GET", /^\/clusters\/([^/]+)\/pod-identity-associations\/([^/]+)$/, "DescribePodIdentityAssociation"],
    ["POST", /^\/clusters\/([^/]+)\/pod-identity-associations\/([^/]+)$/, "UpdatePodIdentityAssociation"],
    ["DELETE", /^\/clusters\/([^/]+)\/pod-identity-associations\/([^/]+)$/, "DeletePodIdentityAssociation"],
    ["GET", /^\/tags\/.+$/, "ListTagsForResource"],
    ["POST", /^\/tags\/.+$/, "TagResource"],
    ["DELETE", /^\/tags\/.+$/, "UntagResource"],
];

export function routeOf(method: string, path: string): Route {
    for (const [verb, pattern, action] of routes) {
        const match = verb === method ? pattern.exec(path) : null;
        if (match) {
            const [, clusterName, member] = match.map((part) => part && decodeURIComponent(part));
            return { action, path, ...(clusterName && { clusterName }), ...(member && { member }) };
        }
    }
    throw new AwsError("UnknownOperationException", `This sandbox has no EKS operation for ${method} ${path}.`, 404);
}

/**
 * The resource of a call, for its authorisation:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html An
 * add-on's ARN ends in an id that calls do not contain.
 */
export function resourceOf({ action, clusterName, member }: Route, region: string, accountId: string): string {
    const own = (resource: string) => `arn:aws:eks:${region}:${accountId}:${resource}`;
    if (clusterName === undefined) {
        return "*";
    }
    if (member !== undefined && /Addon$/.test(action)) {
        return own(`addon/${clusterName}/${member}/*`);
    }
    return member !== undefined && /PodIdentityAssociation$/.test(action)
        ? own(`podidentityassociation/${clusterName}/${member}`)
        : own(`cluster/${clusterName}`);
}
