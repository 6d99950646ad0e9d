import { Refusal } from "../refusal";
import { type SettingGap, settingGapFix, settingGapWords } from "../settingGap";
import type { Subject } from "../subject";

/** The refusals because a change in place takes something away from the role. */
export const changedRoleRefusals = {
    nodeAgentLogs: () =>
        new Refusal(
            "network-policy-logs",
            "The container aws-eks-nodeagent runs with --enable-cloudwatch-logs=true.",
            "It writes to CloudWatch Logs with the permissions of the node role. Once the pod carries the CNI role, it uses that role instead, and crashes without these permissions.",
            "Add a policy with logs:DescribeLogGroups, logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents to additionalPolicyArns, or turn the logs off (--enable-cloudwatch-logs=false).",
        ),
    permissionsForSettings: (subject: Subject, gap: SettingGap) =>
        new Refusal(
            "permissions-for-settings",
            settingGapWords(gap, subject.roleArn),
            "Pods that carry the role could not add them: no further network card would serve pods, and on an excluded subnet no new node would become Ready. Nothing on the cluster was changed.",
            `${settingGapFix(gap, subject)} Then run the same command again.`,
        ),
    /** It looks at no pod: those of other clusters, and those with an association, do not show that they carry the role. */
    roleNarrowed: (arn: string, changes: readonly string[]) =>
        new Refusal(
            "role-narrowed",
            `The update would change ${arn} in place: ${changes.join("; ")}.`,
            "The engine would make this change before the live checks can prove it, so pods that carry the role could be left without permissions. It was not made.",
            "Set roleName to a new name in the same update, or remove it if it is set: the update then creates another role, proves it, moves the " +
                "pods to it, and deletes the present one last. Or, if no pod carries the role, run pulumi destroy, then pulumi up. Or undo the change.",
        ),
    policyStillNeeded: (policyArns: readonly string[], roleArn: string, missing: readonly string[], logs: boolean) =>
        new Refusal(
            "policy-still-needed",
            `The update takes ${policyArns.join(", ")} away from ${roleArn}. The policies that stay do not grant ${missing.join(", ")}.`,
            "Pods that carry the role need these actions. The policy is still attached.",
            "Put the policy back into additionalPolicyArns, or add one that grants these actions, and run the update again." +
                (logs
                    ? " If only the network policy logs need them, you can turn the logs off instead (--enable-cloudwatch-logs=false)."
                    : ""),
        ),
    ipFamilyNarrows: (
        policyArns: readonly string[],
        roleArn: string,
        former: Subject["ipFamily"],
        missing: readonly string[],
    ) =>
        new Refusal(
            "policy-still-needed",
            `With another ipFamily, the update takes ${policyArns.join(", ")} away from ${roleArn}. The policies that stay do not grant ${missing.join(", ")}.`,
            `Pods that work with the role, and got it with ipFamily ${former}, need these actions. The policy is still attached.`,
            `If ${former} is the cluster's IP family, set ipFamily to it again. Otherwise give another roleName, or none, in the same update: ` +
                "another role is then proved, and the pods move to it.",
        ),
};
