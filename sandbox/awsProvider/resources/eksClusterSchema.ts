import {
    block,
    blocks,
    boolean,
    notImplemented,
    output,
    regionProperty,
    Schema,
    string,
    strings,
    tagProperties,
} from "../bridge/schema";
import { all, arn, length, matches, oneOf } from "../bridge/validators";

const LOG_TYPES = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/** terraform-provider-aws internal/service/eks/cluster.go; names: pulumi-aws provider/autonaming.go. */
export const schema: Schema = {
    accessConfig: block(
        {
            authenticationMode: string({
                computed: true,
                validate: oneOf("API", "API_AND_CONFIG_MAP", "CONFIG_MAP"),
            }),
            bootstrapClusterCreatorAdminPermissions: boolean({ forceNew: true, default: true }),
        },
        { computed: true },
    ),
    arn: output(),
    bootstrapSelfManagedAddons: boolean({ forceNew: true, default: true }),
    certificateAuthority: { ...block({ data: output() }), output: true },
    clusterId: output(),
    computeConfig: notImplemented,
    controlPlaneScalingConfig: notImplemented,
    createdAt: output(),
    defaultAddonsToRemoves: notImplemented,
    deletionProtection: notImplemented,
    enabledClusterLogTypes: { ...strings("set"), element: string({ validate: oneOf(...LOG_TYPES) }) },
    encryptionConfig: notImplemented,
    endpoint: output(),
    forceUpdateVersion: notImplemented,
    identities: { ...blocks("list", { oidcs: blocks("list", { issuer: output() }) }), output: true },
    kubeApiServerConfig: notImplemented,
    kubeControllerManagerConfig: notImplemented,
    kubeSchedulerConfig: notImplemented,
    kubernetesNetworkConfig: block(
        {
            elasticLoadBalancing: notImplemented,
            ipFamily: string({ computed: true, forceNew: true, validate: oneOf("ipv4", "ipv6") }),
            serviceIpv4Cidr: string({ computed: true, forceNew: true }),
            serviceIpv6Cidr: output(),
        },
        { computed: true },
    ),
    name: string({
        forceNew: true,
        autoName: { maxLength: 255 },
        // internal/service/eks/validate.go, validClusterName.
        validate: all(
            length(1, 100),
            matches(
                /^[0-9A-Za-z][A-Za-z0-9\-_]*$/,
                "must start with an alphanumeric character, and can only contain alphanumeric characters, hyphens and underscores",
            ),
        ),
    }),
    outpostConfig: notImplemented,
    platformVersion: output(),
    ...regionProperty,
    remoteNetworkConfig: notImplemented,
    roleArn: string({ required: true, forceNew: true, validate: arn }),
    status: output(),
    storageConfig: notImplemented,
    ...tagProperties,
    upgradePolicy: block(
        { supportType: string({ computed: true, validate: oneOf("STANDARD", "EXTENDED") }) },
        { computed: true },
    ),
    version: string({ computed: true }),
    vpcConfig: block(
        {
            clusterSecurityGroupId: output(),
            controlPlaneEgressMode: notImplemented,
            endpointPrivateAccess: boolean({ default: false }),
            endpointPublicAccess: boolean({ default: true }),
            publicAccessCidrs: strings("set", { computed: true }),
            securityGroupIds: strings("set"),
            subnetIds: strings("set", { required: true }),
            vpcId: output(),
        },
        { required: true },
    ),
    zonalShiftConfig: notImplemented,
};
