import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from "@aws-sdk/client-iam";
import type { Sandbox } from "local-eks";
import { MANAGED_CNI_POLICY } from "./handOver";
import { iamOf } from "./iam";

/** Adds a node as the first one of another node group, whose role holds the CNI policy. */
export async function joinNodeWith(sandbox: Sandbox, role: string): Promise<void> {
    const iam = iamOf(sandbox);
    const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
    const policies = ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy", MANAGED_CNI_POLICY];
    await iam.createRole(role, { Version: "2012-10-17", Statement: [trust] }, policies);
    await iam.client.send(new CreateInstanceProfileCommand({ InstanceProfileName: role }));
    await iam.client.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: role, RoleName: role }));
    await sandbox.nodes.add({ instanceProfile: role });
}
