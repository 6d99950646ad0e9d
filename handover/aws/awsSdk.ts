/**
 * The parts of the AWS SDK that run: the only module that imports it at run time, so that the package is published with these parts
 * and no others (docs/decisions/0013-published-package.md). It is heavy, so load it by `await import("./awsSdk")` at its first use.
 */
export {
    AttachNetworkInterfaceCommand,
    CreateNetworkInterfaceCommand,
    CreateTagsCommand,
    DeleteNetworkInterfaceCommand,
    DescribeInstancesCommand,
    DescribeInstanceTypesCommand,
    DescribeNetworkInterfacesCommand,
    DescribeRegionsCommand,
    DescribeSecurityGroupsCommand,
    DescribeSubnetsCommand,
    DescribeTagsCommand,
    DetachNetworkInterfaceCommand,
    EC2Client,
    ModifyNetworkInterfaceAttributeCommand,
    paginateDescribeInstances,
    paginateDescribeSubnets,
} from "@aws-sdk/client-ec2";
export {
    DeletePodIdentityAssociationCommand,
    DescribeAddonCommand,
    DescribeClusterCommand,
    DescribePodIdentityAssociationCommand,
    DescribeUpdateCommand,
    EKSClient,
    ListClustersCommand,
    paginateListPodIdentityAssociations,
    UpdateAddonCommand,
    UpdatePodIdentityAssociationCommand,
} from "@aws-sdk/client-eks";
export {
    AttachRolePolicyCommand,
    DetachRolePolicyCommand,
    GetInstanceProfileCommand,
    GetPolicyCommand,
    GetPolicyVersionCommand,
    GetRoleCommand,
    GetRolePolicyCommand,
    IAMClient,
    paginateListAttachedRolePolicies,
    paginateListInstanceProfilesForRole,
    paginateListRolePolicies,
    paginateSimulatePrincipalPolicy,
} from "@aws-sdk/client-iam";
export { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
export { SignatureV4 } from "@smithy/signature-v4";
export { fromIni, fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
