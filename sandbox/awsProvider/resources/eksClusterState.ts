import type { Cluster } from "@aws-sdk/client-eks";
import { asMap, defined, Value, ValueMap } from "../bridge/values";
import { formatDate } from "./iamRole";

/** The state of a cluster, from EKS's answer (internal/service/eks/cluster.go, the functions `flatten…`). */
export function describeCluster(actual: Cluster, prior: ValueMap | undefined): ValueMap {
    return defined({
        accessConfig: access(actual, prior),
        arn: actual.arn,
        // EKS does not return it, so the program's value is kept; an import takes the default.
        bootstrapSelfManagedAddons: prior?.["bootstrapSelfManagedAddons"] ?? true,
        certificateAuthority: { data: actual.certificateAuthority?.data ?? "" },
        clusterId: actual.id ?? "",
        createdAt: formatDate(actual.createdAt),
        enabledClusterLogTypes: enabledLogTypes(actual),
        endpoint: actual.endpoint,
        identities: [{ oidcs: [{ issuer: actual.identity?.oidc?.issuer ?? "" }] }],
        kubernetesNetworkConfig: network(actual),
        name: actual.name,
        platformVersion: actual.platformVersion,
        roleArn: actual.roleArn,
        status: actual.status,
        upgradePolicy:
            actual.upgradePolicy?.supportType === undefined
                ? prior?.["upgradePolicy"]
                : { supportType: actual.upgradePolicy.supportType },
        version: actual.version,
        vpcConfig: vpc(actual),
    });
}

/** If the API does not return access entries, the program's value is kept. */
function access(actual: Cluster, prior: ValueMap | undefined): Value | undefined {
    const before = asMap(prior?.["accessConfig"]);
    const authenticationMode = actual.accessConfig?.authenticationMode ?? before?.["authenticationMode"];
    return authenticationMode === undefined
        ? undefined
        : {
              authenticationMode,
              bootstrapClusterCreatorAdminPermissions: before?.["bootstrapClusterCreatorAdminPermissions"] ?? true,
          };
}

export function enabledLogTypes(actual: Cluster): string[] {
    const enabled = (actual.logging?.clusterLogging ?? []).filter((setup) => setup.enabled === true);
    return enabled.flatMap((setup) => setup.types ?? []);
}

export function network(actual: Cluster): ValueMap {
    const config = actual.kubernetesNetworkConfig;
    return {
        // "If you don't specify a value, ipv4 is used by default" (EKS API, KubernetesNetworkConfigRequest).
        ipFamily: config?.ipFamily ?? "ipv4",
        serviceIpv4Cidr: config?.serviceIpv4Cidr ?? "",
        serviceIpv6Cidr: config?.serviceIpv6Cidr ?? "",
    };
}

export function vpc(actual: Cluster): ValueMap {
    const config = actual.resourcesVpcConfig;
    return {
        clusterSecurityGroupId: config?.clusterSecurityGroupId ?? "",
        endpointPrivateAccess: config?.endpointPrivateAccess ?? false,
        endpointPublicAccess: config?.endpointPublicAccess ?? true,
        publicAccessCidrs: config?.publicAccessCidrs ?? [],
        securityGroupIds: config?.securityGroupIds ?? [],
        subnetIds: config?.subnetIds ?? [],
        vpcId: config?.vpcId ?? "",
    };
}
