import { deepStrictEqual } from "node:assert/strict";
import { missingActions } from "../../../documents/cniGrants";
import { ipv6CniPolicy } from "../../../documents/cniPermissions";
import { MANAGED_CNI_POLICY } from "../../../documents/cniActions";
import { pluginSettings, type PluginSettings } from "../../../documents/pluginSettings";
import { settingActions } from "../../../documents/settingActions";

const ADDS = ["ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"];
const MULTI_NIC = "ENABLE_MULTI_NIC is true";
const excluded = (ids: string, setting = "is true") =>
    `nodes are in ${ids} with the tag kubernetes.io/role/cni: 0, while ENABLE_SUBNET_DISCOVERY ${setting}`;
const unknown = (name: string, as: boolean) => `${name} takes its value from elsewhere, which counts as ${String(as)}`;

type Row = [what: string, settings: PluginSettings | undefined, subnets: string[], reasons: string[]];

const rows: Row[] = [
    ["the defaults", undefined, [], []],
    ["other settings alone", { DISABLE_NETWORK_RESOURCE_PROVISIONING: true, ENABLE_SUBNET_DISCOVERY: false }, [], []],
    ["several network cards", { ENABLE_MULTI_NIC: true }, [], [MULTI_NIC]],
    [
        "several network cards that another program serves",
        { ENABLE_MULTI_NIC: true, DISABLE_NETWORK_RESOURCE_PROVISIONING: true },
        [],
        [],
    ],
    ["several network cards without calls of EC2", { ENABLE_MULTI_NIC: true, ENABLE_IMDS_ONLY_MODE: true }, [], []],
    ["a value that is not known", { ENABLE_MULTI_NIC: "unknown" }, [], [unknown("ENABLE_MULTI_NIC", true)]],
    [
        "several network cards that another program may serve",
        { ENABLE_MULTI_NIC: true, DISABLE_NETWORK_RESOURCE_PROVISIONING: "unknown", ENABLE_IMDS_ONLY_MODE: "unknown" },
        [],
        [
            `${MULTI_NIC}, and ${unknown("DISABLE_NETWORK_RESOURCE_PROVISIONING", false)}, and ${unknown("ENABLE_IMDS_ONLY_MODE", false)}`,
        ],
    ],
    ["an excluded subnet of nodes", undefined, ["subnet-1"], [excluded("subnet-1")]],
    ["several excluded subnets", {}, ["subnet-1", "subnet-2"], [excluded("subnet-1, subnet-2")]],
    ["an excluded subnet that the plugin does not look for", { ENABLE_SUBNET_DISCOVERY: false }, ["subnet-1"], []],
    [
        "an excluded subnet that the plugin may look for",
        { ENABLE_SUBNET_DISCOVERY: "unknown" },
        ["subnet-1"],
        [
            `nodes are in subnet-1 with the tag kubernetes.io/role/cni: 0, while ${unknown("ENABLE_SUBNET_DISCOVERY", true)}`,
        ],
    ],
    [
        "an excluded subnet without provisioning, where the start adds the interface all the same",
        { DISABLE_NETWORK_RESOURCE_PROVISIONING: true, ENABLE_IMDS_ONLY_MODE: true },
        ["subnet-1"],
        [excluded("subnet-1")],
    ],
    ["both", { ENABLE_MULTI_NIC: true }, ["subnet-1"], [MULTI_NIC, excluded("subnet-1")]],
];

describe("The actions that settings make the plugin call on IPv6", () => {
    for (const [what, settings, subnets, reasons] of rows) {
        it(`are ${reasons.length === 0 ? "none" : "those that add an interface"} with ${what}`, () => {
            const { actions, ...found } = settingActions("ipv6", settings, subnets) ?? { actions: [], reasons: [] };
            deepStrictEqual(found, { reasons });
            deepStrictEqual(
                actions.map(({ action }) => action),
                reasons.length === 0 ? [] : ADDS,
            );
        });
    }

    it("are none on IPv4, whose policy has them", () => {
        for (const [, settings, subnets] of rows) {
            deepStrictEqual(settingActions("ipv4", settings, subnets), undefined);
        }
        const { actions = [] } = settingActions("ipv6", { ENABLE_MULTI_NIC: true }, []) ?? {};
        deepStrictEqual(missingActions([MANAGED_CNI_POLICY], actions), []);
    });

    it("are those of a value that Go reads as true, and of no other", () => {
        const reasons = (value: string) =>
            settingActions(
                "ipv6",
                pluginSettings((name) => (name === "ENABLE_MULTI_NIC" ? value : "")),
                [],
            )?.reasons;
        for (const value of ["true", "TRUE", "True", "1", "t", "T"]) {
            deepStrictEqual(reasons(value), [MULTI_NIC], value);
        }
        for (const value of ["false", "0", "F", "", "yes", "on", "tRUE", " true"]) {
            deepStrictEqual(reasons(value), undefined, value);
        }
    });

    it("are what the default policy lacks, each by itself", () => {
        const { actions = [] } = settingActions("ipv6", { ENABLE_MULTI_NIC: true }, []) ?? {};
        const allow = (...Action: string[]) => ({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
        deepStrictEqual(missingActions([ipv6CniPolicy("aws")], actions), ADDS);
        deepStrictEqual(missingActions([ipv6CniPolicy("aws"), allow(...ADDS)], actions), []);
        for (const action of ADDS) {
            const others = ADDS.filter((one) => one !== action);
            deepStrictEqual(missingActions([allow(...others)], actions), [action]);
        }
    });
});
