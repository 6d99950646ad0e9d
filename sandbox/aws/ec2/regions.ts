import { listParameter, type AwsRequest, type AwsResponse } from "../protocol";
import { isLike } from "./instances";

/**
 * "Describes the Regions that are enabled for your account, or all Regions" (AllRegions,
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html). moto returns all regions, including
 * those of other partitions.
 */
export function enabledRegions(
    request: AwsRequest,
    answer: AwsResponse,
    optedInRegions: readonly string[] = [],
): AwsResponse {
    const all = request.parameters.get("AllRegions") === "true";
    const body = answer.body.toString().replace(/<item>.*?<\/item>/gs, (ofMoto) => {
        const name = textOf(ofMoto, "regionName");
        const item = optedInRegions.includes(name) ? ofMoto.replace("not-opted-in", "opted-in") : ofMoto;
        const status = textOf(item, "optInStatus");
        const isEnabled = all || status !== "not-opted-in";
        const fits = filtersOf(request).every(({ name: filter, values }) =>
            values.some((value) => isLike(filter === "region-name" ? name : status, value)),
        );
        return isOfPartition(name) && isEnabled && fits ? item : "";
    });
    return { ...answer, body };
}

function isOfPartition(region: string): boolean {
    return !/^(?:cn|us-gov|us-iso)/.test(region);
}

function filtersOf({ parameters }: AwsRequest): { name: string; values: string[] }[] {
    return [...parameters]
        .filter(([name]) => /^Filter\.\d+\.Name$/.test(name))
        .map(([key, name]) => ({ name, values: listParameter(parameters, key.replace(/Name$/, "Value")) }))
        .filter(({ name }) => name === "region-name" || name === "opt-in-status");
}

function textOf(item: string, element: string): string {
    return new RegExp(`<${element}>(.*?)</${element}>`).exec(item)?.[1] ?? "";
}
