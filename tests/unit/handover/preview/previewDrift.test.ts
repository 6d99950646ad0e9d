import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { World } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import type { LeftBehind } from "../../../../handover/model/formerDetachment";
import { previewDrift } from "../../../../handover/preview/previewDrift";
import { handedOver } from "../support/plans";
import { previewed, readOnlyContext } from "../support/previews";
import { CNI_POLICY, nodeRole, record, subject, withoutPolicies } from "../support/worlds";

const LEFT: LeftBehind = { detachedFrom: ["nodes"], remainingSteps: [] };
const inputs = { ...previewed, record, canaryActs: false };

const drift = (context: RunContext, more: Partial<typeof inputs> = {}) =>
    previewDrift({ ...inputs, ...more }, LEFT, 60, () => Promise.resolve(context));

/** The last update left this. */
const finished = () => handedOver({}, { nodeRoles: [nodeRole(withoutPolicies)] });
const joined = () =>
    handedOver(
        {},
        {
            roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes", "i-n3": "late" },
            nodeRoles: [nodeRole(withoutPolicies), nodeRole({ name: "late" })],
        },
    );

describe("A preview in which no live check acts", () => {
    it("says nothing about a cluster that is as the last update left it", async () => {
        strictEqual(await drift(readOnlyContext(finished())), undefined);
    });

    it("names a node role that joined later with the policy, and the list that covers it", async () => {
        strictEqual(
            await drift(readOnlyContext(joined())),
            'The node role late still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]. ' +
                "Run pulumi up --refresh: it updates the output remainingSteps.",
        );
    });

    it("does not name it again once the last update has", async () => {
        const remainingSteps = [
            '[detach] The node role late still holds the CNI policy. To detach it, set detachFromNodeRoles: ["nodes", "late"]',
        ];
        const context = readOnlyContext(joined());
        const left = { ...LEFT, remainingSteps };
        strictEqual(await previewDrift(inputs, left, 60, () => Promise.resolve(context)), undefined);
    });

    it("says everything at once", async () => {
        const unguarded = { present: false, inForce: false };
        const said = await drift(
            readOnlyContext(handedOver({ injectionGuard: unguarded }, { nodeRoles: [nodeRole()] })),
        );
        ok(said !== undefined);
        ok(said.includes(`${CNI_POLICY} is attached to nodes again.`), said);
        ok(said.includes("injection guard"), said);
        ok(said.includes("Run pulumi up --refresh: it "), said);
    });

    it("says nothing of a complaint, which may be from before the role was repaired, and still names everything else", async () => {
        const complaining = (of: World): World => ({
            ...of,
            cluster: { ...of.cluster, pods: of.cluster.pods.map((pod) => ({ ...pod, missingPermissions: "no" })) },
        });
        strictEqual(await drift(readOnlyContext(complaining(finished()))), undefined);
        ok((await drift(readOnlyContext(complaining(joined()))))?.startsWith("The node role late still holds"));
    });

    it("follows the field manager of the record, under which a renamed component continues", async () => {
        const renamed = { ...subject, fieldManager: "eks-cni/shop/prod/network" };
        const opened: string[] = [];
        await previewDrift({ ...inputs, subject: renamed }, LEFT, 60, (of) => {
            opened.push(of.subject.fieldManager);
            return Promise.resolve(readOnlyContext(finished()));
        });
        deepStrictEqual(opened, [record.fieldManager]);
    });

    it("looks once at the cluster and the account, asks for no token, searches no other region, and closes the access", async () => {
        const called: string[] = [];
        await drift(readOnlyContext(finished(), called));
        deepStrictEqual(called, [
            "look at the cluster",
            "look at the account",
            "the cluster's name",
            "other delivery",
            "close",
        ]);
    });

    it("says nothing of a node role that has kept its policies for want of a proof, and of one that has not, it does", async () => {
        const kept = handedOver({}, { nodeRoles: [nodeRole()] });
        const left = { detachedFrom: [], remainingSteps: [`[unproved] nodes keeps ${CNI_POLICY}. Why. Fix.`] };
        const says = (of: LeftBehind) => previewDrift(inputs, of, 60, () => Promise.resolve(readOnlyContext(kept)));
        strictEqual(await says(left), undefined);
        ok((await says({ ...left, remainingSteps: [] }))?.startsWith(`${CNI_POLICY} is attached to nodes.`));
    });

    it("says nothing where the cluster does not answer, and closes the access", async () => {
        const called: string[] = [];
        const unreachable = { "look at the cluster": () => Promise.reject(new Error("unreachable")) };
        strictEqual(await drift(readOnlyContext(joined(), called, unreachable)), undefined);
        deepStrictEqual(called, ["look at the cluster", "close"]);
    });

    it("says nothing where the kubeconfig cannot be read", async () => {
        strictEqual(await previewDrift({ ...inputs, kubeconfig: "nonsense: [" }, LEFT, 60), undefined);
    });

    it("waits for an answer within its limit, and no longer", async () => {
        const answersAfter = (milliseconds: number, limitSeconds: number) => {
            const late = () => setTimeout(milliseconds).then(() => joined().cluster);
            const context = readOnlyContext(joined(), [], { "look at the cluster": late });
            return previewDrift(inputs, LEFT, limitSeconds, () => Promise.resolve(context));
        };
        ok((await answersAfter(30, 60))?.includes("late"));
        strictEqual(await answersAfter(2_000, 0.02), undefined);
    });
});
