import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ipv6CniPolicy } from "../../documents/cniPermissions";
import { trustPolicy } from "../../documents/trustPolicy";
import { CniServiceAccountRole, Delivery } from "../../index";

const ACCOUNT = "111122223333";
const ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
const OIDC_PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;
const CNI_ROLE = `arn:aws:iam::${ACCOUNT}:role/cni`;
/** The condition on the subject in a trust policy, which follows another condition. */
const SUBJECT = /,"[^"]*:sub":"[^"]*"/;
const EXCLUSIVE =
    "and detachFromNodeRoles lists the role. It would detach the CNI policy before the pods have moved, or attach it again afterwards. " +
    "Remove it from the program in a first update, and add the component in the second.";
const LAUNCH_TEMPLATE = { id: "lt-0123456789abcdef0", version: "1" };

/** An add-on without a role beside a component that waits for another writer, for example a GitOps tool. No rule finds a fault in it. */
export function addOnBesideAnotherWriter(): void {
    new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.External });
    new aws.eks.Addon("vpc-cni", { clusterName: "sandbox", addonName: "vpc-cni" });
}

/** A patch of the program that gives the role to the service account once it is proved. No rule finds a fault in it. */
export function patchThatTheComponentWaitsFor(): void {
    patchWith(new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.External }).provedRoleArn);
}

/** A small stack with one fault, and the message of the rule that finds it. */
export interface BadStack {
    readonly rule: string;
    readonly title: string;
    readonly level: "mandatory" | "advisory";
    readonly program: () => void;
    /** The name of the faulty resource. */
    readonly resource: string;
    readonly message: string;
}

