import { Contract } from "./contract";
import { securityGroup, subnet, vpc } from "./contractsOfEc2";
import { addOn, cluster, nodeGroup, podIdentityAssociation } from "./contractsOfEks";
import {
    instanceProfile,
    openIdConnectProvider,
    policy,
    role,
    rolePolicyAttachment,
    rolePolicyAttachmentsExclusive,
} from "./contractsOfIam";

/** One contract for each resource type of the stand-in, but for those of which moto has nothing. */
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

/** Those that only the sandbox's AWS API has. */
export const contractsOfSandbox: readonly Contract[] = [addOn, podIdentityAssociation];
