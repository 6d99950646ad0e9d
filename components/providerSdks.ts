import type * as eks from "@pulumi/aws/eks";
import type * as iam from "@pulumi/aws/iam";
import type * as apps from "@pulumi/kubernetes/apps/v1";
import type * as core from "@pulumi/kubernetes/core/v1";

/**
 * The parts of the provider SDKs that a component needs. They are loaded when the first component is constructed, so that
 * importing this package costs no more than `@pulumi/pulumi`. (The SDKs' own index modules are lazy too, but load types and
 * utilities immediately.)
 */
export const sdks = {
    iam: () => require("@pulumi/aws/iam") as typeof iam,
    eks: () => require("@pulumi/aws/eks") as typeof eks,
    core: () => require("@pulumi/kubernetes/core/v1") as typeof core,
    apps: () => require("@pulumi/kubernetes/apps/v1") as typeof apps,
};
