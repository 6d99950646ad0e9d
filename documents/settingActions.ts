import { CNI_ACTIONS, type CniAction } from "./cniActions";
import { type PluginSetting, type PluginSettings, settingOf } from "./pluginSettings";

/** The tag with which a subnet is excluded from the plugin's work. */
export const EXCLUDING_TAG = { key: "kubernetes.io/role/cni", value: "0" } as const;

/** Actions beyond the default policy of the IP family. */
export interface SettingActions {
    readonly actions: readonly CniAction[];
    /** Why the plugin calls them, as clauses. */
    readonly reasons: readonly string[];
}

/**
 * The actions that the plugin's settings make it call, and that the default policy of the IP family does not grant. Undefined if there are none.
 *
 * On IPv6, the plugin adds no interface, with two exceptions: on instances with several network cards with ENABLE_MULTI_NIC, unless another program
 * provisions the interfaces, and for a node whose primary subnet is excluded by its tag. A start there fails without the interface. A setting that is not
 * known counts as the one that calls more.
 *
 * Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/ipamd/ipamd.go (nodeInit, createSecondaryIPv6ENIs, tryAllocateENI, disableENIProvisioning)
 *
 * @param excludedSubnets The primary subnets of nodes that have EXCLUDING_TAG.
 */
export function settingActions(
    ipFamily: "ipv4" | "ipv6",
    settings: PluginSettings | undefined,
    excludedSubnets: readonly string[],
): SettingActions | undefined {
    const reasons = [...severalCards(settings), ...excludedPrimary(settings, excludedSubnets)];
    return ipFamily === "ipv4" || reasons.length === 0 ? undefined : { actions: ADDS_INTERFACE, reasons };
}

/**
 * If the last one is denied, the plugin frees the interface again.
 *
 * Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go (AllocENI, IsSubnetExcluded)
 */
const ADDS_INTERFACE = CNI_ACTIONS.ipv4.filter(({ action }) =>
    ["ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"].includes(
        action,
    ),
);

function severalCards(settings: PluginSettings | undefined): string[] {
    const provisions = UNPROVISIONED.every((name) => settingOf(settings, name) !== true);
    return settingOf(settings, "ENABLE_MULTI_NIC") !== false && provisions
        ? [
              clause(settings, {
                  ENABLE_MULTI_NIC: true,
                  DISABLE_NETWORK_RESOURCE_PROVISIONING: false,
                  ENABLE_IMDS_ONLY_MODE: false,
              }),
          ]
        : [];
}

const UNPROVISIONED = ["DISABLE_NETWORK_RESOURCE_PROVISIONING", "ENABLE_IMDS_ONLY_MODE"] as const;

function excludedPrimary(settings: PluginSettings | undefined, subnets: readonly string[]): string[] {
    return subnets.length > 0 && settingOf(settings, "ENABLE_SUBNET_DISCOVERY") !== false
        ? [
              `nodes are in ${subnets.join(", ")} with the tag ${EXCLUDING_TAG.key}: ${EXCLUDING_TAG.value}, while ${clause(settings, { ENABLE_SUBNET_DISCOVERY: true })}`,
          ]
        : [];
}

/** The first setting, and those that are not known, with the values that they count as. */
function clause(
    settings: PluginSettings | undefined,
    counted: Readonly<Partial<Record<PluginSetting, boolean>>>,
): string {
    return (Object.entries(counted) as [PluginSetting, boolean][])
        .flatMap(([name, value], i) =>
            settingOf(settings, name) === "unknown"
                ? [`${name} takes its value from elsewhere, which counts as ${String(value)}`]
                : i === 0
                  ? [`${name} is ${String(value)}`]
                  : [],
        )
        .join(", and ");
}