export const BAD_STACKS: readonly BadStack[] = [
    {
        rule: "node-role-without-cni-policy",
        title: "the CNI policy attached to the role of EC2 instances",
        level: "mandatory",
        program: () => attach("nodes-cni", nodeRole(), aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy),
        resource: "nodes-cni",
        message:
            "The node role nodes has AmazonEKS_CNI_Policy, which every pod on its nodes could use. Give aws-node a role of its " +
            "own, and remove the policy from the node role only when every aws-node pod carries that role.",
    },
    {
        rule: "cni-role-trusts-its-service-account-only",
        title: "a trust whose subject is compared by StringLike",
        level: "mandatory",
        program: () => cniRole(goodTrust().replace(SUBJECT, (subject) => `},"StringLike":{${subject.slice(1)}`)),
        resource: "cni",
        message: "The trust policy of the CNI role compares the subject with StringLike: use StringEquals.",
    },
    {
        rule: "cni-ipv6-policy-is-complete",
        title: "the five actions of the user guide's page",
        level: "mandatory",
        program: () => {
            const { Version, Statement } = ipv6CniPolicy("aws");
            const missing = ["ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"];
            const incomplete = Statement.map((one) => ({
                ...one,
                Action: [one.Action].flat().filter((action) => !missing.includes(action)),
            }));
            const policy = JSON.stringify({ Version, Statement: incomplete });
            new aws.iam.Policy("cni-ipv6", { policy });
        },
        resource: "cni-ipv6",
        message:
            "The CNI's IPv6 policy lacks ec2:DescribeSecurityGroups, ec2:DescribeSubnets. Add the missing actions.",
    },
    {
        rule: "cni-policy-fits-ip-family",
        title: "the IPv4 policy for a cluster of the family IPv6",
        level: "mandatory",
        program: () => {
            cluster("ipv6");
            attach("cni-policy", cniRole(goodTrust()), aws.iam.ManagedPolicy.AmazonEKS_CNI_Policy);
        },
        resource: "cni-policy",
        message:
            "The CNI role has the IPv4 policy, but the cluster's IP family is IPv6, so pods would get no address. Attach the " +
            "IPv6 policy instead.",
    },
    {
        rule: "cni-policy-fits-ip-family",
        title: "the IPv6 policy for a cluster that says nothing of its family",
        level: "mandatory",
        program: () => {
            cluster();
            const { arn } = new aws.iam.Policy("ipv6", { policy: JSON.stringify(ipv6CniPolicy("aws")) });
            attach("cni-policy", cniRole(goodTrust()), arn);
        },
        resource: "cni-policy",
        message:
            "The CNI role has the IPv6 policy, but the cluster's IP family is IPv4, so pods would get no address. Attach the " +
            "IPv4 policy instead.",
    },
    {
        rule: "cni-role-holds-no-more",
        title: "all of EC2 for the CNI's role",
        level: "mandatory",
        program: () => attach("everything", cniRole(goodTrust()), aws.iam.ManagedPolicy.AmazonEC2FullAccess),
        resource: "everything",
        message:
            "The CNI role has the AWS managed policy AmazonEC2FullAccess, which is not a CNI policy. Remove it from the role, or add its ARN to allowedPolicyArns.",
    },
    {
        rule: "vpc-cni-addon-has-own-role",
        title: "the add-on without a role",
        level: "mandatory",
        program: () => new aws.eks.Addon("vpc-cni", { clusterName: "production", addonName: "vpc-cni" }),
        resource: "vpc-cni",
        message:
            "The vpc-cni add-on has neither a service account role nor a Pod Identity association, so the CNI uses the node " +
            "role. Set serviceAccountRoleArn.",
    },
    {
        rule: "vpc-cni-addon-has-own-role",
        title: "the add-on without a role, beside a component that gives it one",
        level: "mandatory",
        program: () => {
            new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.EksAddon });
            new aws.eks.Addon("vpc-cni", { clusterName: "sandbox", addonName: "vpc-cni" });
        },
        resource: "vpc-cni",
        message:
            "The vpc-cni add-on states no role, so each of its updates takes away the role that the CniServiceAccountRole gives it. Set " +
            "serviceAccountRoleArn to the output ready of the CniServiceAccountRole.",
    },
    {
        rule: "vpc-cni-addon-has-own-role",
        title: "the add-on that takes ready, beside a component that waits for the add-on",
        level: "mandatory",
        program: () => {
            const cni = new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.External });
            const [clusterName, addonName] = ["sandbox", "vpc-cni"];
            new aws.eks.Addon("vpc-cni", { clusterName, addonName, serviceAccountRoleArn: cni.ready });
        },
        resource: "vpc-cni",
        message:
            "The vpc-cni add-on waits for the CniServiceAccountRole, which waits until the add-on delivers the role, so the update would stop at " +
            "timeouts.deliverySeconds. Set serviceAccountRoleArn to the output provedRoleArn, and remove the CniServiceAccountRole from dependsOn.",
    },
    {
        rule: "vpc-cni-addon-has-own-role",
        title: "the add-on that takes roleArn, beside a component that waits for the add-on",
        level: "mandatory",
        program: () => {
            const cni = new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.External });
            const [clusterName, addonName] = ["sandbox", "vpc-cni"];
            new aws.eks.Addon("vpc-cni", { clusterName, addonName, serviceAccountRoleArn: cni.roleArn });
        },
        resource: "vpc-cni",
        message:
            "The vpc-cni add-on takes the role of the CniServiceAccountRole before the role is proved, so new pods could get a role that they " +
            "cannot use. Set serviceAccountRoleArn to the output provedRoleArn.",
    },
    {
        rule: "one-writer-of-the-cni-role",
        title: "the add-on with a role, and the component with its annotation",
        level: "mandatory",
        program: () => {
            const { roleArn } = component();
            const [clusterName, addonName] = ["production", "vpc-cni"];
            new aws.eks.Addon("vpc-cni", { clusterName, addonName, serviceAccountRoleArn: roleArn });
        },
        resource: "cni-service-account",
        message:
            "The vpc-cni add-on has a role, and this resource also annotates kube-system/aws-node with one. Set delivery: " +
            '"eksAddon" on CniServiceAccountRole, or remove the role from the add-on.',
    },
    {
        rule: "one-writer-of-the-cni-role",
        title: "the add-on with an association of its own, and the component with one",
        level: "mandatory",
        program: () => {
            new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.PodIdentity });
            const [clusterName, addonName] = ["sandbox", "vpc-cni"];
            const podIdentityAssociations = [{ serviceAccount: "aws-node", roleArn: CNI_ROLE }];
            new aws.eks.Addon("vpc-cni", { clusterName, addonName, podIdentityAssociations });
        },
        resource: "vpc-cni",
        message:
            "The vpc-cni add-on and the CniServiceAccountRole both create a Pod Identity association of kube-system/aws-node, and EKS has only one. " +
            "Remove it from podIdentityAssociations of the add-on.",
    },
    {
        rule: "cni-service-account-is-patched-by-the-component",
        title: "an annotation by hand",
        level: "mandatory",
        program: () => patchWith(CNI_ROLE),
        resource: "aws-node",
        message:
            "This patch annotates kube-system/aws-node with a role outside the component. Use CniServiceAccountRole.",
    },
    {
        rule: "cni-service-account-is-patched-by-the-component",
        title: "a patch that takes roleArn, beside a component that waits for the patch",
        level: "mandatory",
        program: () =>
            patchWith(
                new CniServiceAccountRole("cni", { clusterName: "sandbox", delivery: Delivery.External }).roleArn,
            ),
        resource: "aws-node",
        message:
            "This patch takes the role of the CniServiceAccountRole before the role is proved, so new pods could get a role that they cannot use. " +
            "Take the role from the output provedRoleArn.",
    },
    {
        rule: "cni-service-account-is-patched-by-the-component",
        title: "a ServiceAccount in place of a patch",
        level: "mandatory",
        program: () => {
            new kubernetes.core.v1.ServiceAccount("aws-node", {
                metadata: { namespace: "kube-system", name: "aws-node" },
            });
        },
        resource: "aws-node",
        message:
            "This ServiceAccount takes over kube-system/aws-node, and destroy would delete it. Use CniServiceAccountRole.",
    },
    {
        rule: "nodes-come-after-the-cni-role",
        title: "a node group that does not wait for the component",
        level: "mandatory",
        program: () => {
            component();
            nodeGroup({ nodeRoleArn: nodeRole().arn, launchTemplate: LAUNCH_TEMPLATE });
        },
        resource: "nodes",
        message:
            "The node group does not depend on the CNI role, and its own role has no CNI policy, so its nodes would not become " +
            "Ready. Add the CniServiceAccountRole to its dependsOn.",
    },
    {
        rule: "node-role-policies-are-not-exclusive",
        title: "a node role that the component hands over, with managedPolicyArns",
        level: "mandatory",
        program: () => {
            const { name } = nodeRole([aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy]);
            handOver([name]);
        },
        resource: "nodes-role",
        message: `This node role has managedPolicyArns, ${EXCLUSIVE}`,
    },
    {
        rule: "node-role-policies-are-not-exclusive",
        title: "a node role that the component hands over, with exclusive attachments",
        level: "mandatory",
        program: () => {
            const { name } = nodeRole();
            new aws.iam.RolePolicyAttachmentsExclusive("nodes", {
                roleName: name,
                policyArns: [aws.iam.ManagedPolicy.AmazonEKSWorkerNodePolicy],
            });
            handOver([name]);
        },
        resource: "nodes",
        message: `This resource manages all policies of a node role, ${EXCLUSIVE}`,
    },
    {
        rule: "node-role-lets-nodes-boot",
        title: "a node role that the component hands over, with the minimal policy of worker nodes",
        level: "mandatory",
        program: () => {
            const role = nodeRole();
            attach("nodes-minimal", role, "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy");
            handOver([role.name]);
        },
        resource: "nodes-role",
        message:
            "Without the CNI policy, nothing in this stack lets this node role call ec2:DescribeInstances, which a node needs before it joins the " +
            "cluster. Attach AmazonEKSWorkerNodePolicy to it.",
    },
    {
        rule: "oidc-provider-outlives-the-component",
        title: "an OIDC provider beside a component that has its ARN as text",
        level: "mandatory",
        program: () => {
            new aws.iam.OpenIdConnectProvider("issuer", {
                url: `https://${ISSUER}`,
                clientIdLists: ["sts.amazonaws.com"],
            });
            component();
        },
        resource: "issuer",
        message:
            "The component's role trusts this OIDC provider and does not depend on it, so pulumi destroy could delete the provider " +
            "before the pods are back on the node roles. Pass its output arn as oidcProviderArn.",
    },
    {
        rule: "pod-identity-agent-outlives-the-component",
        title: "an agent beside a component with Pod Identity",
        level: "mandatory",
        program: () => {
            const [clusterName, addonName] = ["sandbox", "eks-pod-identity-agent"];
            new aws.eks.Addon("agent", { clusterName, addonName });
            new CniServiceAccountRole("cni", { clusterName, delivery: Delivery.PodIdentity });
        },
        resource: "agent",
        message:
            "The component gives its role by a Pod Identity association and does not depend on this agent, so pulumi destroy could delete the " +
            "agent before the pods are back on the node roles. Add it to dependsOn of the CniServiceAccountRole.",
    },
    {
        rule: "node-group-keeps-pods-from-the-node-role",
        title: "a node group without a launch template",
        level: "advisory",
        program: () => nodeGroup({ nodeRoleArn: `arn:aws:iam::${ACCOUNT}:role/nodes` }),
        resource: "nodes",
        message:
            "The node group has no launch template, so pods on its nodes can use the node role's credentials. Add one with " +
            "metadataOptions: httpTokens required, httpPutResponseHopLimit 1.",
    },
    {
        rule: "launch-template-keeps-pods-from-the-node-role",
        title: "a hop limit of 2",
        level: "advisory",
        program: () => launchTemplate(),
        resource: "nodes",
        message: "Pods can use the node role: metadataOptions.httpPutResponseHopLimit is 2. Set it to 1.",
    },
    {
        rule: "cluster-has-cni-role",
        title: "a cluster alone",
        level: "mandatory",
        program: () => cluster(),
        resource: "cluster",
        message:
            "The stack creates this cluster but no role for the CNI, so the CNI uses the node role. Add a CniServiceAccountRole.",
    },
];

