import {
    CreateOpenIDConnectProviderCommand,
    DeleteOpenIDConnectProviderCommand,
    GetOpenIDConnectProviderCommand,
    GetRoleCommand,
    type IAMClient,
} from "@aws-sdk/client-iam";

import { queryAnswer, type AwsRequest, type AwsResponse } from "../protocol";

/**
 * Writes that moto does not implement or gets wrong, composed of other calls. Undefined if moto handles the call
 * correctly.
 */
export async function writeWithoutMoto(request: AwsRequest, iam: IAMClient): Promise<AwsResponse | undefined> {
    const clientId = request.parameters.get("ClientID") ?? "";
    switch (request.action) {
        case "AddClientIDToOpenIDConnectProvider":
            await setClientIds(request, iam, (ids) => [...ids.filter((id) => id !== clientId), clientId]);
            return queryAnswer("iam", request.action);
        case "RemoveClientIDFromOpenIDConnectProvider":
            await setClientIds(request, iam, (ids) => ids.filter((id) => id !== clientId));
            return queryAnswer("iam", request.action);
        default:
            return undefined;
    }
}

/**
 * moto cannot change the client ids of a provider, so the provider is recreated. Adding or removing an id twice is not
 * an error.
 */
async function setClientIds(request: AwsRequest, iam: IAMClient, change: (ids: string[]) => string[]): Promise<void> {
    const arn = { OpenIDConnectProviderArn: request.parameters.get("OpenIDConnectProviderArn") ?? "" };
    const provider = await iam.send(new GetOpenIDConnectProviderCommand(arn));
    await iam.send(new DeleteOpenIDConnectProviderCommand(arn));
    await iam.send(
        new CreateOpenIDConnectProviderCommand({
            Url: `https://${provider.Url ?? ""}`,
            ClientIDList: change(provider.ClientIDList ?? []),
            ThumbprintList: provider.ThumbprintList ?? [],
            Tags: provider.Tags ?? [],
        }),
    );
}

/**
 * UpdateRole without a description keeps the existing one, and without MaxSessionDuration sets one hour
 * (API_UpdateRole.html). moto clears both.
 */
export async function completed(request: AwsRequest, iam: IAMClient): Promise<AwsRequest> {
    if (request.action !== "UpdateRole") {
        return request;
    }
    const parameters = new Map([["MaxSessionDuration", "3600"], ...request.parameters]);
    if (!parameters.has("Description")) {
        const role = await iam.send(new GetRoleCommand({ RoleName: parameters.get("RoleName") ?? "" }));
        parameters.set("Description", role.Role?.Description ?? "");
    }
    return { ...request, parameters, body: Buffer.from(new URLSearchParams([...parameters]).toString()) };
}
