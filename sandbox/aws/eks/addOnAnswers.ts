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

/** Answers calls about the tags of an add-on. Undefined for the tags of other resources. */
export function addOnTagAnswer(request: AwsRequest, { action }: Route, addOns: AddOns): object | undefined {
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    const arn = decodeURIComponent(pathname.replace(/^\/tags\//, ""));
    const tags = /TagResource$|^UntagResource$|^ListTagsForResource$/.test(action) ? addOns.tags(arn) : undefined;
    if (tags === undefined) {
        return undefined;
    }
    switch (action) {
        case "TagResource": {
            const { tags: added } = JSON.parse(request.body.toString()) as { tags: Record<string, string> };
            addOns.setTags(arn, { ...tags, ...added });
            return {};
        }
        case "UntagResource": {
            const removed = searchParams.getAll("tagKeys");
            addOns.setTags(arn, Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.includes(key))));
            return {};
        }
        default:
            return { tags };
    }
}
