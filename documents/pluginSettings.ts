/**
 * The settings of the Amazon VPC CNI plugin that decide which AWS calls it makes, with their defaults: environment variables of the container
 * `aws-node`.
 *
 * Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/README.md#cni-configuration-variables
 */
const DEFAULTS = {
    AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: false,
    DISABLE_NETWORK_RESOURCE_PROVISIONING: false,
    ENABLE_IMDS_ONLY_MODE: false,
    ENABLE_MULTI_NIC: false,
    ENABLE_SUBNET_DISCOVERY: true,
};

export type PluginSetting = keyof typeof DEFAULTS;

/** The settings that are not the default. `unknown`: the value comes from elsewhere, such as a ConfigMap. */
export type PluginSettings = Readonly<Partial<Record<PluginSetting, boolean | "unknown">>>;

/** @param valueOf The value of an environment variable: empty if it is not set, undefined if it is not known. */
export function pluginSettings(valueOf: (name: string) => string | undefined): PluginSettings {
    const names = Object.keys(DEFAULTS) as PluginSetting[];
    const values = names.map((name) => [name, parsed(name, valueOf(name))] as const);
    return Object.fromEntries(values.filter(([name, value]) => value !== DEFAULTS[name]));
}

export function settingOf(settings: PluginSettings | undefined, name: PluginSetting): boolean | "unknown" {
    return settings?.[name] ?? DEFAULTS[name];
}

/** As the plugin does with Go's strconv.ParseBool: any other value is the default. https://pkg.go.dev/strconv#ParseBool */
function parsed(name: PluginSetting, value: string | undefined): boolean | "unknown" {
    if (value === undefined) {
        return "unknown";
    }
    const isTrue = ["1", "t", "T", "TRUE", "true", "True"].includes(value);
    const isFalse = ["0", "f", "F", "FALSE", "false", "False"].includes(value);
    return isTrue || isFalse ? isTrue : DEFAULTS[name];
}
