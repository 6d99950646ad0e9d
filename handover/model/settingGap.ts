import type { PluginSettings } from "../../documents/pluginSettings";
import { parseRoleArn } from "../../documents/arn";
import { listTexts } from "./listNames";
import type { Subject } from "./subject";

/** Actions that the plugin's settings make it call, and that the CNI role does not grant for certain. */
export interface SettingGap {
    /** Why the plugin calls them, as clauses. */
    readonly reasons: readonly string[];
    readonly missing: readonly string[];
    /** A Deny, and a permissions boundary, as clauses: these overrule each policy that grants them. Missing: there is none. */
    readonly overruling?: readonly string[];
    /** AWS's answer, if the role's policies could not be read. They then count as not granting. Missing: they were read. */
    readonly unread?: string;
}

export interface SettingGapRequest extends Pick<Subject, "roleArn" | "ipFamily"> {
    readonly settings: PluginSettings | undefined;
    /** The primary subnets of the nodes. */
    readonly subnetIds: readonly string[];
    /** The managed policies that the role is to have. Missing or empty: those that it has, inline ones too. */
    readonly policyArns?: readonly string[];
}

/** The gap as two sentences. */
export function settingGapWords({ reasons, missing, overruling = [], unread }: SettingGap, roleArn: string): string {
    const because = reasons.join(", and ");
    const overruled = overruling.length === 0 ? "" : ` (${listTexts(overruling)})`;
    const unseen =
        unread === undefined
            ? ""
            : ` as far as can be seen: its policies could not be read. ${unread.replace(/\.$/, "")}`;
    return `On this IPv6 cluster, ${because}. So the plugin adds interfaces, and calls ${missing.join(", ")}, which ${roleArn} does not grant${overruled}${unseen}.`;
}

/** The change with which the role grants them. */
export function settingGapFix(
    { missing, overruling = [], unread }: SettingGap,
    { roleArn }: Pick<Subject, "roleArn">,
): string {
    const { name = "" } = parseRoleArn(roleArn) ?? {};
    const document = {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: missing, Resource: "*" }],
    };
    return [
        ...(unread === undefined
            ? []
            : [
                  `If ${name} grants them, let the live checks read its policies (ReadPoliciesOfRole in docs/least-rights.md in the repository). Otherwise:`,
              ]),
        ...(overruling.length === 0
            ? []
            : [
                  `Change what overrules it: ${missing.join(", ")} must be allowed there, and not be denied. If no other policy grants them:`,
              ]),
        `Add a policy to the component: const policy = new aws.iam.Policy("cni-interfaces", { policy: '${JSON.stringify(document)}' }); and additionalPolicyArns: [policy.arn].`,
        "With existingRoleArn, attach the policy to that role instead. Or change the setting, if the nodes do not need it.",
    ].join(" ");
}
