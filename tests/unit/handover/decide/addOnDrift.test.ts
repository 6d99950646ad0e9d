import { strictEqual } from "node:assert/strict";
import { addOnDrift } from "../../../../handover/decide/addOnDrift";
import type { AddOnSeen } from "../../../../handover/model/addOn";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import { addOn, both, eksAlone, eksUpdated, missing, ofAddOn, ours, unreadAddOn } from "../support/addOns";
import { carrying, FORMER_ROLE, ROLE, world } from "../support/worlds";

const line = `A tool that manages the add-on without stating this role takes it away with each update. State the role there (in an aws.eks.Addon: serviceAccountRoleArn: "${ROLE}").`;

describe("A refresh of the managed add-on", () => {
    const rows: [string, AddOnSeen | undefined, ServiceAccountSeen, string | undefined][] = [
        ["is quiet if it has the role, and owns the annotation", addOn(ROLE), eksAlone, undefined],
        [
            "is quiet if the component keeps its own annotation, which EKS does not own",
            addOn(ROLE),
            eksUpdated,
            undefined,
        ],
        ["is quiet if EKS does not say", unreadAddOn("denied"), eksAlone, undefined],
        ["is quiet if EKS was not asked", undefined, both, undefined],
        [
            "finds that it has lost the role",
            addOn(),
            ours,
            `The managed add-on vpc-cni has no role any more. ${line} Run pulumi up --refresh: it gives the add-on the role again.`,
        ],
        [
            "finds that it has another role, which no update takes away",
            addOn(FORMER_ROLE),
            both,
            `The managed add-on vpc-cni has the role ${FORMER_ROLE} instead of ${ROLE}. ${line}`,
        ],
        [
            "finds that it is gone",
            missing,
            eksAlone,
            `The cluster prod has no managed add-on vpc-cni any more. Create it again with serviceAccountRoleArn: "${ROLE}", or remove delivery: "eksAddon".`,
        ],
        [
            "finds that the component has not left the annotation to it",
            addOn(ROLE),
            both,
            "The component still owns the role annotation, together with the managed add-on. Run pulumi up --refresh: it leaves the annotation to the add-on.",
        ],
    ];
    for (const [what, seen, serviceAccount, drift] of rows) {
        it(what, () => {
            const account = seen === undefined ? {} : { addOn: seen };
            strictEqual(addOnDrift(ofAddOn, world(carrying(ROLE), { cluster: { serviceAccount }, account })), drift);
        });
    }
});
