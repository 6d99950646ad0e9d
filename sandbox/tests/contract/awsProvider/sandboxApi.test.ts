import { deepStrictEqual } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsApi } from "../../../aws";
import { contracts, contractsOfSandbox } from "./contracts";
import { cluster, nodeGroup } from "./contractsOfEks";
import { contractTests } from "./contractTests";
import { Api } from "./moto";
import { trust, unique } from "./prerequisites";
import { rejectsWith } from "./rejectsWith";
import { startSandboxApi } from "./sandboxApi";
import { useWorld } from "./world";

let sandboxApi: AwsApi | undefined;

/** Its changes of add-ons are over at once. */
async function startApi(): Promise<Api> {
    const { settings, ...api } = await startSandboxApi();
    settings.addOns.setBehavior({ seconds: 0 });
    sandboxApi = settings;
    return api;
}

describe("over the sandbox's AWS API, the stand-in of the AWS provider", () => {
    const world = useWorld(startApi);

    for (const contract of [...contracts, ...contractsOfSandbox]) {
        describe(`keeps the contract of ${contract.type}`, () => {
            contractTests(contract, world);
        });
    }

    it("retries throttled calls, so that no caller notices", async () => {
        const { provider } = world();
        const type = "aws:iam/role:Role";
        sandboxApi?.setThrottling({ everyNth: 2 });
        try {
            const news = { name: unique("throttled"), assumeRolePolicy: trust("ec2.amazonaws.com") };
            const inputs = await provider.inputs(type, news);
            const { id, state } = await provider.create(type, inputs);
            deepStrictEqual((await provider.diff(type, state, inputs)).changes, {});
            await provider.delete(type, id, state);
        } finally {
            sandboxApi?.setThrottling({});
        }
    });

    it("updates the version of a cluster one step, and tells what EKS says of two", async () => {
        const { provider } = world();
        const { type } = cluster;
        const inputs = await provider.inputs(type, await cluster.inputs(world()));
        const { id, state } = await provider.create(type, inputs);
        await rejectsWith(
            provider.update(type, id, state, { ...inputs, version: "1.36" }),
            /InvalidParameterException: Unsupported Kubernetes minor version update from 1\.34 to 1\.36$/,
        );
        const changed = { ...inputs, version: "1.35" };
        const updated = await provider.update(type, id, state, changed);
        deepStrictEqual([updated["version"], updated["status"]], ["1.35", "ACTIVE"]);
        deepStrictEqual((await provider.diff(type, updated, changed)).changes, {});
    });

    it("updates the version of a node group up to its cluster's, and tells what EKS says of a later one", async () => {
        const { provider, eks } = world();
        const { type } = nodeGroup;
        const inputs = await provider.inputs(type, await nodeGroup.inputs(world()));
        const { id, state } = await provider.create(type, inputs);
        const { cluster: of } = await eks.describeCluster({ name: id.split(":")[0] });
        const next = `1.${Number(of?.version?.split(".")[1]) + 1}`;
        await rejectsWith(
            provider.update(type, id, state, { ...inputs, version: next }),
            /updating EKS Node Group \(\S+\) version: operation error EKS: UpdateNodegroupVersion, .*InvalidParameterException: /,
        );
        await eks.updateClusterVersion({ name: of?.name, version: next });
        // The stand-in takes a second to update a cluster.
        await sleep(1500);
        const changed = { ...inputs, version: next };
        const updated = await provider.update(type, id, state, changed);
        deepStrictEqual([updated["version"], updated["status"]], [next, "ACTIVE"]);
        deepStrictEqual((await provider.diff(type, updated, changed)).changes, {});
    });

    it("tells the request's id in an error", () =>
        rejectsWith(
            world().provider.invoke("aws:iam/getRole:getRole", { name: "missing" }),
            /StatusCode: 404, RequestID: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}, NoSuchEntity: /,
        ));
});
