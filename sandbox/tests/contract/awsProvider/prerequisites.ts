import { World } from "./contract";

export const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
export const WORKER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";

export function trust(service: string): string {
    const statement = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
    return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

export function permissions(action: string): string {
    return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });
}

/** A unique name: all tests share one API. */
let count = 0;
export function unique(prefix: string): string {
    count += 1;
    return `${prefix}-${count}`;
}

export async function makeRole({ iam }: Pick<World, "iam">, service = "ec2.amazonaws.com"): Promise<string> {
    const RoleName = unique("role");
    await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(service) });
    return RoleName;
}
