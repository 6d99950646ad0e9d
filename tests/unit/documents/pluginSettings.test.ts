import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { type PluginSetting, pluginSettings, settingOf } from "../../../documents/pluginSettings";

const set =
    (values: Readonly<Record<string, string | undefined>>) =>
    (name: string): string | undefined =>
        name in values ? values[name] : "";

const names: readonly PluginSetting[] = [
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
    "DISABLE_NETWORK_RESOURCE_PROVISIONING",
    "ENABLE_IMDS_ONLY_MODE",
    "ENABLE_MULTI_NIC",
    "ENABLE_SUBNET_DISCOVERY",
];

describe("The plugin's settings", () => {
    it("are none if no variable is set, or each has its default", () => {
        deepStrictEqual(pluginSettings(set({})), {});
        deepStrictEqual(pluginSettings(set({ ENABLE_MULTI_NIC: "false", ENABLE_SUBNET_DISCOVERY: "true" })), {});
    });

    it("are all that differ", () => {
        deepStrictEqual(pluginSettings(set(Object.fromEntries(names.map((name) => [name, "true"])))), {
            AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: true,
            DISABLE_NETWORK_RESOURCE_PROVISIONING: true,
            ENABLE_IMDS_ONLY_MODE: true,
            ENABLE_MULTI_NIC: true,
        });
        deepStrictEqual(pluginSettings(set({ ENABLE_SUBNET_DISCOVERY: "false", ENABLE_PREFIX_DELEGATION: "true" })), {
            ENABLE_SUBNET_DISCOVERY: false,
        });
    });

    it("are unknown where the value comes from elsewhere", () => {
        const unknown = Object.fromEntries(names.map((name) => [name, "unknown"]));
        deepStrictEqual(
            pluginSettings(() => undefined),
            unknown,
        );
    });

    for (const value of ["1", "t", "T", "TRUE", "true", "True"]) {
        it(`are on with ${value}`, () => {
            deepStrictEqual(pluginSettings(set({ ENABLE_IMDS_ONLY_MODE: value })), { ENABLE_IMDS_ONLY_MODE: true });
        });
    }

    for (const value of ["0", "f", "F", "FALSE", "false", "False"]) {
        it(`are off with ${value}`, () => {
            deepStrictEqual(pluginSettings(set({ ENABLE_SUBNET_DISCOVERY: value })), {
                ENABLE_SUBNET_DISCOVERY: false,
            });
        });
    }

    for (const value of ["", "yes", "tRUE", " true", "no"]) {
        it(`are the default with "${value}"`, () => {
            deepStrictEqual(
                pluginSettings(() => value),
                {},
            );
        });
    }

    it("are read with their defaults", () => {
        const read = (settings?: Parameters<typeof settingOf>[0]) => names.map((name) => settingOf(settings, name));
        deepStrictEqual(read(), [false, false, false, false, true]);
        deepStrictEqual(read({}), [false, false, false, false, true]);
        strictEqual(settingOf({ ENABLE_SUBNET_DISCOVERY: false }, "ENABLE_SUBNET_DISCOVERY"), false);
        strictEqual(settingOf({ ENABLE_MULTI_NIC: "unknown" }, "ENABLE_MULTI_NIC"), "unknown");
    });
});
