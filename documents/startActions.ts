import { CNI_ACTIONS, type CniAction } from "./cniActions";
import { type PluginSettings, settingOf } from "./pluginSettings";

/**
 * The actions of the plugin that no start of it tests. Each start calls the others, also on a node with a warm pool: a pod that becomes Ready shows that
 * the role may call them.
 *
 * On IPv4, the start writes the security groups of the node's interfaces (RefreshSGIDs), unless custom networking gives the other interfaces their
 * own, another program provisions the interfaces, or the plugin reads from the instance metadata alone. On IPv6 it writes nothing.
 *
 * Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (nodeInit) and its pkg/awsutils/awsutils.go (RefreshSGIDs)
 */
export function untestedByStart(ipFamily: "ipv4" | "ipv6", settings: PluginSettings | undefined): CniAction[] {
    const isOrdinary = EXCEPTIONS.every((name) => settingOf(settings, name) === false);
    return CNI_ACTIONS[ipFamily].filter(
        ({ action }) =>
            !action.startsWith("ec2:Describe") && !(isOrdinary && action === "ec2:ModifyNetworkInterfaceAttribute"),
    );
}

const EXCEPTIONS = [
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
    "DISABLE_NETWORK_RESOURCE_PROVISIONING",
    "ENABLE_IMDS_ONLY_MODE",
] as const;
