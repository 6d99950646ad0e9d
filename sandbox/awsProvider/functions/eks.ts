import type { Cluster } from "@aws-sdk/client-eks";
import { explain } from "../aws/errors";
import { map, regionProperty, string } from "../bridge/schema";
import { asString, ValueMap } from "../bridge/values";
import { enabledLogTypes, network, vpc } from "../resources/eksClusterState";
import { formatDate } from "../resources/iamRole";
import { Context } from "../resources/resourceType";
import { ProviderFunction } from "./function";

/** terraform-provider-aws internal/service/eks/cluster_data_source.go. */
export const getCluster: ProviderFunction = {
    token: "aws:eks/getCluster:getCluster",
    args: { name: string({ required: true }), ...regionProperty, tags: map() },
    async invoke({ aws, config }: Context, args: ValueMap): Promise<ValueMap> {
        const name = asString(args["name"]) ?? "";
        const region = asString(args["region"]) ?? config.region;
        const eks = await aws.eks(region);
        const found = await explain(`reading EKS Cluster (${name})`, eks.describeCluster({ name }));
        if (found.cluster === undefined) {
            throw new Error(`reading EKS Cluster (${name}): empty result`);
        }
        return { ...describe(found.cluster), region };
    },
};

function describe(cluster: Cluster): ValueMap {
    return {
        ...notInTheSandbox(),
        id: cluster.name ?? "",
        name: cluster.name ?? "",
        accessConfigs: [
            {
                authenticationMode: cluster.accessConfig?.authenticationMode ?? "CONFIG_MAP",
                bootstrapClusterCreatorAdminPermissions: false,
            },
        ],
        arn: cluster.arn ?? "",
        certificateAuthorities: [{ data: cluster.certificateAuthority?.data ?? "" }],
        clusterId: cluster.id ?? "",
        createdAt: formatDate(cluster.createdAt) ?? "",
        deletionProtection: cluster.deletionProtection ?? false,
        enabledClusterLogTypes: enabledLogTypes(cluster),
        endpoint: cluster.endpoint ?? "",
        identities: [{ oidcs: [{ issuer: cluster.identity?.oidc?.issuer ?? "" }] }],
        kubernetesNetworkConfigs: [{ elasticLoadBalancings: [{ enabled: false }], ...network(cluster) }],
        platformVersion: cluster.platformVersion ?? "",
        roleArn: cluster.roleArn ?? "",
        status: cluster.status ?? "",
        tags: cluster.tags ?? {},
        upgradePolicies: [{ supportType: cluster.upgradePolicy?.supportType ?? "EXTENDED" }],
        version: cluster.version ?? "",
        vpcConfig: vpc(cluster),
    };
}

/** Outposts, Auto Mode, hybrid nodes and control plane settings: the clusters of the stand-in have none. */
function notInTheSandbox(): ValueMap {
    const names = [
        "computeConfigs",
        "controlPlaneScalingConfigs",
        "kubeApiServerConfigs",
        "kubeControllerManagerConfigs",
        "kubeSchedulerConfigs",
        "outpostConfigs",
        "remoteNetworkConfigs",
        "storageConfigs",
        "zonalShiftConfigs",
    ];
    return Object.fromEntries(names.map((name) => [name, []]));
}
