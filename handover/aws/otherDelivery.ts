import type { OtherDelivery } from "../model/preflight";
import { Refusal } from "../model/refusal";
import type { Clients } from "./awsClients";
import { errorCodeOf, messageOf } from "./awsErrors";

/**
 * Whether the cluster exists.
 *
 * Only EKS's own answer counts as `gone`: ResourceNotFoundException, or a cluster of this name with another issuer. Each cluster
 * gets an issuer of its own, so that one was created after the other was deleted.
 *
 * @param issuer The cluster's issuer, without `https://`. Undefined if it is unknown.
 */
export async function clusterStatus(
    clients: Clients,
    name: string,
    issuer?: string,
): Promise<"there" | "gone" | "unknown"> {
    try {
        const { DescribeClusterCommand } = await import("./awsSdk");
        const { cluster } = await (await clients.eks()).send(new DescribeClusterCommand({ name }));
        const seen = cluster?.identity?.oidc?.issuer?.replace(/^https:\/\//, "");
        return issuer === undefined || seen === undefined || seen === issuer ? "there" : "gone";
    } catch (error) {
        return errorCodeOf(error) === "ResourceNotFound" ? "gone" : "unknown";
    }
}

/** Other ways in which EKS gives a service account's pods credentials. */
export async function otherDelivery(
    clients: Clients,
    clusterName: string,
    serviceAccount: { readonly namespace: string; readonly name: string },
): Promise<OtherDelivery> {
    const [addOn, associations] = await Promise.all([
        readable(clients, () => readAddOn(clients, clusterName)),
        readable(clients, () => readAssociations(clients, clusterName, serviceAccount)),
    ]);
    return {
        addOn: addOn.value !== undefined,
        addOnRoleArn: addOn.value?.roleArn,
        podIdentityRoleArns: associations.value ?? [],
        unread: [...addOn.unread, ...associations.unread],
    };
}

/** Undefined if the add-on is not installed. */
async function readAddOn(clients: Clients, clusterName: string): Promise<{ roleArn: string | undefined } | undefined> {
    const { DescribeAddonCommand } = await import("./awsSdk");
    try {
        const command = new DescribeAddonCommand({ clusterName, addonName: "vpc-cni" });
        const { addon } = await (await clients.eks()).send(command);
        return { roleArn: addon?.serviceAccountRoleArn };
    } catch (error) {
        if (errorCodeOf(error) === "ResourceNotFound") {
            return undefined;
        }
        throw error;
    }
}

/** Includes the associations that the add-on created. The list does not contain the roles, so each one is described. */
async function readAssociations(
    clients: Clients,
    clusterName: string,
    { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string[]> {
    const { DescribePodIdentityAssociationCommand, paginateListPodIdentityAssociations } = await import("./awsSdk");
    const client = await clients.eks();
    const asked = { clusterName, namespace, serviceAccount: name };
    const ids: string[] = [];
    for await (const { associations = [] } of paginateListPodIdentityAssociations({ client }, asked)) {
        ids.push(...associations.flatMap(({ associationId }) => associationId ?? []));
    }
    const found = await Promise.all(
        ids.map((associationId) =>
            client.send(new DescribePodIdentityAssociationCommand({ clusterName, associationId })),
        ),
    );
    return found.flatMap(({ association }) => association?.roleArn ?? []);
}

/** Missing permissions, and a region or an EKS API without this call, are reported, and do not stop the run. */
async function readable<T>(
    { secrets }: Clients,
    read: () => Promise<T>,
): Promise<{ value: T | undefined; unread: string[] }> {
    try {
        return { value: await read(), unread: [] };
    } catch (error) {
        if (error instanceof Refusal && error.code === "aws-access-denied") {
            return { value: undefined, unread: [error.seen] };
        }
        if (errorCodeOf(error) === "UnknownOperation") {
            return { value: undefined, unread: [`EKS does not support the call: ${messageOf(error, secrets)}`] };
        }
        throw error;
    }
}
