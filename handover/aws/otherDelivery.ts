import type { OtherDelivery } from "../model/otherDelivery";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import { isUnread, unlessUnread } from "./unreadCalls";

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
        readAddOn(clients, clusterName),
        readAssociations(clients, clusterName, serviceAccount),
    ]);
    return {
        clusterName,
        addOnRoleArn: addOn === undefined || isUnread(addOn) ? undefined : addOn.roleArn,
        podIdentityRoleArns: isUnread(associations) ? [] : associations,
        unread: [addOn, associations].filter(isUnread).map(({ unread }) => unread),
    };
}

/** Undefined if the add-on is not installed. */
function readAddOn(clients: Clients, clusterName: string) {
    return unlessUnread(clients, "eks:DescribeAddon", async () => {
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
    });
}

/** Includes the associations that the add-on created. The list does not contain the roles, so each one is described. */
async function readAssociations(
    clients: Clients,
    clusterName: string,
    { namespace, name }: { readonly namespace: string; readonly name: string },
) {
    const { DescribePodIdentityAssociationCommand, paginateListPodIdentityAssociations } = await import("./awsSdk");
    const client = await clients.eks();
    const asked = { clusterName, namespace, serviceAccount: name };
    const ids = await unlessUnread(clients, "eks:ListPodIdentityAssociations", async () => {
        const listed: string[] = [];
        for await (const { associations = [] } of paginateListPodIdentityAssociations({ client }, asked)) {
            listed.push(...associations.flatMap(({ associationId }) => associationId ?? []));
        }
        return listed;
    });
    return isUnread(ids)
        ? ids
        : unlessUnread(clients, "eks:DescribePodIdentityAssociation", async () => {
              const found = await Promise.all(
                  ids.map((associationId) =>
                      client.send(new DescribePodIdentityAssociationCommand({ clusterName, associationId })),
                  ),
              );
              return found.flatMap(({ association }) => association?.roleArn ?? []);
          });
}
