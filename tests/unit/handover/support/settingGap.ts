import type { SettingGap } from "../../../../handover/model/settingGap";

/** What a role with AWS's policy for IPv6 lacks where a node has several network cards. */
export const SETTING_GAP: SettingGap = {
    reasons: ["ENABLE_MULTI_NIC is true"],
    missing: ["ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
};
