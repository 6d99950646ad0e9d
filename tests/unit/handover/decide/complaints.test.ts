import { strictEqual } from "node:assert/strict";
import { complains } from "../../../../handover/decide/complaints";
import type { PodSeen } from "../../../../handover/model/world";
import { carrying, pod, ROLE, seconds } from "../support/worlds";

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
