import { readFileSync } from "fs";
import { join } from "path";

/** A document that was written by hand or copied from AWS's pages, never made by the code under test. */
export function fixture(name: string): unknown {
    return JSON.parse(readFileSync(join(__dirname, "../../fixtures/documents", `${name}.json`), "utf8"));
}

/** The fixture of the partition `aws`, as it reads in another one: only ARNs and the issuer's host differ. */
function inPartition(name: string, partition: string, host = US_WEST_2): unknown {
    const text = JSON.stringify(fixture(name));
    return JSON.parse(text.replaceAll("arn:aws:", `arn:${partition}:`).replaceAll(US_WEST_2, host));
}

const US_WEST_2 = "oidc.eks.us-west-2.amazonaws.com";

/** All partitions of today, with the hosts of their EKS issuers; the code under test has no such list. */
export const PARTITIONS = [
    {
        partition: "aws",
        host: US_WEST_2,
        dualStackHost: "oidc-eks.us-west-2.api.aws",
    },
    {
        partition: "aws-cn",
        host: "oidc.eks.cn-north-1.amazonaws.com.cn",
        dualStackHost: "oidc-eks.cn-north-1.api.amazonwebservices.com.cn",
    },
    {
        partition: "aws-us-gov",
        host: "oidc.eks.us-gov-west-1.amazonaws.com",
        dualStackHost: "oidc-eks.us-gov-west-1.api.aws",
    },
    {
        partition: "aws-iso",
        host: "oidc.eks.us-iso-east-1.c2s.ic.gov",
        dualStackHost: "oidc-eks.us-iso-east-1.api.aws.ic.gov",
    },
    {
        partition: "aws-iso-b",
        host: "oidc.eks.us-isob-east-1.sc2s.sgov.gov",
        dualStackHost: "oidc-eks.us-isob-east-1.api.aws.scloud",
    },
    {
        partition: "aws-iso-e",
        host: "oidc.eks.eu-isoe-west-1.cloud.adc-e.uk",
        dualStackHost: "oidc-eks.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
    },
    {
        partition: "aws-iso-f",
        host: "oidc.eks.us-isof-south-1.csp.hci.ic.gov",
        dualStackHost: "oidc-eks.us-isof-south-1.api.aws.hci.ic.gov",
    },
    {
        partition: "aws-eusc",
        host: "oidc.eks.eusc-de-east-1.amazonaws.eu",
        dualStackHost: "oidc-eks.eusc-de-east-1.api.amazonwebservices.eu",
    },
].map(({ partition, host, dualStackHost }) => ({
    partition,
    providerArn: oidcProviderArn(partition, host),
    dualStackProviderArn: oidcProviderArn(partition, dualStackHost),
    trust: inPartition("trust/aws", partition, host),
    dualStackTrust: inPartition("trust/aws", partition, dualStackHost),
    ipv6Permissions: inPartition("permissions/aws.ipv6", partition),
}));

function oidcProviderArn(partition: string, host: string): string {
    return `arn:${partition}:iam::111122223333:oidc-provider/${host}/id/EXAMPLED539D4633E53DE1B71EXAMPLE`;
}
