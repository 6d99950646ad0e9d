import {
    AssociateIamInstanceProfileCommand,
    DescribeIamInstanceProfileAssociationsCommand,
    DisassociateIamInstanceProfileCommand,
    EC2Client,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from "@aws-sdk/client-iam";
import type { Sandbox } from "local-eks";
import { clusterOf } from "./cluster";
import { MANAGED_CNI_POLICY } from "./handOver";
import { iamOf } from "./iam";

/** Adds a node as the first one of another node group, whose role holds the CNI policy. */
export async function joinNodeWith(sandbox: Sandbox, role: string): Promise<void> {
    const iam = iamOf(sandbox);
    const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
    await iam.createRole(role, { Version: "2012-10-17", Statement: [trust] }, [
        MANAGED_CNI_POLICY,
        "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    ]);
    await iam.client.send(new CreateInstanceProfileCommand({ InstanceProfileName: role }));
    await iam.client.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: role, RoleName: role }));
    const { awsEndpoint: endpoint, region } = sandbox;
    const ec2 = new EC2Client({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    const node = await sandbox.nodes.add();
    const providerId = await clusterOf(sandbox).kubectl("get", "node", node, "-o", "jsonpath={.spec.providerID}");
    const InstanceId = providerId.split("/").pop() ?? "";
    const { IamInstanceProfileAssociations: [former] = [] } = await ec2.send(
        new DescribeIamInstanceProfileAssociationsCommand({ Filters: [{ Name: "instance-id", Values: [InstanceId] }] }),
    );
    await ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId: former?.AssociationId }));
    await ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Name: role } }));
}
