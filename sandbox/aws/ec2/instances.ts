import { DescribeIamInstanceProfileAssociationsCommand, EC2Client } from "@aws-sdk/client-ec2";

import { listParameter, type AwsRequest } from "../protocol";

const profileFilter = "iam-instance-profile.arn";
/** An id that matches no instance. */
const unknownInstance = "i-00000000000000000";

/**
 * moto does not know the filter `iam-instance-profile.arn` of DescribeInstances
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html). The stand-in looks up the
 * instances with these profiles itself and asks moto for their ids. A terminated instance has released its profile.
 */
export async function withoutProfileFilter(request: AwsRequest, motoEndpoint: string): Promise<AwsRequest> {
    const index = [...request.parameters].find(
        ([name, value]) => /^Filter\.\d+\.Name$/.test(name) && value === profileFilter,
    )?.[0];
    if (request.action !== "DescribeInstances" || index === undefined) {
        return request;
    }
    const filter = index.replace(/\.Name$/, "");
    const wanted = listParameter(request.parameters, `${filter}.Value`);
    const ids = await instancesWith(wanted, request, motoEndpoint);
    const named = listParameter(request.parameters, "InstanceId");
    const found = ids.filter((id) => named.length === 0 || named.includes(id));
    const others = [...request.parameters].filter(
        ([name]) => !name.startsWith(`${filter}.`) && !/^InstanceId\.\d+$/.test(name),
    );
    const parameters = new Map([
        ...others,
        [`${filter}.Name`, "instance-id"],
        ...(found.length > 0 ? found : [unknownInstance]).map((id, at) => [`${filter}.Value.${at + 1}`, id] as const),
    ]);
    return { ...request, parameters, body: Buffer.from(new URLSearchParams([...parameters]).toString()) };
}

async function instancesWith(profileArns: string[], { region }: AwsRequest, endpoint: string): Promise<string[]> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const moto = new EC2Client({ endpoint, region: region ?? "us-west-2", credentials });
    try {
        // moto does not page this call.
        const { IamInstanceProfileAssociations = [] } = await moto.send(
            new DescribeIamInstanceProfileAssociationsCommand({ MaxResults: 1000 }),
        );
        return IamInstanceProfileAssociations.filter(({ IamInstanceProfile }) =>
            profileArns.some((pattern) => isLike(IamInstanceProfile?.Arn ?? "", pattern)),
        ).map(({ InstanceId = "" }) => InstanceId);
    } finally {
        moto.destroy();
    }
}

/** "*" and "?" in the value of a filter: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
export function isLike(text: string, pattern: string): boolean {
    const source = pattern
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".");
    return new RegExp(`^${source}$`, "s").test(text);
}
