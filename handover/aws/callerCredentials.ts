import type { STSClientConfig } from "@aws-sdk/client-sts";
import type { AwsConnection } from "../model/connection";
import { limitCredentials } from "./limitCredentials";

/** The credentials of a client. */
export type Credentials = Exclude<STSClientConfig["credentials"], undefined>;

/** The default session name for `aws.roleArn`. */
const SESSION_NAME = "eks-cni";

/** The SDK's chain may wait forever, for example for a `credential_process` with a browser login that the user does not see. */
const WITHIN_MILLISECONDS = 60_000;

/**
 * The caller's credentials: the static keys, the profile or the ambient chain. If the connection has a role, they assume it
 * first.
 */
export async function callerCredentials(
    connection: AwsConnection,
    stsConfig: STSClientConfig,
    withinMilliseconds = WITHIN_MILLISECONDS,
): Promise<Credentials> {
    const source = await sourceCredentials(connection);
    const { roleArn } = connection;
    const credentials = roleArn === undefined ? source : await assumed({ ...connection, roleArn }, source, stsConfig);
    return typeof credentials === "function" ? limitCredentials(credentials, withinMilliseconds) : credentials;
}

async function assumed(
    connection: AwsConnection & { readonly roleArn: string },
    masterCredentials: Credentials,
    stsConfig: STSClientConfig,
): Promise<Credentials> {
    const { fromTemporaryCredentials } = await import("./awsSdk");
    return fromTemporaryCredentials({
        masterCredentials,
        params: {
            RoleArn: connection.roleArn,
            RoleSessionName: connection.sessionName ?? SESSION_NAME,
            ExternalId: connection.externalId,
        },
        clientConfig: stsConfig,
    });
}

async function sourceCredentials(connection: AwsConnection): Promise<Credentials> {
    const { accessKeyId, secretAccessKey, sessionToken, profile } = connection;
    if (accessKeyId !== undefined && secretAccessKey !== undefined) {
        return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
    }
    const { fromIni, fromNodeProviderChain } = await import("./awsSdk");
    return profile === undefined ? fromNodeProviderChain() : fromIni({ profile });
}
