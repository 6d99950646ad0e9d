import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { AddOnSeen, AddOnUpdate } from "../../../../handover/model/addOn";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import { Refusal } from "../../../../handover/model/refusal";
import type { RunContext } from "../../../../handover/observe/runContext";
import { addOnRole, type AddOnRoleInputs } from "../../../../handover/run/addOnRoleResource";
import { addOn, both, eksAlone, ofAddOn, ours } from "../support/addOns";
import { ACCOUNT, carrying, NOW, record, ROLE, world } from "../support/worlds";

const inputs: AddOnRoleInputs = {
    subject: { ...ofAddOn, clusterName: "prod" },
    record: { ...record, addOnDelivered: true },
    timeouts: {
        proofSeconds: 1,
        canarySeconds: 1,
        verificationSeconds: 1,
        handBackSeconds: 1,
        deliverySeconds: 60,
    },
    iamPropagationSeconds: 0,
    forceDestroy: false,
    drift: "none",
    approvedRole: ROLE,
    delivered: "digest",
    rollouts: 1,
};

/** An add-on that applies each role that it gets, and the service account that follows it. */
function playing(begins: { readonly addOn: AddOnSeen; readonly serviceAccount: ServiceAccountSeen }, applies = true) {
    const calls: string[] = [];
    const asked: object[] = [];
    const warnings: string[] = [];
    let [{ addOn: seen, serviceAccount }, now] = [begins, NOW];
    const context = {
        subject: inputs.subject,
        roleNames: [],
        cluster: {
            look: () => Promise.resolve(world(carrying(ROLE), { cluster: { serviceAccount } }).cluster),
            change: (milliseconds: number) => {
                now += milliseconds;
                return Promise.resolve();
            },
            clustersInKubeconfig: () => [],
            releaseServiceAccount: (leaving: object) => {
                calls.push(`release ${JSON.stringify(leaving)}`);
                serviceAccount = eksAlone;
                return Promise.resolve();
            },
            close: () => calls.push("close"),
        },
        aws: {
            look: (query: object) => {
                asked.push(query);
                return Promise.resolve(world(carrying(ROLE)).account);
            },
            addOn: (name: string) => {
                strictEqual(name, "prod");
                return Promise.resolve(seen);
            },
            updateAddOn: ({ roleArn }: AddOnUpdate) => {
                calls.push(`update ${String(roleArn)}`);
                seen = addOn(roleArn);
                serviceAccount = applies ? both : serviceAccount;
                return Promise.resolve({ is: "sent", updateId: "u-1" });
            },
            addOnUpdate: () => Promise.resolve({ status: "Successful", errors: [] }),
        },
        now: () => now,
        sleep: () => Promise.resolve(),
        progress: () => undefined,
        warn: (line: string) => warnings.push(line),
    } as unknown as RunContext;
    const opened: (readonly string[])[] = [];
    const operation = {
        progress: () => undefined,
        open: (_: object, roleNames: readonly string[]) => {
            opened.push(roleNames);
            return Promise.resolve({ ...context, roleNames });
        },
    };
    return { calls, asked, opened, warnings, context, operation };
}

const DONE = "the add-on has the role, and owns the annotation";
const state = { ...inputs, told: DONE, updates: 3 };

