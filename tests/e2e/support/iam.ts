import {
    AttachRolePolicyCommand,
    CreatePolicyCommand,
    CreateOpenIDConnectProviderCommand,
    CreateRoleCommand,
    DeleteRoleCommand,
    DetachRolePolicyCommand,
    GetPolicyCommand,
    GetPolicyVersionCommand,
    GetRoleCommand,
    IAMClient,
    ListAttachedRolePoliciesCommand,
    NoSuchEntityException,
    Role,
} from "@aws-sdk/client-iam";
import type { Sandbox } from "local-eks";

/** Reads and changes a sandbox's IAM. */
export function iamOf({ awsEndpoint, region }: Sandbox) {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new IAMClient({ endpoint: awsEndpoint, region, credentials });
    return {
        client,
        role: async (RoleName: string): Promise<Role | undefined> => {
            try {
                return (await client.send(new GetRoleCommand({ RoleName }))).Role;
            } catch (error) {
                if (error instanceof NoSuchEntityException) {
                    return undefined;
                }
                throw error;
            }
        },
        attachedPolicies: async (RoleName: string): Promise<string[]> => {
            const { AttachedPolicies = [] } = await client.send(new ListAttachedRolePoliciesCommand({ RoleName }));
            return AttachedPolicies.map(({ PolicyArn }) => PolicyArn ?? "").sort();
        },
        attachPolicy: (RoleName: string, PolicyArn: string) =>
            client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
        /** A customer managed policy that allows an action on every resource. Returns its ARN. */
        createPolicy: async (PolicyName: string, Action: string): Promise<string> => {
            const Statement = [{ Effect: "Allow", Action, Resource: "*" }];
            const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
            return (await client.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }))).Policy?.Arn ?? "";
        },
        /** As the EKS user guide does with the AWS CLI. */
        createRole: async (RoleName: string, trust: object, policies: string[]): Promise<Role> => {
            const AssumeRolePolicyDocument = JSON.stringify(trust);
            const { Role } = await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
            for (const PolicyArn of policies) {
                await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
            }
            return Role ?? ({} as Role);
        },
        removeRole: async (RoleName: string): Promise<void> => {
            const { AttachedPolicies = [] } = await client.send(new ListAttachedRolePoliciesCommand({ RoleName }));
            for (const { PolicyArn } of AttachedPolicies) {
                await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
            }
            await client.send(new DeleteRoleCommand({ RoleName }));
        },
        policyDocument: async (PolicyArn: string): Promise<unknown> => {
            const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }));
            const VersionId = Policy?.DefaultVersionId;
            const { PolicyVersion } = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
            return decoded(PolicyVersion?.Document);
        },
    };
}

/** The trust policy of AWS's page: https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html */
export function trustOf({ issuer, oidcProviderArn }: Sandbox, serviceAccount = "aws-node"): object {
    const host = issuer.replace("https://", "");
    return {
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Federated: oidcProviderArn },
                Action: "sts:AssumeRoleWithWebIdentity",
                Condition: {
                    StringEquals: {
                        [`${host}:aud`]: "sts.amazonaws.com",
                        [`${host}:sub`]: `system:serviceaccount:kube-system:${serviceAccount}`,
                    },
                },
            },
        ],
    };
}

export function tagsOf(role: Role | undefined): Record<string, string> {
    return Object.fromEntries((role?.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** IAM returns URL-encoded documents. */
export function decoded(document: string | undefined): unknown {
    return JSON.parse(decodeURIComponent(document ?? "null"));
}

/** Creates the cluster's OIDC provider again, after a test has deleted it. */
export async function createOidcProvider(sandbox: Sandbox): Promise<void> {
    await iamOf(sandbox).client.send(
        new CreateOpenIDConnectProviderCommand({
            Url: sandbox.issuer,
            ClientIDList: ["sts.amazonaws.com"],
            ThumbprintList: ["0000000000000000000000000000000000000000"],
        }),
    );
}