function patchWith(roleArn: pulumi.Input<string>): void {
    const annotations = { "eks.amazonaws.com/role-arn": roleArn };
    const metadata = { namespace: "kube-system", name: "aws-node", annotations };
    new kubernetes.core.v1.ServiceAccountPatch("aws-node", { metadata });
}

export function launchTemplate(): void {
    new aws.ec2.LaunchTemplate("nodes", { metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 2 } });
}

function goodTrust(): string {
    const provider = { arn: OIDC_PROVIDER, partition: "aws", accountId: ACCOUNT, issuer: ISSUER };
    return JSON.stringify(trustPolicy([provider], { namespace: "kube-system", name: "aws-node" }));
}

function cniRole(assumeRolePolicy: string): aws.iam.Role {
    return new aws.iam.Role("cni", { name: "cni", assumeRolePolicy });
}

function nodeRole(managedPolicyArns?: string[]): aws.iam.Role {
    const Principal = { Service: "ec2.amazonaws.com" };
    const Statement = [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }];
    return new aws.iam.Role("nodes-role", {
        name: "nodes",
        assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement }),
        ...(managedPolicyArns === undefined ? {} : { managedPolicyArns }),
    });
}

function attach(name: string, role: aws.iam.Role, policyArn: pulumi.Input<string>): void {
    new aws.iam.RolePolicyAttachment(name, { role: role.name, policyArn });
}

function cluster(ipFamily?: string): void {
    new aws.eks.Cluster("cluster", {
        roleArn: `arn:aws:iam::${ACCOUNT}:role/cluster`,
        vpcConfig: { subnetIds: ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"] },
        ...(ipFamily === undefined ? {} : { kubernetesNetworkConfig: { ipFamily } }),
    });
}

function nodeGroup(args: Pick<aws.eks.NodeGroupArgs, "nodeRoleArn" | "launchTemplate">): void {
    new aws.eks.NodeGroup("nodes", {
        clusterName: "production",
        subnetIds: ["subnet-0123456789abcdef0"],
        scalingConfig: { minSize: 1, desiredSize: 2, maxSize: 4 },
        ...args,
    });
}

function component(): CniServiceAccountRole {
    return new CniServiceAccountRole("cni", { oidcProviderArn: OIDC_PROVIDER, liveChecks: false });
}

/** On the suite's sandbox: a preview of the live checks looks at the cluster. */
function handOver(detachFromNodeRoles: pulumi.Input<string>[]): void {
    new CniServiceAccountRole("cni", { clusterName: "sandbox", detachFromNodeRoles });
}
