import { deepStrictEqual } from "node:assert/strict";
import type { PluginSettings } from "../../../../documents/pluginSettings";
import type { SettingGap } from "../../../../handover/model/settingGap";
import type { RunContext } from "../../../../handover/observe/runContext";
import { withSettingGap } from "../../../../handover/observe/settingGap";
import { SETTING_GAP } from "../support/settingGap";
import { daemonSet, OTHER_POLICY, onNodeRole, ROLE, subject, world } from "../support/worlds";

const network = (subnetId: string) => ({ subnetId, securityGroupIds: [] });
const settings: PluginSettings = { ENABLE_MULTI_NIC: true };
const seen = (more: Parameters<typeof world>[1] = {}) =>
    world(onNodeRole, {
        cluster: { daemonSet: { ...daemonSet, settings }, ...more.cluster },
        account: {
            networkOfInstance: { "i-1": network("subnet-b"), "i-2": network("subnet-a"), "i-3": network("subnet-b") },
            ...more.account,
        },
    });

async function look(
    world = seen(),
    {
        ipFamily = "ipv6",
        gap,
        policyArns,
    }: { ipFamily?: "ipv4" | "ipv6"; gap?: SettingGap; policyArns?: string[] } = {},
) {
    const asked: unknown[] = [];
    const aws = { settingGap: (request: unknown) => Promise.resolve(asked.push(request)).then(() => gap) };
    const context = { subject: { ...subject, ipFamily }, aws } as unknown as RunContext;
    return { after: await withSettingGap(context, world, policyArns), asked };
}

describe("A look at what the plugin's settings need", () => {
    const request = { roleArn: ROLE, ipFamily: "ipv6", settings, subnetIds: ["subnet-a", "subnet-b"] };

    it("asks about the role, the settings, and each subnet of the nodes once", async () => {
        deepStrictEqual(await look(), { after: seen(), asked: [request] });
        deepStrictEqual((await look(seen(), { policyArns: [OTHER_POLICY] })).asked, [
            { ...request, policyArns: [OTHER_POLICY] },
        ]);
    });

    it("adds what the role does not grant", async () => {
        const { after } = await look(seen(), { gap: SETTING_GAP });
        deepStrictEqual(after, { ...seen(), account: { ...seen().account, settingGap: SETTING_GAP } });
    });

    it("asks nothing on IPv4, and without a DaemonSet", async () => {
        const without = seen({ cluster: { daemonSet: undefined } });
        deepStrictEqual(await look(seen(), { ipFamily: "ipv4", gap: SETTING_GAP }), { after: seen(), asked: [] });
        deepStrictEqual(await look(without, { gap: SETTING_GAP }), { after: without, asked: [] });
    });

    it("asks about no subnet where the account shows none", async () => {
        const without = world(onNodeRole, { cluster: { daemonSet } });
        deepStrictEqual((await look(without)).asked, [{ ...request, settings: undefined, subnetIds: [] }]);
    });
});
