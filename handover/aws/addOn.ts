import type { Addon, Update, UpdateAddonCommandInput } from "@aws-sdk/client-eks";
import type { AddOnSeen, AddOnUpdate, AddOnUpdateSeen, AddOnUpdateSent } from "../model/addOn";
import type { Clients } from "./awsClients";
import { errorCodeOf, messageOf } from "./awsErrors";
import { isUnread, unlessUnread } from "./unreadCalls";

const ADD_ON = "vpc-cni";

/** Reads the managed add-on of the CNI. */
export async function readAddOn(clients: Clients, clusterName: string): Promise<AddOnSeen> {
    const found = await unlessUnread(clients, "eks:DescribeAddon", async (): Promise<AddOnSeen> => {
        const { DescribeAddonCommand } = await import("./awsSdk");
        try {
            const command = new DescribeAddonCommand({ clusterName, addonName: ADD_ON });
            const { addon = {} } = await (await clients.eks()).send(command);
            return addOnSeen(clusterName, addon);
        } catch (error) {
            if (errorCodeOf(error) === "ResourceNotFound") {
                return { is: "missing", clusterName };
            }
            throw error;
        }
    });
    return isUnread(found) ? { is: "unread", call: found.unread } : found;
}

function addOnSeen(clusterName: string, addon: Addon): AddOnSeen {
    const { status = "", serviceAccountRoleArn, configurationValues, health, modifiedAt } = addon;
    return {
        is: "there",
        clusterName,
        status,
        // EKS may describe no role as an empty one.
        roleArn: serviceAccountRoleArn === "" ? undefined : serviceAccountRoleArn,
        configurationValues: configurationValues === "" ? undefined : configurationValues,
        health: (health?.issues ?? []).map(({ code, message }) => [code, message].filter(Boolean).join(": ")),
        modifiedAt: modifiedAt?.getTime(),
    };
}

/**
 * Asks EKS to give the add-on this role, or none.
 *
 * - `resolveConflicts: PRESERVE` keeps what others have set on the cluster.
 * - The version is left out: it would downgrade an add-on that was upgraded since it was read.
 * - Pod Identity associations are left out, which means no change. With them, EKS restarts the pods.
 * - A role that is left out goes.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html
 */
export async function updateAddOn(
    clients: Clients,
    { clusterName, roleArn, configurationValues, clientRequestToken }: AddOnUpdate,
): Promise<AddOnUpdateSent> {
    const { UpdateAddonCommand } = await import("./awsSdk");
    const input: UpdateAddonCommandInput = {
        clusterName,
        addonName: ADD_ON,
        resolveConflicts: "PRESERVE",
        clientRequestToken,
        ...(roleArn === undefined ? {} : { serviceAccountRoleArn: roleArn }),
        ...(configurationValues === undefined ? {} : { configurationValues }),
    };
    try {
        const { update } = await (await clients.eks()).send(new UpdateAddonCommand(input));
        return { is: "sent", updateId: update?.id ?? "" };
    } catch (error) {
        const why = messageOf(error, clients.secrets);
        switch (errorCodeOf(error)) {
            case "ResourceInUse":
                return { is: "busy", why };
            case "ResourceNotFound":
                return { is: "missing", why };
            default:
                throw error;
        }
    }
}

/** How far an update of the add-on is. The status of the add-on may still be that of before. */
export async function addOnUpdate(clients: Clients, name: string, updateId: string): Promise<AddOnUpdateSeen> {
    const { DescribeUpdateCommand } = await import("./awsSdk");
    const command = new DescribeUpdateCommand({ name, updateId, addonName: ADD_ON });
    try {
        const { update } = await (await clients.eks()).send(command);
        return updateSeen(update ?? {});
    } catch (error) {
        if (errorCodeOf(error) === "ResourceNotFound") {
            return { status: "Missing", errors: [messageOf(error, clients.secrets)] };
        }
        throw error;
    }
}

function updateSeen({ status = "InProgress", errors = [] }: Update): AddOnUpdateSeen {
    return {
        status,
        errors: errors.map(({ errorCode, errorMessage }) => [errorCode, errorMessage].filter(Boolean).join(": ")),
    };
}
