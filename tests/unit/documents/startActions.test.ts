import { deepStrictEqual } from "node:assert/strict";
import { untestedByStart } from "../../../documents/startActions";
import type { PluginSettings } from "../../../documents/pluginSettings";

const MODIFY = "ec2:ModifyNetworkInterfaceAttribute";
const WRITING = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
    MODIFY,
    "ec2:CreateTags",
];

describe("The actions of the plugin that no start of it tests", () => {
    const untested = (settings?: PluginSettings) => untestedByStart("ipv4", settings).map(({ action }) => action);

    it("are those that write, but for the one that writes the security groups, on IPv4", () => {
        const rest = WRITING.filter((action) => action !== MODIFY);
        deepStrictEqual(untested(), rest);
        deepStrictEqual(untested({}), rest);
        deepStrictEqual(untested({ ENABLE_MULTI_NIC: true, ENABLE_SUBNET_DISCOVERY: false }), rest);
    });

    it("are all that write on IPv6", () => {
        deepStrictEqual(
            untestedByStart("ipv6", undefined).map(({ action }) => action),
            ["ec2:AssignIpv6Addresses", "ec2:CreateTags"],
        );
    });

    for (const name of [
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
        "DISABLE_NETWORK_RESOURCE_PROVISIONING",
        "ENABLE_IMDS_ONLY_MODE",
    ] as const) {
        for (const value of [true, "unknown"] as const) {
            it(`are all that write if ${name} is ${String(value)}`, () => {
                deepStrictEqual(untested({ [name]: value }), WRITING);
            });
        }
        it(`are the same if ${name} is false`, () => {
            deepStrictEqual(untested({ [name]: false }), untested());
        });
    }
});
