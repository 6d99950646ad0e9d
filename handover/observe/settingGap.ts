import type { World } from "../model/world";
import type { RunContext } from "./runContext";

/**
 * The same world, with what the plugin's settings need and the CNI role does not grant.
 *
 * @param policyArns The managed policies that the role is to have. Missing: those that it has.
 */
export async function withSettingGap(
    { aws, subject: { roleArn, ipFamily } }: Pick<RunContext, "aws" | "subject">,
    world: World,
    policyArns?: readonly string[],
): Promise<World> {
    const { daemonSet } = world.cluster;
    if (ipFamily === "ipv4" || daemonSet === undefined) {
        return world;
    }
    const networks = Object.values(world.account.networkOfInstance ?? {});
    const settingGap = await aws.settingGap({
        roleArn,
        ipFamily,
        settings: daemonSet.settings,
        subnetIds: [...new Set(networks.map(({ subnetId }) => subnetId))].sort(),
        ...(policyArns === undefined ? {} : { policyArns }),
    });
    return settingGap === undefined ? world : { ...world, account: { ...world.account, settingGap } };
}
