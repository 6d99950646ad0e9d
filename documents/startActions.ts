import { CNI_ACTIONS, type CniAction } from "./cniActions";
import { type PluginSettings, settingOf } from "./pluginSettings";

/** The actions of the plugin that change interfaces, addresses or tags: all that are not Describe. */
export function writingActions(ipFamily: "ipv4" | "ipv6"): CniAction[] {
    return CNI_ACTIONS[ipFamily].filter(({ action }) => !action.startsWith("ec2:Describe"));
}

/**
 * The writing actions that each start of the plugin calls, also on a node with a warm pool: a pod that becomes Ready shows that the role may call them.
 *
 * On IPv4, the start writes the security groups of the node's interfaces (RefreshSGIDs), unless custom networking gives the other interfaces their
 * own, another program provisions the interfaces, or the plugin reads from the instance metadata alone. On IPv6 it writes nothing.
 *
 * Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (nodeInit) and its pkg/awsutils/awsutils.go (RefreshSGIDs)
 */
export function exercisedAtStart(ipFamily: "ipv4" | "ipv6", settings: PluginSettings | undefined): readonly string[] {
    const isOrdinary = EXCEPTIONS.every((name) => settingOf(settings, name) === false);
    return ipFamily === "ipv4" && isOrdinary ? ["ec2:ModifyNetworkInterfaceAttribute"] : [];
}

const EXCEPTIONS = [
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
    "DISABLE_NETWORK_RESOURCE_PROVISIONING",
    "ENABLE_IMDS_ONLY_MODE",
] as const;