describe("The live check of the managed add-on", () => {
    it("gives the add-on the role, and leaves the annotation to it", async () => {
        const { calls, operation } = playing({ addOn: addOn(), serviceAccount: ours });
        deepStrictEqual(await addOnRole.create(inputs, operation), { told: DONE, updates: 1 });
        deepStrictEqual(calls, [`update ${ROLE}`, "release {}", "close"]);
    });

    it("does nothing to one that has both", async () => {
        const { calls, operation } = playing({ addOn: addOn(ROLE), serviceAccount: eksAlone });
        deepStrictEqual(await addOnRole.create(inputs, operation), { told: DONE, updates: 1 });
        deepStrictEqual(calls, ["close"]);
    });

    it("keeps the component's annotation if EKS does not own it", async () => {
        const { calls, operation } = playing({ addOn: addOn(), serviceAccount: ours }, false);
        const { told } = await addOnRole.create(inputs, operation);
        deepStrictEqual(
            told,
            "the add-on has the role; EKS does not own the annotation by server-side apply, so the component keeps its own",
        );
        deepStrictEqual(calls, [`update ${ROLE}`, "close"]);
    });

    it("ends at its limit", async () => {
        const { operation } = playing({ addOn: addOn(undefined, { status: "UPDATING" }), serviceAccount: ours });
        await rejects(addOnRole.create(inputs, operation), { code: "add-on-update-failed", message: /for 60 s/ });
    });

    it("says within which limit EKS has not applied the role", async () => {
        const { operation } = playing({ addOn: addOn(), serviceAccount: ours }, false);
        const short = { ...inputs, timeouts: { ...inputs.timeouts, deliverySeconds: 10 } };
        await rejects(addOnRole.create(short, operation), {
            code: "time-limit",
            message: /Telling the managed add-on the role reached its limit of 10 s.*timeouts\.deliverySeconds/s,
        });
    });

    it("looks at the node roles of the cluster alone, and in no other region", async () => {
        const { asked, opened, operation } = playing({ addOn: addOn(ROLE), serviceAccount: eksAlone });
        await addOnRole.create(inputs, operation);
        await addOnRole.update(state, { ...inputs, rollouts: 2 }, operation);
        await addOnRole.read(state, operation);
        deepStrictEqual(opened, [[], [], []]);
        const searches = asked.map((query) => (query as { searchElsewhere: boolean }).searchElsewhere);
        deepStrictEqual(searches, [false, false, false]);
    });

    it("names its outputs, so that the state of an earlier version gets those that it lacks", async () => {
        const { operation } = playing({ addOn: addOn(ROLE), serviceAccount: eksAlone });
        deepStrictEqual(Object.keys(await addOnRole.create(inputs, operation)), addOnRole.outputs);
    });

    it("acts again after another rollout, another role or another record, and on drift", async () => {
        const changes: Partial<AddOnRoleInputs>[] = [
            { rollouts: 2 },
            { approvedRole: "other" },
            { delivered: "other" },
            { record: { ...record, addOnDelivered: true, approvals: 1 } },
        ];
        for (const change of changes) {
            const { operation } = playing({ addOn: addOn(), serviceAccount: ours });
            deepStrictEqual(await addOnRole.update(state, { ...inputs, ...change }, operation), {
                told: DONE,
                updates: 4,
            });
        }
        const { operation } = playing({ addOn: addOn(), serviceAccount: ours });
        deepStrictEqual(await addOnRole.update({ ...state, drift: "lost" }, inputs, operation), {
            told: DONE,
            updates: 4,
        });
    });

    it("saves other changes alone", async () => {
        const { calls, operation } = playing({ addOn: addOn(), serviceAccount: ours });
        const changed = { ...inputs, timeouts: { ...inputs.timeouts, proofSeconds: 9 } };
        deepStrictEqual(await addOnRole.update(state, changed, operation), { told: DONE, updates: 3 });
        deepStrictEqual(calls, []);
    });

    it("leaves the way back to the credential guard", async () => {
        const { calls, operation } = playing({ addOn: addOn(ROLE), serviceAccount: eksAlone });
        await addOnRole.delete(state, operation);
        deepStrictEqual(calls, []);
    });

    it("shows in a refresh what the add-on has lost", async () => {
        const { warnings, operation } = playing({ addOn: addOn(), serviceAccount: ours });
        const { outputs, drift } = await addOnRole.read(state, operation);
        deepStrictEqual(outputs, { told: DONE, updates: 3 });
        deepStrictEqual(warnings, [drift]);
        strictEqual(drift.startsWith("The managed add-on vpc-cni has no role any more."), true);
    });

    it("is quiet in a refresh if nothing has changed", async () => {
        const { warnings, operation } = playing({ addOn: addOn(ROLE), serviceAccount: eksAlone });
        deepStrictEqual(await addOnRole.read({ ...state, drift: "lost" }, operation), {
            outputs: { told: DONE, updates: 3 },
            drift: "none",
        });
        deepStrictEqual(warnings, []);
    });

    it("leaves its state as it is in a refresh of a cluster that no longer exists", async () => {
        const { context, operation } = playing({ addOn: addOn(ROLE), serviceAccount: eksAlone });
        const gone = {
            ...context,
            cluster: {
                ...context.cluster,
                look: () => Promise.reject(new Refusal("cluster-access-denied", "Seen.", "Means.", "Fix.")),
            },
            aws: {
                ...context.aws,
                clusterStatus: () => Promise.resolve("gone" as const),
                callerAccount: () => Promise.resolve(ACCOUNT),
            },
        };
        const reading = { ...operation, open: () => Promise.resolve(gone) };
        deepStrictEqual(await addOnRole.read({ ...state, drift: "lost" }, reading), {
            outputs: { told: DONE, updates: 3 },
            drift: "lost",
        });
    });

    it("leaves another cluster to the other live checks", async () => {
        const { operation } = playing({ addOn: addOn(), serviceAccount: ours });
        const elsewhere = { ...state, record: { ...state.record, clusterUid: "another" } };
        strictEqual((await addOnRole.read(elsewhere, operation)).drift, "none");
    });
});
