import { deepStrictEqual } from "node:assert/strict";
import type { AccountQuery } from "../../../../handover/aws/awsAccess";
import { look, lookBeforeDetachment } from "../../../../handover/observe/look";
import type { World } from "../../../../handover/model/world";
import { openRunContext, type RunContext } from "../../../../handover/observe/runContext";
import { onNodeRole, otherNode, podOnNodeRole, subject, world } from "../support/worlds";

/** What the account is asked, by a run whose program has chosen these regions. */
async function asked(act: (context: RunContext) => Promise<unknown>, regions?: string[]): Promise<object[]> {
    const queries = await queriesOf(act, world(onNodeRole), regions);
    return queries.map(({ searchElsewhere, regions: chosen }) => ({ searchElsewhere, regions: chosen }));
}

async function queriesOf(
    act: (context: RunContext) => Promise<unknown>,
    seen: World,
    regions?: string[],
): Promise<AccountQuery[]> {
    const queries: AccountQuery[] = [];
    const kubeconfig = JSON.stringify({ clusters: [], contexts: [], users: [] });
    const opened = await openRunContext({ subject, kubeconfig, ...(regions && { regions }) }, ["nodes"], {
        progress: () => undefined,
    });
    opened.cluster.close();
    const context = {
        ...opened,
        cluster: { look: () => Promise.resolve(seen.cluster), clustersInKubeconfig: () => [] },
        aws: {
            look: (query: AccountQuery) => Promise.resolve(queries.push(query)).then(() => seen.account),
            namedCluster: () => Promise.resolve({ is: "missing" }),
        },
    } as unknown as RunContext;
    await act(context);
    return queries;
}

describe("A look at the account", () => {
    const everywhere = (context: RunContext) => look(context, { searchElsewhere: true });

    it("asks for every enabled region where the program has chosen none", async () => {
        deepStrictEqual(await asked(everywhere), [{ searchElsewhere: true, regions: undefined }]);
    });

    it("asks for the regions that the program has chosen", async () => {
        deepStrictEqual(await asked(everywhere, ["eu-west-1"]), [{ searchElsewhere: true, regions: ["eu-west-1"] }]);
    });

    it("asks for the other nodes, and which of them have pods that may use their role", async () => {
        const otherNodes = [otherNode(podOnNodeRole("arm-1")), { name: "windows", instanceId: "i-n5" }];
        const [query] = await queriesOf(everywhere, world(onNodeRole, { cluster: { otherNodes } }));
        deepStrictEqual([query?.otherInstanceIds, query?.instanceIdsInUse], [["i-n4", "i-n5"], ["i-n4"]]);
        const [none] = await queriesOf(everywhere, world(onNodeRole));
        deepStrictEqual([none?.otherInstanceIds, none?.instanceIdsInUse], [undefined, undefined]);
    });

    it("has the times of associations by this machine's clock, and converts them once", async () => {
        const association = { id: "a-1", roleArn: "role", modifiedAt: 100_000 };
        const timeOf = async (clockAhead: number | undefined, reused?: true) => {
            const associations = { is: "seen" as const, clusterName: "prod", associations: [association] };
            const seen = world(onNodeRole, {
                cluster: clockAhead === undefined ? {} : { clockAhead },
                account: { associations, ...(reused === undefined ? {} : { reused }) },
            });
            let modifiedAt: number | undefined;
            await queriesOf(async (context) => {
                const { associations: found } = (await everywhere(context)).account;
                modifiedAt = found?.is === "seen" ? found.associations[0]?.modifiedAt : undefined;
            }, seen);
            return modifiedAt;
        };
        deepStrictEqual(
            [await timeOf(undefined), await timeOf(40_000), await timeOf(-40_000), await timeOf(40_000, true)],
            [100_000, 60_000, 140_000, 100_000],
        );
    });

    it("asks for them right before a detachment too", async () => {
        deepStrictEqual(await asked(lookBeforeDetachment, ["eu-west-1"]), [
            { searchElsewhere: true, regions: ["eu-west-1"] },
        ]);
    });
});
