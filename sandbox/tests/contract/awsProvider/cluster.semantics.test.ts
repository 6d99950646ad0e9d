import { deepStrictEqual, equal, ok, rejects } from "node:assert/strict";
import { World } from "./contract";
import { makeRole, unique } from "./prerequisites";
import { PartialError, Properties, ProviderClient, text } from "../../../providerClient";
import { rejectsWith } from "./rejectsWith";
import { ScriptedApi } from "./scriptedApi";
import { useScriptedProvider } from "./useScriptedProvider";

const CLUSTER = "aws:eks/cluster:Cluster";

describe("the stand-in of the AWS provider does as the real one", () => {
    const { started, make } = useScriptedProvider();
    let api: ScriptedApi;
    let provider: ProviderClient;
    let world: World;
    before(() => ({ api, provider, world } = started()));

    describe("with a cluster", () => {
        async function makeCluster(more: Properties = {}): ReturnType<typeof make> {
            return make(CLUSTER, {
                name: unique("semantics"),
                roleArn: `arn:aws:iam::111122223333:role/${await makeRole(world, "eks.amazonaws.com")}`,
                version: "1.33",
                vpcConfig: { subnetIds: ["subnet-1"] },
                ...more,
            });
        }

        it("waits for an update of the version to be done", async () => {
            const { id, state, inputs } = await makeCluster();
            const update = (status: string): { status: number; body: string } => ({
                status: 200,
                body: JSON.stringify({ update: { id: "u1", status } }),
            });
            // moto implements neither versions to update nor updates to describe.
            api.answer(`POST /clusters/${id}/updates`, update("InProgress"));
            api.answer(`GET /clusters/${id}/updates/u1`, update("InProgress"), update("Successful"));
            await provider.update(CLUSTER, id, state, { ...inputs, version: "1.34" });
            deepStrictEqual(api.calls.filter((call) => call.endsWith("/updates/u1")).length, 2);
        });

        it("tells why an update failed, with the state as it is", async () => {
            const { id, state, inputs } = await makeCluster();
            const failed = { status: "Failed", id: "u1", errors: [{ errorCode: "Other", errorMessage: "no room" }] };
            api.answer(`POST /clusters/${id}/updates`, {
                status: 200,
                body: `{"update":{"id":"u1","status":"InProgress"}}`,
            });
            api.answer(`GET /clusters/${id}/updates/u1`, { status: 200, body: JSON.stringify({ update: failed }) });
            await rejects(provider.update(CLUSTER, id, state, { ...inputs, version: "1.34" }), (error) => {
                ok(error instanceof PartialError);
                equal(
                    error.message,
                    `updating EKS Cluster (${id}) version: unexpected state 'Failed', wanted target 'Successful'. Other: no room`,
                );
                equal(error.state["version"], "1.33");
                return true;
            });
        });

        it("goes to the region that the resource names", async () => {
            const { id, state } = await makeCluster({ region: "eu-west-1" });
            equal(state["region"], "eu-west-1");
            ok(text(state["arn"]).startsWith("arn:aws:eks:eu-west-1:"));
            const { clusters } = await world.eks.listClusters({});
            ok(clusters?.includes(id) === false);
            const moved = await provider.inputs(CLUSTER, { ...state, region: "us-west-2" }).catch(() => state);
            deepStrictEqual((await provider.diff(CLUSTER, state, { ...moved, region: "us-west-2" })).replaces, [
                "region",
            ]);
        });

        it("refuses to delete one that has node groups, with EKS's words", async () => {
            const { id, state } = await makeCluster();
            await world.eks.createNodegroup({
                clusterName: id,
                nodegroupName: "nodes",
                nodeRole: "arn:aws:iam::111122223333:role/nodes",
                subnets: ["subnet-1"],
            });
            await rejectsWith(
                provider.delete(CLUSTER, id, state),
                /^deleting EKS Cluster \(semantics-\d+\): operation error EKS: DeleteCluster, .* ResourceInUseException: Cluster has nodegroups attached$/,
            );
        });
    });
});
