import { deepStrictEqual, equal, ok, rejects } from "node:assert/strict";
import type { AddOns } from "../../../aws/eks/addOns";
import { Json, PartialError, Properties, ProviderClient, text, without } from "../../../providerClient";
import { World } from "./contract";
import { addOnInputs } from "./contractsOfEks";
import { rejectsWith } from "./rejectsWith";
import { SandboxApi, startSandboxApi } from "./sandboxApi";
import { ScriptedApi, startScriptedApi } from "./scriptedApi";
import { useWorld } from "./world";

const ADD_ON = "aws:eks/addon:Addon";
const OTHER_ROLE = "arn:aws:iam::111122223333:role/other";

describe("the stand-in of the AWS provider does as the real one with an add-on", () => {
    let sandboxApi: SandboxApi | undefined;
    const world = useWorld(async () => (sandboxApi = await startSandboxApi()));
    let api: ScriptedApi;
    let provider: ProviderClient;
    before(async () => {
        // In front of the API, to see the calls.
        api = await startScriptedApi(world().endpoint);
        provider = await ProviderClient.start(api.url);
    });
    after(async () => {
        await provider.stop();
        await api.stop();
    });
    const addOns = (): AddOns => sandboxApi?.settings.addOns ?? (undefined as never);
    beforeEach(() => addOns().setBehavior({ seconds: 0 }));

    /** @param unstated A property that the program leaves out. */
    async function make(more: Properties = {}, unstated = "") {
        const stated = without(await addOnInputs(world()), unstated);
        const inputs = await provider.inputs(ADD_ON, { ...stated, ...more });
        return { inputs, ...(await provider.create(ADD_ON, inputs)) };
    }

    /** The parameters of the last update. */
    async function lastParams({ eks }: World, id: string): Promise<Record<string, string>> {
        const [name, addonName] = id.split(":");
        const { updateIds = [] } = await eks.listUpdates({ name, addonName });
        const { update } = await eks.describeUpdate({ name, addonName, updateId: updateIds.at(-1) });
        return Object.fromEntries((update?.params ?? []).map(({ type = "", value = "" }) => [type, value]));
    }

    it("waits until it is ACTIVE, until an update is over, and until it is gone", async () => {
        addOns().setBehavior({ seconds: 0.8 });
        const { id, state, inputs } = await make();
        const [clusterName = "", addonName = ""] = id.split(":");
        equal(addOns().describe(clusterName, addonName).status, "ACTIVE");
        const updated = await provider.update(ADD_ON, id, state, { ...inputs, serviceAccountRoleArn: OTHER_ROLE });
        equal(updated["serviceAccountRoleArn"], OTHER_ROLE);
        equal(addOns().describe(clusterName, addonName).status, "ACTIVE");
        await provider.delete(ADD_ON, id, updated);
        deepStrictEqual(addOns().names(clusterName), []);
    });

    it("cannot take a role away: it sends an empty one, which EKS refuses", async () => {
        const { id, state, inputs } = await make();
        const { serviceAccountRoleArn, ...next } = inputs;
        deepStrictEqual((await provider.diff(ADD_ON, state, next)).changes, { serviceAccountRoleArn: "DELETE" });
        await rejects(provider.update(ADD_ON, id, state, next), (error) => {
            ok(error instanceof PartialError);
            ok(
                /^updating EKS Add-On \(contract-\d+:vpc-cni\): operation error EKS: UpdateAddon, https response error StatusCode: 403, RequestID: [0-9a-f-]+, AccessDeniedException: Cross-account pass role is not allowed\.$/.test(
                    error.message,
                ),
                error.message,
            );
            equal(error.state["serviceAccountRoleArn"], serviceAccountRoleArn);
            return true;
        });
    });

    /** EKS gives the role to the add-on for a caller that is not the provider. The state of the provider knows nothing of it. */
    async function giveRole(id: string): Promise<void> {
        const [clusterName, addonName] = id.split(":");
        await world().eks.updateAddon({ clusterName, addonName, serviceAccountRoleArn: OTHER_ROLE });
        equal(roleOf(id), OTHER_ROLE);
    }
    const described = (id: string) => {
        const [clusterName = "", addonName = ""] = id.split(":");
        return addOns().describe(clusterName, addonName);
    };
    const roleOf = (id: string) => described(id).serviceAccountRoleArn;

    // terraform-provider-aws internal/service/eks/addon.go, resourceAddonUpdate: each of these properties makes it call UpdateAddon. The input has
    // ServiceAccountRoleArn if the property has changed or is not empty, so it lacks the role here. EKS then takes the role away: UpdateAddon.
    for (const [property, value] of [
        ["addonVersion", "v1.24.0-eksbuild.1"],
        ["configurationValues", '{"env":{"WARM_ENI_TARGET":"2"}}'],
        ["podIdentityAssociations", [{ roleArn: OTHER_ROLE, serviceAccount: "aws-node" }]],
    ] as const) {
        it(`takes away a role that the program does not state and another caller has given, with an update of ${property}`, async () => {
            const { id, state, inputs } = await make({}, "serviceAccountRoleArn");
            equal(roleOf(id), undefined);
            await giveRole(id);
            const updated = await provider.update(ADD_ON, id, state, { ...inputs, [property]: value as Json });
            ok(!Object.keys(await lastParams(world(), id)).includes("ServiceAccountRoleArn"));
            deepStrictEqual([roleOf(id), updated["serviceAccountRoleArn"] ?? ""], [undefined, ""]);
        });
    }

    // The same function does not call UpdateAddon for tags.
    it("leaves a role that the program does not state and another caller has given, with an update of tags alone", async () => {
        const { id, state, inputs } = await make({}, "serviceAccountRoleArn");
        await giveRole(id);
        const tagged = await provider.inputs(ADD_ON, { ...inputs, tags: { Name: "cni" } });
        await provider.update(ADD_ON, id, state, tagged);
        equal(roleOf(id), OTHER_ROLE);
    });

    // The property is Optional and not Computed (addon.go, resourceAddon), so a refresh makes the role a difference. resourceAddonUpdate then sends
    // aws.String(""), which EKS refuses with all of the update: https://github.com/hashicorp/terraform-provider-aws/issues/30645
    it("cannot take away a role that the program does not state either, once a refresh has seen it", async () => {
        const { id, state, inputs } = await make({}, "serviceAccountRoleArn");
        await giveRole(id);
        const refreshed = await provider.read(ADD_ON, id, state, inputs);
        equal(refreshed.state["serviceAccountRoleArn"], OTHER_ROLE);
        const next = { ...inputs, configurationValues: '{"env":{"WARM_ENI_TARGET":"2"}}' };
        equal((await provider.diff(ADD_ON, refreshed.state, next)).changes["serviceAccountRoleArn"], "DELETE");
        await rejects(
            provider.update(ADD_ON, id, refreshed.state, next),
            /: Cross-account pass role is not allowed\.$/,
        );
        const { serviceAccountRoleArn, configurationValues } = described(id);
        deepStrictEqual([serviceAccountRoleArn, configurationValues], [OTHER_ROLE, undefined]);
    });

    it("sends the role with each update, and the version, the configuration and the associations when they change", async () => {
        const configurationValues = '{"env":{"WARM_ENI_TARGET":"2"}}';
        const { id, state, inputs } = await make({ configurationValues });
        const role = text(inputs["serviceAccountRoleArn"]);
        const next = { ...inputs, addonVersion: "v1.24.0-eksbuild.1", resolveConflictsOnUpdate: "PRESERVE" };
        const updated = await provider.update(ADD_ON, id, state, next);
        deepStrictEqual(await lastParams(world(), id), {
            AddonVersion: "v1.24.0-eksbuild.1",
            ServiceAccountRoleArn: role,
            ResolveConflicts: "PRESERVE",
        });
        equal(updated["configurationValues"], configurationValues);
        const association = { roleArn: OTHER_ROLE, serviceAccount: "aws-node" };
        const associated = { ...next, podIdentityAssociations: [association] };
        const { podIdentityAssociations } = await provider.update(ADD_ON, id, updated, associated);
        deepStrictEqual(podIdentityAssociations, [association]);
        const withAssociations = { ...updated, podIdentityAssociations: [association] };
        const removed = await provider.update(ADD_ON, id, withAssociations, next);
        deepStrictEqual(
            [removed["podIdentityAssociations"], (await lastParams(world(), id))["PodIdentityAssociations"]],
            [[], "[]"],
        );
    });

    it("makes no update for another way to resolve conflicts, or to delete it", async () => {
        const { id, state, inputs } = await make();
        api.calls.splice(0);
        await provider.update(ADD_ON, id, state, { ...inputs, resolveConflictsOnUpdate: "OVERWRITE", preserve: true });
        ok(!api.calls.some((call) => call.startsWith("POST")), api.calls.join());
    });

    it("tells why an update failed, and which setting may help", async () => {
        const { id, state, inputs } = await make();
        for (const [more, hint] of [
            [{}, '\\. Consider setting resolve_conflicts_on_update to "OVERWRITE"'],
            [{ resolveConflictsOnUpdate: "OVERWRITE" }, ""],
        ] as const) {
            addOns().setNext({ update: "failedButApplied" });
            await rejectsWith(
                provider.update(ADD_ON, id, state, { ...inputs, serviceAccountRoleArn: OTHER_ROLE, ...more }),
                new RegExp(
                    `^waiting for EKS Add-On \\(${id}\\) update \\([0-9a-f-]{36}\\): unexpected state 'Failed', wanted target 'Successful'\\. ` +
                        "last error: : InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn't have the desired number " +
                        `of replicas\\.${hint}$`,
                ),
            );
        }
    });

    it("keeps one in the state whose creation failed, and tells its issues", async () => {
        addOns().setNext({ create: "failed" });
        await rejects(make(), (error) => {
            ok(error instanceof PartialError);
            equal(
                error.message,
                `waiting for EKS Add-On (${error.id}) create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. ` +
                    "last error: : InternalFailure: Amazon EKS could not change the add-on.",
            );
            equal(error.state["addonName"], "vpc-cni");
            return true;
        });
    });

    it("waits for one that is DEGRADED after its creation", async () => {
        addOns().setBehavior({ healsAfterSeconds: 0.3 });
        addOns().setNext({ create: "degraded" });
        const { id } = await make();
        const [clusterName = "", addonName = ""] = id.split(":");
        equal(addOns().describe(clusterName, addonName).status, "ACTIVE");
        addOns().setBehavior({ healsAfterSeconds: 2 });
    });

    it("leaves the objects in the cluster with preserve, and tells when its deletion fails", async () => {
        const { id, state } = await make({ preserve: true });
        equal(state["preserve"], true);
        const [clusterName = "", addonName = ""] = id.split(":");
        addOns().setNext({ delete: "failed" });
        await rejectsWith(
            provider.delete(ADD_ON, id, state),
            /^waiting for EKS Add-On \(\S+\) delete: unexpected state 'DELETE_FAILED', wanted target ''\. last error: : InternalFailure: /,
        );
        api.calls.splice(0);
        await provider.delete(ADD_ON, id, state);
        ok(api.calls.includes(`DELETE /clusters/${clusterName}/addons/${addonName}?preserve=true`), api.calls.join());
    });

    for (const [property, value, reason] of [
        ["resolveConflictsOnCreate", "PRESERVE", 'expected one of "NONE", "OVERWRITE", got PRESERVE'],
        ["resolveConflictsOnUpdate", "FORCE", 'expected one of "OVERWRITE", "NONE", "PRESERVE", got FORCE'],
        ["addonVersion", "1.23", "must follow semantic version format"],
        ["serviceAccountRoleArn", "role", "is an invalid ARN: arn: invalid prefix or sections"],
    ] as const) {
        it(`refuses a ${property} that the real provider refuses, by its property`, async () => {
            const news = { clusterName: "a", addonName: "vpc-cni", [property]: value };
            deepStrictEqual((await provider.check(ADD_ON, news)).failures, { [property]: reason });
        });
    }
});
