import { string } from "../bridge/schema";
import { asString, ValueMap } from "../bridge/values";
import { explain } from "../aws/errors";
import { Context } from "../resources/resourceType";
import { ProviderFunction } from "./function";
import { partitionOf, regionDescription } from "./partitions";

/** terraform-provider-aws internal/service/meta/partition_data_source.go. */
export const getPartition: ProviderFunction = {
    token: "aws:index/getPartition:getPartition",
    args: { id: string() },
    invoke: ({ config }: Context) => {
        const { partition, dnsSuffix } = partitionOf(config.region);
        const reverseDnsPrefix = dnsSuffix.split(".").reverse().join(".");
        return Promise.resolve({ id: partition, partition, dnsSuffix, reverseDnsPrefix });
    },
};

/** terraform-provider-aws internal/service/sts/caller_identity_data_source.go. */
export const getCallerIdentity: ProviderFunction = {
    token: "aws:index/getCallerIdentity:getCallerIdentity",
    args: { id: string() },
    async invoke({ aws }: Context): Promise<ValueMap> {
        const sts = await aws.sts();
        const { Account, Arn, UserId } = await explain("reading STS Caller Identity", sts.getCallerIdentity({}));
        return { id: Account ?? "", accountId: Account ?? "", arn: Arn ?? "", userId: UserId ?? "" };
    },
};

/** terraform-provider-aws internal/service/meta/region_data_source.go. */
export const getRegion: ProviderFunction = {
    token: "aws:index/getRegion:getRegion",
    args: { endpoint: string(), id: string(), name: string(), region: string() },
    invoke({ config }: Context, args: ValueMap): Promise<ValueMap> {
        if (asString(args["endpoint"]) !== undefined) {
            throw new Error(`the stand-in for the AWS provider does not implement getRegion by "endpoint"`);
        }
        const region = asString(args["region"]) ?? asString(args["name"]) ?? config.region;
        const endpoint = `ec2.${region}.${partitionOf(region).dnsSuffix}`;
        return Promise.resolve({ id: region, name: region, region, endpoint, description: regionDescription(region) });
    },
};
