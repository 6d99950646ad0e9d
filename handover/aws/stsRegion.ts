import { AnsweredRefusal, type Refusal } from "../model/refusal";
import { errorCodeOf } from "./awsErrors";

/**
 * "STS is not activated in the requested region for the account that is being asked to generate credentials":
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function isRegionDisabled(error: unknown): boolean {
    return errorCodeOf(error) === "RegionDisabled";
}

/**
 * A region that is enabled by default has a separate switch for STS. In any other region, STS is activated with the region:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
 */
export function activationOf(region: string): string {
    return (
        "Activate it in the role's account: the IAM console, Account settings, Security Token Service (STS), Endpoints, " +
        `${region}. For a region that is off by default: \`aws account enable-region --region-name ${region}\`.`
    );
}

/** For the role with whose credentials the live checks call AWS. */
export function stsInactive(words: string, action: string, region: string): Refusal {
    return new AnsweredRefusal(
        "sts-region-inactive",
        `STS in ${region} issues no credentials for ${action}`,
        words,
        "STS is deactivated in this region for the account of the role that the live checks use.",
        activationOf(region),
    );
}
