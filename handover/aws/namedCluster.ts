import { issuerOfUrl } from "../../documents/arn";
import type { NamedCluster } from "../model/otherDelivery";
import type { Clients } from "./awsClients";
import { errorCodeOf } from "./awsErrors";
import { isUnread, unlessUnread } from "./unreadCalls";

/** Asks EKS for the issuer of a cluster, by which a run recognises the cluster that it works on, and for its IP family. */
export async function namedCluster(clients: Clients, name: string): Promise<NamedCluster> {
    const found = await unlessUnread(clients, "eks:DescribeCluster", async (): Promise<NamedCluster> => {
        const { DescribeClusterCommand } = await import("./awsSdk");
        try {
            const { cluster } = await (await clients.eks()).send(new DescribeClusterCommand({ name }));
            const url = cluster?.identity?.oidc?.issuer;
            const ipFamily = cluster?.kubernetesNetworkConfig?.ipFamily;
            const issuer = url === undefined ? undefined : issuerOfUrl(url);
            const platformVersion = cluster?.platformVersion;
            return {
                is: "there",
                issuer,
                ...(ipFamily === undefined ? {} : { ipFamily }),
                ...(platformVersion === undefined ? {} : { platformVersion }),
            };
        } catch (error) {
            if (errorCodeOf(error) === "ResourceNotFound") {
                return { is: "missing" };
            }
            throw error;
        }
    });
    return isUnread(found) ? { is: "unread", call: found.unread } : found;
}
