import type { AwsConnection } from "../model/connection";
import { Refusal } from "../model/refusal";

/**
 * The region of the calls: the given one, else the one that the SDK finds (AWS_REGION, the profile's region), else
 * AWS_DEFAULT_REGION, which the AWS CLI reads and the SDK for JavaScript does not:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
 */
export async function regionOf({ region, profile }: AwsConnection, defaults: { region?: string }): Promise<string> {
    const given = region ?? defaults.region ?? "";
    const found = given === "" ? await ambientRegion(profile) : given;
    if (found === "") {
        throw new Refusal(
            "aws-region-unknown",
            "No AWS region is set: not in the program, the environment or the profile.",
            "The live checks call EC2, EKS and STS in the cluster's region.",
            "Run `pulumi config set aws:region REGION`, or set `aws: { region }`.",
        );
    }
    return found;
}

async function ambientRegion(profile: string | undefined): Promise<string> {
    const { STSClient } = await import("./awsSdk");
    const client = new STSClient({ profile });
    return client.config.region().catch(() => process.env["AWS_DEFAULT_REGION"] ?? "");
}
