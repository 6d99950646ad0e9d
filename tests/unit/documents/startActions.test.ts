import { deepStrictEqual } from "node:assert/strict";
import { exercisedAtStart, writingActions } from "../../../documents/startActions";

describe("The writing actions of the plugin", () => {
    it("are all that do not read", () => {
        deepStrictEqual(
            writingActions("ipv4").map(({ action }) => action),
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:UnassignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:CreateTags",
            ],
        );
        deepStrictEqual(
            writingActions("ipv6").map(({ action }) => action),
            ["ec2:AssignIpv6Addresses", "ec2:CreateTags"],
        );
    });
});

describe("The writing actions that each start of the plugin calls", () => {
    const WRITTEN = ["ec2:ModifyNetworkInterfaceAttribute"];

    it("are those that write the security groups, on IPv4", () => {
        deepStrictEqual(exercisedAtStart("ipv4", undefined), WRITTEN);
        deepStrictEqual(exercisedAtStart("ipv4", {}), WRITTEN);
        deepStrictEqual(exercisedAtStart("ipv4", { ENABLE_MULTI_NIC: true, ENABLE_SUBNET_DISCOVERY: false }), WRITTEN);
    });

    it("are none on IPv6", () => {
        deepStrictEqual(exercisedAtStart("ipv6", undefined), []);
    });

    for (const name of [
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
        "DISABLE_NETWORK_RESOURCE_PROVISIONING",
        "ENABLE_IMDS_ONLY_MODE",
    ] as const) {
        for (const value of [true, "unknown"] as const) {
            it(`are none if ${name} is ${String(value)}`, () => {
                deepStrictEqual(exercisedAtStart("ipv4", { [name]: value }), []);
            });
        }
        it(`are the same if ${name} is false`, () => {
            deepStrictEqual(exercisedAtStart("ipv4", { [name]: false }), WRITTEN);
        });
    }
});
