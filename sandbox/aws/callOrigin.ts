import { DescribeVpcsCommand, type EC2Client } from "@aws-sdk/client-ec2";

/**
 * The condition keys of where a call comes from. Calls over HTTP come from the internet, and those of the processes on the nodes through a VPC
 * endpoint of their VPC: the sandbox has one for each service. A call through an endpoint has no `aws:SourceIp`.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:SourceIp, aws:SourceVpc)
 */
export type CallOrigin = Readonly<Record<string, string>>;

export function fromInternet(address: string): CallOrigin {
    return { "aws:SourceIp": address.replace(/^::ffff:/, "") };
}

export function throughEndpoint(vpcId: string): CallOrigin {
    return { "aws:SourceVpc": vpcId };
}

/** The VPC of the nodes: the first one that is not the default one. Empty until there is one. */
export function vpcOfNodes(ec2: EC2Client): () => Promise<string> {
    let known = "";
    return async () => {
        if (known === "") {
            const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
            known = Vpcs.find(({ IsDefault }) => IsDefault !== true)?.VpcId ?? "";
        }
        return known;
    };
}
