import { Contract } from "./contract";
import { securityGroup, subnet, vpc } from "./contractsOfEc2";
import { cluster, nodeGroup } from "./contractsOfEks";
import {
    instanceProfile,
    openIdConnectProvider,
    policy,
    role,
    rolePolicyAttachment,
    rolePolicyAttachmentsExclusive,
} from "./contractsOfIam";

/** One contract for each resource type of the stand-in. */
export const contracts: readonly Contract[] = [
    role,
    policy,
    rolePolicyAttachment,
    rolePolicyAttachmentsExclusive,
    openIdConnectProvider,
    instanceProfile,
    cluster,
    nodeGroup,
    vpc,
    subnet,
    securityGroup,
];
