import type {
    AuthenticationMode,
    CreateAccessConfigRequest,
    IpFamily,
    KubernetesNetworkConfigRequest,
    Logging,
    LogType,
    SupportType,
    UpgradePolicyRequest,
    VpcConfigRequest,
} from "@aws-sdk/client-eks";
import { asBoolean, asMap, asString, asStrings, Value } from "../bridge/values";

/**
 * Parts of requests to EKS, from properties that check has accepted (internal/service/eks/cluster.go, the functions
 * `expand…`).
 */

export function accessConfig(value: Value | undefined): CreateAccessConfigRequest | undefined {
    const config = asMap(value);
    return config === undefined
        ? undefined
        : {
              authenticationMode: asString(config["authenticationMode"]) as AuthenticationMode | undefined,
              bootstrapClusterCreatorAdminPermissions: asBoolean(config["bootstrapClusterCreatorAdminPermissions"]),
          };
}

export function networkConfig(value: Value | undefined): KubernetesNetworkConfigRequest | undefined {
    const config = asMap(value);
    return config === undefined
        ? undefined
        : {
              ipFamily: asString(config["ipFamily"]) as IpFamily | undefined,
              serviceIpv4Cidr: asString(config["serviceIpv4Cidr"]),
          };
}

export function upgradePolicy(value: Value | undefined): UpgradePolicyRequest | undefined {
    const supportType = asString(asMap(value)?.["supportType"]);
    return supportType === undefined ? undefined : { supportType: supportType as SupportType };
}

export function vpcConfig(value: Value | undefined): VpcConfigRequest {
    const config = asMap(value) ?? {};
    const cidrs = asStrings(config["publicAccessCidrs"]);
    return {
        endpointPrivateAccess: asBoolean(config["endpointPrivateAccess"]),
        endpointPublicAccess: asBoolean(config["endpointPublicAccess"]),
        publicAccessCidrs: cidrs.length > 0 ? cidrs : undefined,
        securityGroupIds: asStrings(config["securityGroupIds"]),
        subnetIds: asStrings(config["subnetIds"]),
    };
}

const LOG_TYPES: LogType[] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

export function logging(enabled: string[]): Logging {
    const isEnabled = (type: LogType): boolean => enabled.includes(type);
    return {
        clusterLogging: [
            { enabled: true, types: LOG_TYPES.filter(isEnabled) },
            { enabled: false, types: LOG_TYPES.filter((type) => !isEnabled(type)) },
        ],
    };
}
