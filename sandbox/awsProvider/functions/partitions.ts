/**
 * Partitions by the names of their regions, from the AWS SDKs (aws-sdk-go-v2
 * internal/endpoints/awsrulesfn/partitions.json).
 */
const PARTITIONS = [
    { partition: "aws-cn", regions: /^cn-\w+-\d+$/, dnsSuffix: "amazonaws.com.cn" },
    { partition: "aws-us-gov", regions: /^us-gov-\w+-\d+$/, dnsSuffix: "amazonaws.com" },
    { partition: "aws-iso", regions: /^us-iso-\w+-\d+$/, dnsSuffix: "c2s.ic.gov" },
    { partition: "aws-iso-b", regions: /^us-isob-\w+-\d+$/, dnsSuffix: "sc2s.sgov.gov" },
    { partition: "aws-iso-e", regions: /^eu-isoe-\w+-\d+$/, dnsSuffix: "cloud.adc-e.uk" },
    { partition: "aws-iso-f", regions: /^us-isof-\w+-\d+$/, dnsSuffix: "csp.hci.ic.gov" },
    { partition: "aws-eusc", regions: /^eusc-(de)-\w+-\d+$/, dnsSuffix: "amazonaws.eu" },
];

const COMMERCIAL = { partition: "aws", dnsSuffix: "amazonaws.com" };

export function partitionOf(region: string): { partition: string; dnsSuffix: string } {
    const { partition, dnsSuffix } = PARTITIONS.find(({ regions }) => regions.test(region)) ?? COMMERCIAL;
    return { partition, dnsSuffix };
}

/** The SDKs' descriptions of the regions that sandboxes use; for others the name of the region. */
const DESCRIPTIONS: Record<string, string> = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
};

export function regionDescription(region: string): string {
    return DESCRIPTIONS[region] ?? region;
}
