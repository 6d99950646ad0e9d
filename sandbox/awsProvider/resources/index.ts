import { securityGroup } from "./ec2SecurityGroup";
import { subnet } from "./ec2Subnet";
import { vpc } from "./ec2Vpc";
import { addOn } from "./eksAddOn";
import { cluster } from "./eksCluster";
import { nodeGroup } from "./eksNodeGroup";
import { podIdentityAssociation } from "./eksPodIdentityAssociation";
import { instanceProfile } from "./iamInstanceProfile";
import { openIdConnectProvider } from "./iamOpenIdConnectProvider";
import { policy } from "./iamPolicy";
import { role } from "./iamRole";
import { rolePolicyAttachment } from "./iamRolePolicyAttachment";
import { rolePolicyAttachmentsExclusive } from "./iamRolePolicyAttachmentsExclusive";
import { ResourceType } from "./resourceType";

export const RESOURCE_TYPES: readonly ResourceType[] = [
    role,
    policy,
    rolePolicyAttachment,
    rolePolicyAttachmentsExclusive,
    openIdConnectProvider,
    instanceProfile,
    cluster,
    nodeGroup,
    addOn,
    podIdentityAssociation,
    vpc,
    subnet,
    securityGroup,
];

const byToken = new Map(RESOURCE_TYPES.map((type) => [type.token, type]));

export function resourceTypeOf(token: string): ResourceType {
    const type = byToken.get(token);
    if (type === undefined) {
        const known = [...byToken.keys()].join(", ");
        throw new Error(
            `the stand-in for the AWS provider does not implement the resource type "${token}"; it has ${known}`,
        );
    }
    return type;
}
