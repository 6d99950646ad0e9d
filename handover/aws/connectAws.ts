import type { AwsConnection } from "../model/connection";
import { Refusal } from "../model/refusal";
import { attach, detach } from "./attachments";
import type { AwsAccess } from "./awsAccess";
import { type ClientDefaults, type Clients, makeClients } from "./awsClients";
import { unknownRefusal } from "./awsErrors";
import { nodeRoleLook } from "./nodeRoles";
import { clusterStatus, otherDelivery } from "./otherDelivery";
import { prove } from "./proof";

/** The AWS account of a connection. Nothing is called, and no SDK loaded, before the first question. */
export function connectAws(connection: AwsConnection, defaults: ClientDefaults = {}): AwsAccess {
    const clients = makeClients(connection, defaults);
    const look = nodeRoleLook(clients);
    const account = callerAccount(clients);
    const worded = <T>(answer: Promise<T>): Promise<T> =>
        answer.catch((error: unknown) => {
            throw error instanceof Refusal ? error : unknownRefusal(error, clients.secrets);
        });
    return {
        callerAccount: () => worded(account()),
        look: (question) => worded(look(question)),
        attach: (roleName, policyArn) => worded(attach(clients, roleName, policyArn)),
        detach: (roleName, policyArn) => worded(detach(clients, roleName, policyArn)),
        clusterStatus: (name) => worded(clusterStatus(clients, name)),
        otherDelivery: (name, serviceAccount) => worded(otherDelivery(clients, name, serviceAccount)),
        prove: (question) => worded(account().then((caller) => prove(clients, caller, question))),
    };
}

/** Asked once: the credentials of a connection stay somebody's of the same account. */
function callerAccount(clients: Clients): () => Promise<string> {
    let known: string | undefined;
    return async () => {
        if (known === undefined) {
            const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
            known = (await (await clients.sts()).send(new GetCallerIdentityCommand({}))).Account ?? "";
        }
        return known;
    };
}
