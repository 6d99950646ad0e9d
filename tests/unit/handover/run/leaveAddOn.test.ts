import { deepStrictEqual, rejects } from "node:assert/strict";
import type { AddOnSeen, AddOnUpdate } from "../../../../handover/model/addOn";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { Subject } from "../../../../handover/model/subject";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import { leaveAddOn, leavesAddOn, type LeavingInputs } from "../../../../handover/run/leaveAddOn";
import { addOn, both, eksAlone, external, ofAddOn, ownedBy } from "../support/addOns";
import {
    carrying,
    CNI_POLICY,
    FORMER_ROLE,
    MANAGER,
    nodeRole,
    NOW,
    record,
    ROLE,
    ROLE_ARN,
    subject,
    withoutPolicies,
    world,
} from "../support/worlds";

describe("An update takes the role of the component away from the managed add-on", () => {
    const rows: [string, boolean | undefined, typeof subject, boolean, boolean][] = [
        ["if it delivers another role", true, ofAddOn, true, true],
        ["if the component annotates from then on", true, subject, false, true],
        ["if it does both", true, subject, true, true],
        ["not if nothing changes", true, ofAddOn, false, false],
        ["not if the add-on never had one", undefined, subject, true, false],
        ["not if the add-on has given it up before", false, subject, true, false],
        ["not if its owner delivers from then on", true, external, true, false],
    ];
    for (const [what, addOnDelivered, who, isAnotherRole, expected] of rows) {
        it(what, () => {
            const record = addOnDelivered === undefined ? {} : { addOnDelivered };
            deepStrictEqual(leavesAddOn(record, who, isAnotherRole), expected);
        });
    }
});

const told: HandOverRecord = { ...record, addOnDelivered: true, approvedRoleArns: [ROLE, FORMER_ROLE] };
const none = ownedBy([], [], {});
const keptRole = { [ROLE_ARN]: ROLE };
const timeouts = { proofSeconds: 1, canarySeconds: 1, verificationSeconds: 1, handBackSeconds: 1, deliverySeconds: 60 };
const ended = "the managed add-on no longer carries the role of before";

interface Begins {
    readonly addOn: AddOnSeen;
    readonly serviceAccount?: ServiceAccountSeen;
    /** Whether the node roles have lost their policies. */
    readonly detached?: boolean;
    /** Whether EKS removes the annotation with the role. */
    readonly removes?: boolean;
    /** Whether EKS goes on showing the role that it has to take away. */
    readonly shows?: boolean;
}

/** An add-on that gives up its role, on a cluster whose writes are noted. */
function playing(of: Subject, { removes = false, shows = true, detached = false, ...begins }: Begins) {
    const calls: string[] = [];
    const lines: string[] = [];
    let { addOn: seen, serviceAccount: live = eksAlone } = begins;
    let [roles, now] = [[nodeRole(detached ? withoutPolicies : {})], NOW];
    const context = {
        subject: { ...of, clusterName: "prod" },
        roleNames: [],
        cluster: {
            look: () => Promise.resolve(world(carrying(ROLE), { cluster: { serviceAccount: live } }).cluster),
            change: (milliseconds: number) => {
                now += milliseconds;
                return Promise.resolve();
            },
            annotate: (annotations: Readonly<Record<string, string>>) => {
                calls.push(`annotate ${String(annotations[ROLE_ARN])}`);
                const owners = [...new Set([...live.roleArnOwners, MANAGER])];
                live = ownedBy(owners, owners, annotations);
                return Promise.resolve();
            },
            removeRole: () => {
                calls.push("remove the role");
                live = none;
                return Promise.resolve();
            },
        },
        aws: {
            look: ({ roleNames }: { roleNames: readonly string[] }) =>
                Promise.resolve({
                    ...world(carrying(ROLE)).account,
                    nodeRoles: roles.filter(({ name }) => name === "nodes" || roleNames.includes(name)),
                }),
            attach: (name: string, policyArn: string) => {
                calls.push(`attach ${name} ${policyArn}`);
                roles = [nodeRole()];
                return Promise.resolve("attached");
            },
            addOn: () => Promise.resolve(seen),
            updateAddOn: ({ roleArn }: AddOnUpdate) => {
                calls.push(`update ${String(roleArn)}`);
                seen = shows ? addOn(roleArn) : seen;
                live = removes ? none : live;
                return Promise.resolve({ is: "sent", updateId: "u-1" });
            },
            addOnUpdate: () => Promise.resolve({ status: "Successful", errors: [] }),
        },
        now: () => now,
        sleep: (milliseconds: number) => {
            calls.push(`sleep ${String(milliseconds / 1000)} s`);
            now += milliseconds;
            return Promise.resolve();
        },
        progress: (line: string) => lines.push(line),
        warn: () => undefined,
    } as unknown as RunContext;
    const inputs: LeavingInputs = {
        record: told,
        keeping: keptRole,
        giveBack: { record: told, roleNames: ["nodes"], iamPropagationSeconds: 120 },
        iamPropagationSeconds: 120,
        timeouts,
    };
    return {
        calls,
        lines,
        leaves: (more: Partial<LeavingInputs> = {}) => leaveAddOn(context, { ...inputs, ...more }),
    };
}

