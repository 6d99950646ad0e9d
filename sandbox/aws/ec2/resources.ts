import { listParameter } from "../protocol";

type Parameters = ReadonlyMap<string, string>;

/** Resource types by the prefix of their ids: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
const typeOfPrefix: Readonly<Record<string, string>> = {
    eni: "network-interface",
    i: "instance",
    sg: "security-group",
    subnet: "subnet",
    vpc: "vpc",
    vol: "volume",
};

/**
 * The resources that a call touches: every id in its parameters, and for CreateNetworkInterface the new interface. An
 * id of a type that is not listed above counts as "*", so that a policy for one type never allows it.
 */
export function ec2Resources(parameters: Parameters, region: string, accountId: string): string[] {
    const ids = [...parameters].filter(([name]) => /Id(?:\.\d+)?$/.test(name)).map(([, value]) => value);
    const arns = ids.map((id) => {
        const type = typeOfPrefix[id.slice(0, id.indexOf("-"))];
        return type ? `arn:aws:ec2:${region}:${accountId}:${type}/${id}` : "*";
    });
    const created =
        parameters.get("Action") === "CreateNetworkInterface"
            ? [`arn:aws:ec2:${region}:${accountId}:network-interface/*`]
            : [];
    const all = [...new Set([...arns, ...created])];
    return all.length > 0 ? all : ["*"];
}

/**
 * Condition keys whose values are in the request. Those of existing resources (aws:ResourceTag/…) are not supported.
 */
export function ec2Context(parameters: Parameters, region: string): Record<string, string | string[]> {
    const tags = [...parameters].flatMap(([name, key]) => {
        const match = /^(.*Tag\.\d+)\.Key$/.exec(name);
        return match ? [[key, parameters.get(`${match[1] ?? ""}.Value`) ?? ""] as const] : [];
    });
    return {
        "aws:RequestedRegion": region,
        ...(tags.length > 0 && { "aws:TagKeys": tags.map(([key]) => key) }),
        ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
        ...(listParameter(parameters, "ResourceId").length === 0 && tags.length > 0
            ? { "ec2:CreateAction": parameters.get("Action") ?? "" }
            : {}),
    };
}
