import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A role for an AWS service. Its ARN is known once its policies are attached. */
export function serviceRole(name: string, service: string, policyArns: string[]): pulumi.Output<string> {
    const statement = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
    const role = new aws.iam.Role(name, {
        assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    });
    const attached = policyArns.map(
        (policyArn) =>
            new aws.iam.RolePolicyAttachment(`${name}-${policyArn.split("/").pop() ?? ""}`, {
                role: role.name,
                policyArn,
            }),
    );
    return pulumi.all([role.arn, attached.map(({ id }) => id)]).apply(([arn]) => arn);
}
