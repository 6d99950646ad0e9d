import { strictEqual } from "assert";
import { isDeniedByServiceControlPolicy } from "../../../../handover/aws/serviceControlPolicy";

const USER = "User: arn:aws:sts::111122223333:assumed-role/deploy/ci is not authorized to perform:";
const ACTION = "ec2:DescribeInstances";
const POLICY_ARN = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd";
const EC2 = "You are not authorized to perform this operation.";
const CLUSTERS = "arn:aws:eks:eu-north-1:111122223333:cluster/*";

/** The words of the sources in the module. */
const OF_A_SERVICE_CONTROL_POLICY: [title: string, words: string, action?: string][] = [
    ["an explicit deny", `${USER} ${ACTION} with an explicit deny in a service control policy`],
    ["EC2's first sentence", `${EC2} ${USER} ${ACTION} with an explicit deny in a service control policy`],
    ["the policy's ARN", `${EC2} ${USER} ${ACTION} with an explicit deny in a service control policy: ${POLICY_ARN}`],
    [
        "the policy's ARN as S3 says it",
        `${USER} ${ACTION} with an explicit deny in a service control policy, with policy ARN: ${POLICY_ARN}`,
    ],
    [
        "an encoded message",
        `${EC2} ${USER} ${ACTION} with an explicit deny in a service control policy. Encoded authorization failure message: XQ_jq`,
    ],
    [
        "a resource",
        `${USER} eks:ListClusters on resource: ${CLUSTERS} with an explicit deny in a service control policy`,
        "eks:ListClusters",
    ],
    ["a list of allowed actions", `${USER} ${ACTION} because no service control policy allows the ${ACTION} action`],
    [
        "a list of allowed actions, and a resource",
        `${USER} eks:ListClusters on resource: ${CLUSTERS} because no service control policy allows the eks:ListClusters action`,
        "eks:ListClusters",
    ],
    ["an action in other case", `${USER} EC2:describeinstances with an explicit deny in a service control policy`],
    ["line breaks", `${USER}\n${ACTION}\nwith an explicit deny in a service control policy`],
];

const OF_ANOTHER_POLICY: [title: string, words: string][] = [
    ["another action", `${USER} ec2:DescribeVpcs with an explicit deny in a service control policy`],
    ["an action that ends in it", `${USER} my${ACTION} with an explicit deny in a service control policy`],
    ["an identity-based policy", `${USER} ${ACTION} with an explicit deny in an identity-based policy`],
    [
        "a missing identity-based policy",
        `${USER} ${ACTION} because no identity-based policy allows the ${ACTION} action`,
    ],
    ["a permissions boundary", `${USER} ${ACTION} with an explicit deny in a permissions boundary: ${POLICY_ARN}`],
    ["a narrow boundary", `${USER} ${ACTION} because no permissions boundary allows the ${ACTION} action`],
    ["a session policy", `${USER} ${ACTION} because no session policy allows the ${ACTION} action`],
    ["a resource-based policy", `${USER} ${ACTION} with an explicit deny in a resource-based policy`],
    ["a resource control policy", `${USER} ${ACTION} with an explicit deny in a resource control policy`],
    ["an endpoint's policy", `${USER} ${ACTION} because no VPC endpoint policy allows the ${ACTION} action`],
    [
        "an endpoint's policy, for which a service control policy stands",
        `${USER} ${ACTION} with an explicit deny in a VPC endpoint policy transitively through a service control policy`,
    ],
    [
        "a service control policy, for which another policy stands",
        `${USER} ${ACTION} with an explicit deny in a service control policy transitively through a VPC endpoint policy`,
    ],
    ["no policy type, as before 2021", EC2],
    ["no policy type, as EKS once said it", `${USER} ${ACTION} with an explicit deny`],
    ["words that only begin like it", `${USER} ${ACTION} with an explicit deny in a service control policyholder`],
    ["the words alone", "with an explicit deny in a service control policy"],
    ["the name of a policy in a resource", `${USER} ${ACTION} on resource: a-service-control-policy`],
];

describe("AWS's words", () => {
    for (const [title, words, action = ACTION] of OF_A_SERVICE_CONTROL_POLICY) {
        it(`name a service control policy, with ${title}`, () =>
            strictEqual(isDeniedByServiceControlPolicy(words, action), true));
    }
    for (const [title, words] of OF_ANOTHER_POLICY) {
        it(`name none with ${title}`, () => strictEqual(isDeniedByServiceControlPolicy(words, ACTION), false));
    }
});
