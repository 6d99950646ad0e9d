import type { V1Pod } from "@kubernetes/client-node";
import type { IpFamily } from "./programs";

/** The settings that decide which calls ipamd makes: variables of the container aws-node. */
export interface CniMode {
    readonly ipFamily: IpFamily;
    /** Pods get addresses of the ENIConfig's subnet, and none of the primary interface. */
    readonly customNetworking: boolean;
    readonly prefixDelegation: boolean;
    readonly subnetDiscovery: boolean;
    readonly imdsOnly: boolean;
    /** Whether ipamd manages interfaces and addresses. ENABLE_IMDS_ONLY_MODE turns it off, too. */
    readonly provisions: boolean;
    readonly warmEniTarget: number;
    readonly warmPrefixTarget: number;
    readonly warmIpTarget: number;
    readonly minimumIpTarget: number;
}

/** As Go's strconv.ParseBool reads them. */
const truths = ["1", "t", "T", "true", "TRUE", "True"];
const falsehoods = ["0", "f", "F", "false", "FALSE", "False"];

/**
 * The mode of a pod of aws-node, with upstream's defaults: amazon-vpc-cni-k8s v1.23.1, pkg/ipamd/ipamd.go (New,
 * disableENIProvisioning, enableImdsOnlyMode, getWarmENITarget). A pod without ENABLE_IPv6 is one of IPv4.
 */
export function cniModeOf(pod: V1Pod): CniMode {
    const env = pod.spec?.containers.find(({ name }) => name === "aws-node")?.env ?? [];
    const valueOf = (variable: string) => env.find(({ name }) => name === variable)?.value ?? "";
    const isOn = (variable: string, byDefault = false) => {
        const value = valueOf(variable);
        return byDefault ? !falsehoods.includes(value) : truths.includes(value);
    };
    const target = (variable: string, byDefault = 0) => {
        const value = valueOf(variable);
        return /^\+?\d+$/.test(value) ? Number(value) : byDefault;
    };
    const imdsOnly = isOn("ENABLE_IMDS_ONLY_MODE");
    return {
        ipFamily: isOn("ENABLE_IPv6") ? "ipv6" : "ipv4",
        customNetworking: isOn("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"),
        prefixDelegation: isOn("ENABLE_PREFIX_DELEGATION"),
        subnetDiscovery: isOn("ENABLE_SUBNET_DISCOVERY", true),
        imdsOnly,
        provisions: !imdsOnly && !isOn("DISABLE_NETWORK_RESOURCE_PROVISIONING"),
        warmEniTarget: target("WARM_ENI_TARGET", 1),
        warmPrefixTarget: target("WARM_PREFIX_TARGET"),
        warmIpTarget: target("WARM_IP_TARGET"),
        minimumIpTarget: target("MINIMUM_IP_TARGET"),
    };
}
