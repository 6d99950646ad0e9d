import { AttachRolePolicyCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { CNI_POLICY, iamClient, type Stage } from "../stage";

/** Creates a role for the service account of the CNI, with its permissions, outside the program. Returns its ARN. */
export async function roleOfAnotherOwner({ sandbox }: Stage, RoleName: string): Promise<string> {
    const roleArn = await createRole(sandbox, RoleName, trustPolicyOf(sandbox));
    await iamClient(sandbox).send(new AttachRolePolicyCommand({ RoleName, PolicyArn: CNI_POLICY }));
    return roleArn;
}

/** Creates a role that trusts a service, and has no permissions. Returns its ARN. */
export function roleOfService({ sandbox }: Stage, RoleName: string, Service: string): Promise<string> {
    const Statement = { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Principal: { Service } };
    return createRole(sandbox, RoleName, JSON.stringify({ Version: "2012-10-17", Statement }));
}

async function createRole(
    sandbox: Stage["sandbox"],
    RoleName: string,
    AssumeRolePolicyDocument: string,
): Promise<string> {
    const { Role } = await iamClient(sandbox).send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    return Role?.Arn ?? "";
}

/** Trusts the service account of the CNI. */
export function trustPolicyOf(sandbox: Stage["sandbox"]): string {
    const issuer = sandbox.issuer.replace("https://", "");
    const provider = `arn:aws:iam::${sandbox.accountId}:oidc-provider/${issuer}`;
    const Statement = {
        Effect: "Allow",
        Action: "sts:AssumeRoleWithWebIdentity",
        Principal: { Federated: provider },
        Condition: {
            StringEquals: {
                [`${issuer}:aud`]: "sts.amazonaws.com",
                [`${issuer}:sub`]: "system:serviceaccount:kube-system:aws-node",
            },
        },
    };
    return JSON.stringify({ Version: "2012-10-17", Statement });
}