describe("The managed add-on that has to give up the role of the component", () => {
    it("keeps it until the node roles have their policies, and the component owns the annotation", async () => {
        const { calls, lines, leaves } = playing(ofAddOn, { addOn: addOn(FORMER_ROLE), detached: true });
        await leaves();
        deepStrictEqual(calls, [`attach nodes ${CNI_POLICY}`, "sleep 120 s", `annotate ${ROLE}`, "update undefined"]);
        deepStrictEqual(lines.at(-1), ended);
    });

    it("is looked at, although the program no longer names it", async () => {
        const { calls, leaves } = playing(subject, { addOn: addOn(ROLE), serviceAccount: both });
        await leaves();
        deepStrictEqual(calls.slice(0, 2), ["sleep 120 s", "update undefined"]);
    });

    it("leaves the annotation to the component alone if that one annotates from then on", async () => {
        const { calls, leaves } = playing(subject, { addOn: addOn(ROLE), serviceAccount: both });
        await leaves();
        deepStrictEqual(calls.slice(1), ["update undefined", "remove the role", `annotate ${ROLE}`]);
    });

    it("may keep its part of the annotation if it gets another role", async () => {
        const { calls, leaves } = playing(ofAddOn, { addOn: addOn(FORMER_ROLE), serviceAccount: both });
        await leaves();
        deepStrictEqual(calls.slice(1), ["update undefined"]);
    });

    it("is followed by the annotation if EKS removes it with the role", async () => {
        const { calls, leaves } = playing(subject, { addOn: addOn(ROLE), serviceAccount: both, removes: true });
        await leaves();
        deepStrictEqual(calls.slice(1), ["update undefined", `annotate ${ROLE}`]);
    });

    it("is followed by no annotation if the pods have none", async () => {
        const { calls, leaves } = playing(subject, { addOn: addOn(ROLE), serviceAccount: none });
        await leaves({ keeping: {} });
        deepStrictEqual(calls.slice(1), ["update undefined"]);
    });

    it("keeps the role that it is to deliver from now on", async () => {
        const { calls, leaves } = playing(ofAddOn, { addOn: addOn(ROLE) });
        await leaves();
        deepStrictEqual(calls, ["sleep 120 s"]);
    });

    const theirs = {
        addOn: addOn("arn:aws:iam::111122223333:role/theirs"),
        serviceAccount: ownedBy([MANAGER, "helm"]),
    };

    it("keeps a role that the component has not given it", async () => {
        const { calls, leaves } = playing(ofAddOn, theirs);
        await leaves();
        deepStrictEqual(calls, ["sleep 120 s"]);
    });

    it("stops the update that gives the annotation to the component, while the add-on has the role of another owner", async () => {
        const { calls, leaves } = playing(subject, theirs);
        await rejects(leaves(), { code: "add-on-owns-the-role" });
        deepStrictEqual(calls, []);
    });

    it("costs no time if it has none, and no node role has lost a policy", async () => {
        const { calls, leaves } = playing(subject, { addOn: addOn(), serviceAccount: ownedBy([MANAGER]) });
        await leaves({ giveBack: { record: told, roleNames: [], iamPropagationSeconds: 120 } });
        deepStrictEqual(calls, []);
    });

    it("has time until the limit of the program", async () => {
        const { leaves } = playing(subject, { addOn: addOn(ROLE), serviceAccount: both, shows: false });
        await rejects(leaves({ timeouts: { ...timeouts, deliverySeconds: 10 } }), {
            code: "time-limit",
            message: /Taking the role from the managed add-on reached its limit of 10 s.*timeouts\.deliverySeconds/s,
        });
    });
});
