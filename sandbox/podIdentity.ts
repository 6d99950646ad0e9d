import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { Credentials } from "@aws-sdk/client-sts";

/** What is needed to ask the sandbox's AWS API. */
export interface AwsAt {
    awsEndpoint: string;
    region: string;
}

export interface TokenOptions {
    namespace?: string;
    serviceAccount?: string;
    audience?: string;
    /** Defaults to an hour. */
    expirationSeconds?: number;
    /** Binds the token to a pod, as the kubelet does; it ends with the pod. */
    pod?: { pod: string; uid: string };
}

/** A token as the kubelet gets it for a pod's projected volume, from the API server itself. */
export async function requestToken(config: KubeConfig, options: TokenOptions = {}): Promise<string> {
    const { namespace = "kube-system", serviceAccount = "aws-node", audience = "sts.amazonaws.com", pod } = options;
    const { expirationSeconds = 3600 } = options;
    const boundObjectRef = pod && { apiVersion: "v1", kind: "Pod", name: pod.pod, uid: pod.uid };
    const { status } = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
        name: serviceAccount,
        namespace,
        body: {
            apiVersion: "authentication.k8s.io/v1",
            kind: "TokenRequest",
            spec: { audiences: [audience], expirationSeconds, boundObjectRef },
        },
    });
    return status?.token ?? "";
}

/** AssumeRoleWithWebIdentity, which needs no other credentials. */
export async function assumeRole({ awsEndpoint, region }: AwsAt, roleArn: string, token: string): Promise<Credentials> {
    const { AssumeRoleWithWebIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
    // The command is not signed; the credentials only keep the SDK from looking for others.
    const credentials = { accessKeyId: "unused", secretAccessKey: "unused" };
    const sts = new STSClient({ endpoint: awsEndpoint, region, credentials });
    const { Credentials } = await sts.send(
        new AssumeRoleWithWebIdentityCommand({
            RoleArn: roleArn,
            RoleSessionName: "aws-node",
            WebIdentityToken: token,
        }),
    );
    if (Credentials === undefined) {
        throw new Error(`STS answered without credentials for ${roleArn}.`);
    }
    return Credentials;
}

/** Asks EC2 whether a session may make the call with which aws-node starts. */
export async function mayDescribeNetworkInterfaces(
    { awsEndpoint, region }: AwsAt,
    session: Credentials,
): Promise<string> {
    const { DescribeNetworkInterfacesCommand, EC2Client } = await import("@aws-sdk/client-ec2");
    const credentials = {
        accessKeyId: session.AccessKeyId ?? "",
        secretAccessKey: session.SecretAccessKey ?? "",
        sessionToken: session.SessionToken,
    };
    const ec2 = new EC2Client({ endpoint: awsEndpoint, region, credentials, maxAttempts: 1 });
    try {
        await ec2.send(new DescribeNetworkInterfacesCommand({ DryRun: true }));
        return "allowed";
    } catch (error) {
        // EC2 answers each DryRun with an error: DryRunOperation means that the call would have gone through.
        return error instanceof Error ? error.name : String(error);
    }
}
