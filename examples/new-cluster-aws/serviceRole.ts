import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface ServiceRole {
    arn: pulumi.Output<string>;
    name: pulumi.Output<string>;
}

/** A role for an AWS service. Its ARN and its name are known once its policies are attached. */
export function serviceRole(name: string, service: string, policyArns: string[]): ServiceRole {
    const statement = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
    const role = new aws.iam.Role(name, {
        assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
        forceDetachPolicies: true,
    });
    const attached = policyArns.map(
        (policyArn) =>
            new aws.iam.RolePolicyAttachment(`${name}-${policyArn.split("/").pop() ?? ""}`, {
                role: role.name,
                policyArn,
            }),
    );
    const ids = pulumi.all(attached.map(({ id }) => id));
    return { arn: ids.apply(() => role.arn), name: ids.apply(() => role.name) };
}
