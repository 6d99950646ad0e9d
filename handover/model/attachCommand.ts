/** The AWS CLI's command that attaches a managed policy to a role. */
export function attachCommand(roleName: string, policyArn: string): string {
    return `aws iam attach-role-policy --role-name ${roleName} --policy-arn ${policyArn}`;
}
