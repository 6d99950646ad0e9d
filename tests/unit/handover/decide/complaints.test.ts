import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { complainedBefore, complains, complaintStep, withoutComplaints } from "../../../../handover/decide/complaints";
import { fleetOf } from "../../../../handover/decide/fleet";
import type { PodSeen } from "../../../../handover/model/world";
import { On, places, target, working } from "../support/rollouts";
import { carrying, comparableStep, pod, ROLE, seconds } from "../support/worlds";

describe("A pod's complaint about a missing permission", () => {
    const said = { missingPermissions: "ec2:CreateTags denied" };
    const rows: [string, Partial<PodSeen>, { provedAt?: number }, boolean][] = [
        ["is none where it says nothing", {}, {}, false],
        ["is none where it says nothing, whenever that was", { missingPermissionsAt: seconds(0) }, {}, false],
        ["counts", { ...said, missingPermissionsAt: seconds(-3000) }, {}, true],
        [
            "counts at the moment of the proof",
            { ...said, missingPermissionsAt: seconds(-9) },
            { provedAt: seconds(-9) },
            true,
        ],
        ["counts after the proof", { ...said, missingPermissionsAt: seconds(-8) }, { provedAt: seconds(-9) }, true],
        [
            "is outdated by a later proof",
            { ...said, missingPermissionsAt: seconds(-10) },
            { provedAt: seconds(-9) },
            false,
        ],
        ["counts where its time is not known, whatever was proved", said, { provedAt: seconds(0) }, true],
    ];
    for (const [what, more, proved, expected] of rows) {
        it(what, () => {
            strictEqual(complains(pod("n1", carrying(ROLE), more), proved), expected);
        });
    }
});

describe("Complaints from before a time", () => {
    const said = (missingPermissionsAt?: number) =>
        pod("n1", carrying(ROLE), {
            missingPermissions: "no",
            ...(missingPermissionsAt === undefined ? {} : { missingPermissionsAt }),
        });
    const rows: [string, PodSeen[], boolean, { provedAt?: number }?][] = [
        ["are none where no pod complains", [pod("n1", carrying(ROLE))], false],
        ["are all that there are", [said(seconds(-11)), said(seconds(-30)), pod("n1", carrying(ROLE))], true],
        ["are not all where one comes at that time, or later", [said(seconds(-11)), said(seconds(-10))], false],
        ["are not all where the time of one is not known", [said(seconds(-11)), said()], false],
        ["do not include those that are outdated", [said(seconds(-11))], false, { provedAt: seconds(-10) }],
    ];
    for (const [what, pods, expected, proved = {}] of rows) {
        it(what, () => {
            strictEqual(complainedBefore(pods, proved, seconds(-10)), expected);
        });
    }
});

describe("The refusal for complaints of pods", () => {
    const said = (missingPermissions: string): On => ({ subnet: "subnet-0a", pod: { ...working, missingPermissions } });
    const step = (where: Readonly<Record<string, On>>) => {
        const world = places(where);
        const { nodes } = world.cluster;
        const of = complaintStep(
            fleetOf(world.cluster, nodes, () => true),
            target,
            world,
        );
        return of && comparableStep(of);
    };
    const refused = (seen: string) => ({ refuse: "pod-misses-permissions", seen });

    it("names the pod, its node and subnet, and what it reports", () => {
        deepStrictEqual(
            step({ n1: said("ec2:CreateTags denied"), n2: { pod: working } }),
            refused(`The pod pod-n1 on n1 (subnet-0a) carries ${ROLE} and reports in an event: ec2:CreateTags denied`),
        );
    });

    it("names every pod that complains, also those that are not Ready, and what the first one reports", () => {
        deepStrictEqual(
            step({
                n1: said("first"),
                n2: { subnet: "subnet-0b", pod: { ...working, missingPermissions: "second" } },
                n3: { pod: { ...working, ready: false, missingPermissions: "third" } },
            }),
            refused(
                `3 pods carry ${ROLE} and report missing permissions in events: pod-n1, pod-n2, pod-n3 on ` +
                    "n1 (subnet-0a), n2 (subnet-0b), n3. The event of pod-n1: first",
            ),
        );
    });

    it("names five pods, and counts the others", () => {
        const six = Object.fromEntries(["n1", "n2", "n3", "n4", "n5", "n6"].map((name) => [name, said("no")]));
        const { seen } = step(six) as { seen: string };
        strictEqual(seen.startsWith(`6 pods carry ${ROLE} and`), true, seen);
        strictEqual(seen.includes("pod-n5 and 1 more on n1 (subnet-0a),"), true, seen);
        strictEqual(seen.endsWith("n5 (subnet-0a) and 1 more. The event of pod-n1: no"), true, seen);
    });

    it("is none where no pod complains, or where complaints are left out", () => {
        strictEqual(step({ n1: { pod: working } }), undefined);
        const { cluster } = withoutComplaints(places({ n1: said("no") }));
        deepStrictEqual(cluster.pods, places({ n1: { pod: working } }).cluster.pods);
    });
});
