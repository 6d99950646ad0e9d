import * as assert from "node:assert/strict";
import { type AddOnWrite, addOnWrites } from "../../../aws/eks/addOns/behavior";
import { type How, type KubernetesRequest, requestsFor } from "../../../cluster/addOn/requests";
import type { Manifest } from "../../../cluster/manifests/plain";

const serviceAccount: Manifest = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "aws-node", namespace: "kube-system", labels: { app: "aws-node" } },
};
const daemonSet: Manifest = { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "aws-node" } };
const removal = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "aws-node", namespace: "kube-system", annotations: { "eks.amazonaws.com/role-arn": null } },
};

const names = new Map<unknown, string>([
    [serviceAccount, "account"],
    [daemonSet, "pods"],
]);

/** As in "apply account". */
function inWords(request: KubernetesRequest): string {
    const name = names.get(request.object);
    const forced = request.kind === "apply" && request.force ? "forced " : "";
    if (name === undefined) {
        assert.deepEqual(request.object, removal);
    }
    return `${forced}${request.kind} ${name ?? "removal"}`;
}

const requests = (write: AddOnWrite, how: Partial<How> = {}) =>
    requestsFor(write, [serviceAccount, daemonSet], { overwrites: false, removesRole: false, ...how }).map(inWords);

describe("the requests of a managed add-on", () => {
    const sets: Record<AddOnWrite, string[]> = {
        apply: ["apply account", "apply pods"],
        forcedApply: ["forced apply account", "forced apply pods"],
        update: ["patch account", "patch pods"],
        updateThenApply: ["patch account", "patch pods", "apply account", "apply pods"],
        removesThoughCoOwned: ["apply account", "apply pods"],
        nothing: [],
    };
    const removes: Record<AddOnWrite, string[]> = {
        ...sets,
        update: [...sets.update, "patch removal"],
        removesThoughCoOwned: [...sets.removesThoughCoOwned, "patch removal"],
    };

    for (const write of addOnWrites) {
        it(`are those of "${write}" when it keeps or sets a role`, () => {
            assert.deepEqual(requests(write), sets[write]);
        });

        it(`are those of "${write}" when the role is taken away`, () => {
            assert.deepEqual(requests(write, { removesRole: true }), removes[write]);
        });

        it(`are those of "${write}", with each apply forced, when conflicts are overwritten`, () => {
            const forced = sets[write].map((request) => request.replace(/^(?:forced )?apply/, "forced apply"));
            assert.deepEqual(requests(write, { overwrites: true }), forced);
        });
    }
});
