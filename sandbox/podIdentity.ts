import type { Credentials } from "@aws-sdk/client-sts";

/** What is needed to ask the sandbox's AWS API. */
export interface AwsAt {
    awsEndpoint: string;
    region: string;
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
