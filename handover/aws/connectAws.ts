import type { AwsConnection } from "../model/connection";
import { Refusal } from "../model/refusal";
import { agentRights } from "./agentRights";
import { associations, changeAssociation, deleteAssociation } from "./associations";
import { addOnUpdate, readAddOn, updateAddOn } from "./addOn";
import { attach, detach } from "./attachments";
import type { AwsAccess } from "./awsAccess";
import { type ClientDefaults, type Clients, createClients } from "./awsClients";
import { unknownRefusal } from "./awsErrors";
import { missingGrants } from "./missingGrants";
import { settingGap } from "./settingGap";
import { nodeRoleLook } from "./nodeRoles";
import { namedCluster } from "./namedCluster";
import { clusterStatus, otherDelivery } from "./otherDelivery";
import { mayPassRole } from "./passRole";
import { provePodSession } from "./podSession";
import { prove } from "./roleProof";
import { undecidedActions } from "./undecidedActions";

/** The access to the AWS account of a connection. No call is made, and no SDK loaded, before the first request. */
export function connectAws(connection: AwsConnection, defaults: ClientDefaults = {}): AwsAccess {
    const clients = createClients(connection, defaults);
    const look = nodeRoleLook(clients);
    const account = callerAccount(clients);
    const asRefusal = <T>(answer: Promise<T>): Promise<T> =>
        answer.catch((error: unknown) => {
            throw error instanceof Refusal ? error : unknownRefusal(error, clients.secrets);
        });
    return {
        callerAccount: () => asRefusal(account()),
        look: (query) => asRefusal(look(query)),
        attach: (roleName, policyArn) => asRefusal(attach(clients, roleName, policyArn)),
        detach: (roleName, policyArn) => asRefusal(detach(clients, roleName, policyArn)),
        missingGrants: (arns, ipFamily) => asRefusal(missingGrants(clients, arns, ipFamily)),
        settingGap: (request) => asRefusal(settingGap(clients, request)),
        clusterStatus: (name, issuer) => asRefusal(clusterStatus(clients, name, issuer)),
        namedCluster: (name) => asRefusal(namedCluster(clients, name)),
        otherDelivery: (name, serviceAccount) => asRefusal(otherDelivery(clients, name, serviceAccount)),
        associations: (name, serviceAccount) => asRefusal(associations(clients, name, serviceAccount)),
        changeAssociation: (name, id, roleArn) => asRefusal(changeAssociation(clients, name, id, roleArn)),
        deleteAssociation: (name, id) => asRefusal(deleteAssociation(clients, name, id)),
        agentRights: (roleNames, clusterArn) => asRefusal(agentRights(clients, roleNames, clusterArn)),
        addOn: (name) => asRefusal(readAddOn(clients, name)),
        updateAddOn: (update) => asRefusal(updateAddOn(clients, update)),
        addOnUpdate: (name, updateId) => asRefusal(addOnUpdate(clients, name, updateId)),
        mayPassRole: (roleArn, service) => asRefusal(mayPassRole(clients, roleArn, service)),
        provePodSession: (request) => asRefusal(provePodSession(clients, request)),
        undecidedActions: (request) => asRefusal(undecidedActions(clients, request)),
        prove: (request) => asRefusal(account().then((caller) => prove(clients, caller, request))),
    };
}

/** Called once, since the account of a connection's credentials does not change. */
function callerAccount(clients: Clients): () => Promise<string> {
    let known: string | undefined;
    return async () => {
        if (known === undefined) {
            const { GetCallerIdentityCommand } = await import("./awsSdk");
            known = (await (await clients.sts()).send(new GetCallerIdentityCommand({}))).Account ?? "";
        }
        return known;
    };
}
