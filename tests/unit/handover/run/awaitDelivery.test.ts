import { deepStrictEqual, rejects } from "node:assert/strict";
import type { AddOnSeen, AddOnUpdate } from "../../../../handover/model/addOn";
import type { Subject } from "../../../../handover/model/subject";
import type { CredentialSource, NodeRoleSeen, ServiceAccountSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { awaitDelivery } from "../../../../handover/run/awaitDelivery";
import type { RolloutRun } from "../../../../handover/run/canaryState";
import { addOn, eksAlone, external, ofAddOn, ownedBy } from "../support/addOns";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    nodeRole,
    NOW,
    onNodeRole,
    record,
    ROLE_ARN,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

const DELIVERY_SECONDS = 60;
const none = ownedBy([], [], {});
const delivered = ownedBy(["helm"]);
const former = ownedBy(["eks"], ["eks"], { [ROLE_ARN]: FORMER_ROLE });

interface Begins {
    readonly serviceAccount: ServiceAccountSeen;
    /** What another writer makes of it after ten seconds. */
    readonly later?: ServiceAccountSeen;
    readonly addOn?: AddOnSeen;
    /** Whether EKS goes on showing the role that it has to take away. */
    readonly showsFormer?: boolean;
    /** The credentials of the pods. Missing: those of the former role. */
    readonly pods?: CredentialSource;
    readonly nodeRoles?: readonly NodeRoleSeen[];
}

/** A cluster whose service account another writer changes, and whose add-on applies each role that it gets. */
function playing(
    { serviceAccount, later, pods = carrying(FORMER_ROLE), nodeRoles, showsFormer = false, ...begins }: Begins,
    of: Subject,
    addOnRoleArn?: string,
) {
    let roles = nodeRoles ?? world(pods).account.nodeRoles;
    const calls: string[] = [];
    const lines: string[] = [];
    let [{ addOn: seen }, live, now] = [begins, serviceAccount, NOW];
    const named = { ...of, clusterName: "prod" };
    const context = {
        subject: named,
        roleNames: ["nodes"],
        cluster: {
            look: () => Promise.resolve(world(pods, { cluster: { serviceAccount: live } }).cluster),
            change: (milliseconds: number) => {
                now += milliseconds;
                live = later !== undefined && now - NOW >= 10_000 ? later : live;
                return Promise.resolve();
            },
            clustersInKubeconfig: () => [],
            annotate: (annotations: Readonly<Record<string, string>>) => {
                calls.push(`annotate ${String(annotations[ROLE_ARN])}`);
                live = ownedBy(["eks", of.fieldManager], ["eks", of.fieldManager], annotations);
                return Promise.resolve();
            },
        },
        aws: {
            look: () => Promise.resolve({ ...world(pods).account, nodeRoles: roles }),
            attach: (name: string, policyArn: string) => {
                calls.push(`attach ${name} ${policyArn}`);
                roles = world(pods).account.nodeRoles;
                return Promise.resolve("attached");
            },
            addOn: () => Promise.resolve(seen),
            updateAddOn: ({ roleArn }: AddOnUpdate) => {
                calls.push(`update ${String(roleArn)}`);
                seen = showsFormer ? seen : addOn(roleArn);
                return Promise.resolve({ is: "sent", updateId: "u-1" });
            },
            addOnUpdate: () => Promise.resolve({ status: "Successful", errors: [] }),
        },
        now: () => now,
        sleep: (milliseconds: number) => {
            now += milliseconds;
            return Promise.resolve();
        },
        progress: (line: string) => lines.push(line),
        warn: () => undefined,
    } as unknown as RunContext;
    const target = {
        subject: named,
        record: addOnRoleArn === undefined ? record : { ...record, addOnRoleArn },
        iamPropagationSeconds: 0,
        timeouts: { deliverySeconds: showsFormer ? 10 : DELIVERY_SECONDS },
    } as unknown as RolloutRun;
    return { calls, lines, waits: () => awaitDelivery(context, target), waited: () => (now - NOW) / 1000 };
}

describe("Before a rollout, a run", () => {
    it("waits until another writer delivers the role", async () => {
        const { calls, waits, waited } = playing({ serviceAccount: none, later: delivered }, external);
        await waits();
        deepStrictEqual([calls, waited() >= 10, waited() < DELIVERY_SECONDS], [[], true, true]);
    });

    it("gives the node roles their policies back first if a pod has lost the role", async () => {
        const lost = { pods: onNodeRole, nodeRoles: [nodeRole(withoutPolicies)] };
        const { calls, waits } = playing({ serviceAccount: none, later: delivered, ...lost }, external);
        await waits();
        deepStrictEqual(calls, [`attach nodes ${CNI_POLICY}`]);
    });

    it("attaches nothing for pods that carry a role", async () => {
        const without = { nodeRoles: [nodeRole(withoutPolicies)] };
        const { calls, waits } = playing({ serviceAccount: none, later: delivered, ...without }, external);
        await waits();
        deepStrictEqual(calls, []);
    });

    it("does not wait for a writer that delivers already", async () => {
        const { waits, waited } = playing({ serviceAccount: delivered }, external);
        await waits();
        deepStrictEqual(waited(), 0);
    });

    it("ends if no writer delivers the role within timeouts.deliverySeconds", async () => {
        const { calls, waits } = playing({ serviceAccount: none }, external);
        await rejects(waits(), {
            code: "role-not-delivered",
            message: /^\[role-not-delivered\] No other writer gave .* within 60 s/,
        });
        deepStrictEqual(calls, []);
    });

    it("takes the former role from the managed add-on, after it owns the annotation itself", async () => {
        const begins = { serviceAccount: former, addOn: addOn(FORMER_ROLE) };
        const { calls, lines, waits } = playing(begins, ofAddOn, FORMER_ROLE);
        await waits();
        deepStrictEqual(calls, [`annotate ${FORMER_ROLE}`, "update undefined"]);
        deepStrictEqual(lines.at(-1), "the add-on carries no role of another owner");
    });

    it("says within which limit the add-on has not given it up", async () => {
        const begins = { serviceAccount: former, addOn: addOn(FORMER_ROLE), showsFormer: true };
        await rejects(playing(begins, ofAddOn, FORMER_ROLE).waits(), {
            code: "time-limit",
            message:
                /Taking the former role from the managed add-on reached its limit of 10 s.*timeouts\.deliverySeconds/s,
        });
    });

    it("leaves the add-on a role that is not the recorded one, and the component's own", async () => {
        for (const [roleArn, recorded] of [
            [FORMER_ROLE, undefined],
            [FORMER_ROLE, "arn:aws:iam::111122223333:role/another"],
            [subject.roleArn, subject.roleArn],
        ] as const) {
            const { calls, waits } = playing({ serviceAccount: eksAlone, addOn: addOn(roleArn) }, ofAddOn, recorded);
            await waits();
            deepStrictEqual(calls, [], roleArn);
        }
    });

    it("asks nothing if the component annotates the service account itself", async () => {
        const { calls, waits, waited } = playing({ serviceAccount: none }, subject);
        await waits();
        deepStrictEqual([calls, waited()], [[], 0]);
    });
});
