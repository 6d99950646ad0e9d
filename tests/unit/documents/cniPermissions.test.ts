import { validateIdentityPolicy } from "@cloud-copilot/iam-policy";
import { deepStrictEqual, strictEqual } from "assert";
import { IPV6_POLICY_GENERATION, ipv6CniPolicy, managedCniPolicyArn } from "../../../documents/cniPermissions";
import { lostGrants } from "../../../documents/lostGrants";
import { PolicyDocument, PolicyStatement } from "../../../documents/policyDocument";
import { fixture, PARTITIONS } from "../support/fixtures";

const MANAGED_POLICY_ARNS: Record<string, string> = {
    aws: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-cn": "arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-us-gov": "arn:aws-us-gov:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-iso": "arn:aws-iso:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-iso-b": "arn:aws-iso-b:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-iso-e": "arn:aws-iso-e:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-iso-f": "arn:aws-iso-f:iam::aws:policy/AmazonEKS_CNI_Policy",
    "aws-eusc": "arn:aws-eusc:iam::aws:policy/AmazonEKS_CNI_Policy",
};

describe("the permissions of the CNI", () => {
    for (const { partition, ipv6Permissions } of PARTITIONS) {
        it(`are AWS's managed policy on IPv4 in ${partition}`, () => {
            strictEqual(managedCniPolicyArn(partition), MANAGED_POLICY_ARNS[partition]);
        });

        it(`are today's read and assign actions, and tags on network interfaces, on IPv6 in ${partition}`, () => {
            deepStrictEqual(ipv6CniPolicy(partition), ipv6Permissions);
        });

        it(`pass the syntax check of a policy validator on IPv6 in ${partition}`, () => {
            deepStrictEqual(validateIdentityPolicy(ipv6CniPolicy(partition)), []);
        });
    }

    it("are on IPv6 the EKS user guide's five and exactly two more that newer versions of the plugin call", () => {
        const [guideRead, guideTag] = (fixture("eks-user-guide-ipv6-policy") as PolicyDocument).Statement;
        const [componentRead, componentTag] = ipv6CniPolicy("aws").Statement;
        deepStrictEqual(
            { ...componentRead, Action: actions(componentRead).sort() },
            {
                ...guideRead,
                Action: [...actions(guideRead), "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"].sort(),
            },
        );
        deepStrictEqual(componentTag, guideTag);
    });

    it("lose on IPv6 nothing that their generation began with, since the engine would take it away from running pods", () => {
        const generations = fixture("ipv6-policy-generations") as Record<string, PolicyDocument>;
        // A document with fewer actions is a new generation: count IPV6_POLICY_GENERATION up, and add the document here.
        deepStrictEqual(Object.keys(generations).at(-1), String(IPV6_POLICY_GENERATION));
        deepStrictEqual(lostGrants(generations[IPV6_POLICY_GENERATION], ipv6CniPolicy("aws")), []);
    });
});

function actions(statement: PolicyStatement | undefined): string[] {
    return [statement?.Action ?? []].flat();
}
