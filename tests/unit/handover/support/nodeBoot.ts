import { MANAGED_CNI_POLICY } from "../../../../documents/cniActions";
import type { PolicyRead } from "../../../../documents/nodeBoot";
import { CNI_POLICY } from "./worlds";

export const allows = (name: string, ...Action: string[]): PolicyRead => ({
    name,
    document: { Statement: [{ Effect: "Allow", Action, Resource: "*" }] },
});

/** The policies of node roles, with actions that tests ask for. */
export const WORKER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
export const WORKER = allows(
    WORKER_POLICY,
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
);
export const MINIMAL = allows(
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy",
    "eks-auth:AssumeRoleForPodIdentity",
);
export const CNI: PolicyRead = { name: CNI_POLICY, document: MANAGED_CNI_POLICY };
