import type { AwsRequest } from "../protocol";
import type { AddOns } from "./addOns";
import type { Route } from "./routes";

/** Answers the calls about managed add-ons, which moto does not implement. Undefined for other calls. */
export async function addOnAnswer(request: AwsRequest, route: Route, addOns: AddOns): Promise<object | undefined> {
    const { action, clusterName = "", member = "" } = route;
    const query = new URL(request.url, "http://127.0.0.1").searchParams;
    const addonName = query.get("addonName");
    const body = () => JSON.parse(request.body.toString()) as object;
    switch (action) {
        case "ListAddons":
            return { addons: addOns.names(clusterName) };
        case "CreateAddon":
            return { addon: await addOns.create(clusterName, body()) };
        case "DescribeAddon":
            return { addon: addOns.describe(clusterName, member) };
        case "UpdateAddon":
            return { update: await addOns.update(clusterName, member, body()) };
        case "DeleteAddon":
            return { addon: await addOns.delete(clusterName, member, query.get("preserve") === "true") };
        case "DescribeUpdate":
            return addonName === null ? undefined : { update: addOns.describeUpdate(clusterName, addonName, member) };
        case "ListUpdates":
            return addonName === null ? undefined : { updateIds: addOns.updateIds(clusterName, addonName) };
        default:
            return undefined;
    }
}
