import type { Credentials } from "@aws-sdk/client-sts";

/** The address of a sandbox's AWS API. */
export interface AwsAt {
    awsEndpoint: string;
    region: string;
}

/** AssumeRoleWithWebIdentity, which needs no other credentials. */
export async function assumeRole({ awsEndpoint, region }: AwsAt, roleArn: string, token: string): Promise<Credentials> {
    const { AssumeRoleWithWebIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
    // The call is not signed; the credentials only keep the SDK from looking for others.
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

/**
 * Whether a session may make the first call of aws-node, by a dry run: "DryRunOperation" if so, or else AWS's error
 * code.
 */
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
        // EC2 answers every dry run with an error: DryRunOperation means that the call would have succeeded.
        return error instanceof Error ? error.name : String(error);
    }
}
