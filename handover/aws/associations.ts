import type { PodIdentityAssociation } from "@aws-sdk/client-eks";
import type { AssociationSeen, AssociationsSeen } from "../model/association";
import type { ServiceAccountName } from "../model/subject";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import { isUnread, unlessUnread } from "./unreadCalls";

/**
 * Reads the Pod Identity associations of a service account, those of the add-on included.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribePodIdentityAssociation.html
 */
export async function associations(
    clients: Clients,
    clusterName: string,
    { namespace, name }: ServiceAccountName,
): Promise<AssociationsSeen> {
    const found = await unlessUnread(clients, "eks:ListPodIdentityAssociations", async () => {
        const { paginateListPodIdentityAssociations } = await import("./awsSdk");
        const client = await clients.eks();
        const asked = { clusterName, namespace, serviceAccount: name };
        const ids: string[] = [];
        for await (const { associations: listed = [] } of paginateListPodIdentityAssociations({ client }, asked)) {
            ids.push(...listed.flatMap(({ associationId }) => associationId ?? []));
        }
        return ids;
    });
    if (isUnread(found)) {
        return { is: "unread", call: found.unread };
    }
    const described = await unlessUnread(clients, "eks:DescribePodIdentityAssociation", () =>
        Promise.all(found.map((id) => describe(clients, clusterName, id))),
    );
    return isUnread(described)
        ? { is: "unread", call: described.unread }
        : { is: "seen", clusterName, associations: described.flatMap((one) => one ?? []) };
}

/** Undefined if it was deleted since it was listed. */
async function describe(
    clients: Clients,
    clusterName: string,
    associationId: string,
): Promise<AssociationSeen | undefined> {
    const { DescribePodIdentityAssociationCommand } = await import("./awsSdk");
    try {
        const command = new DescribePodIdentityAssociationCommand({ clusterName, associationId });
        const { association } = await (await clients.eks()).send(command);
        return association && associationSeen(association);
    } catch (error) {
        if (errorCodeOf(error) === "ResourceNotFound") {
            return undefined;
        }
        throw error;
    }
}

function associationSeen({
    associationId = "",
    roleArn = "",
    modifiedAt,
    createdAt,
    targetRoleArn,
    ownerArn,
    policy,
    disableSessionTags = false,
}: PodIdentityAssociation): AssociationSeen {
    return {
        id: associationId,
        roleArn,
        modifiedAt: (modifiedAt ?? createdAt)?.getTime() ?? 0,
        // EKS may describe what is not there as empty.
        ...(targetRoleArn ? { targetRoleArn } : {}),
        ...(ownerArn ? { ownerArn } : {}),
        ...(policy ? { policy: true as const } : {}),
        ...(disableSessionTags ? { disableSessionTags: true as const } : {}),
    };
}

/**
 * Gives an association another role, if it still exists. Settings that the request leaves out stay as they are.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdatePodIdentityAssociation.html
 */
export async function changeAssociation(
    clients: Clients,
    clusterName: string,
    associationId: string,
    roleArn: string,
): Promise<void> {
    const { UpdatePodIdentityAssociationCommand } = await import("./awsSdk");
    const command = new UpdatePodIdentityAssociationCommand({ clusterName, associationId, roleArn });
    await unlessGone(async () => (await clients.eks()).send(command));
}

/** Deletes an association, if it still exists. */
export async function deleteAssociation(clients: Clients, clusterName: string, associationId: string): Promise<void> {
    const { DeletePodIdentityAssociationCommand } = await import("./awsSdk");
    const command = new DeletePodIdentityAssociationCommand({ clusterName, associationId });
    await unlessGone(async () => (await clients.eks()).send(command));
}

/** The next look shows that the association is gone. */
async function unlessGone(send: () => Promise<unknown>): Promise<void> {
    try {
        await send();
    } catch (error) {
        if (errorCodeOf(error) !== "ResourceNotFound") {
            throw error;
        }
    }
}
