import { strictEqual } from "node:assert/strict";
import { allHaveRole, hasDelivery } from "../../../../handover/decide/delivered";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { CredentialSource, PodSeen, ServiceAccountSeen } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    incomplete,
    onNodeRole,
    pod,
    record,
    REGIONAL,
    ROLE,
    pods,
    ROLE_ARN,
    seconds,
    subject,
    world,
} from "../support/worlds";
import { ours, ownedBy } from "../support/addOns";

describe("A pod has what is delivered", () => {
    const again: Partial<HandOverRecord> = { deliveredAt: seconds(-60) };
    const regional: CredentialSource = { kind: "webIdentity", roleArn: ROLE, regionalSts: "regional" };
    const rows: [string, boolean, CredentialSource, number, Partial<HandOverRecord>?, Record<string, string>?][] = [
        ["if it carries the role, however old it is", true, carrying(ROLE), seconds(-999_999)],
        ["not if it carries another one", false, carrying(FORMER_ROLE), seconds(0)],
        ["not if it carries none", false, onNodeRole, seconds(0)],
        ["not if it carries the role in part", false, incomplete(ROLE), seconds(0)],
        ["not if it is older than another delivery of the same role", false, carrying(ROLE), seconds(-61), again],
        ["if it is from the moment of this delivery", true, carrying(ROLE), seconds(-60), again],
        ["if it is younger", true, carrying(ROLE), seconds(-59), again],
        ["not with another role, though it is younger", false, carrying(FORMER_ROLE), seconds(0), again],
        [
            "not without the regional endpoint that is asked for",
            false,
            carrying(ROLE),
            seconds(0),
            {},
            { [REGIONAL]: "true" },
        ],
        ["with the regional endpoint that is asked for", true, regional, seconds(0), {}, { [REGIONAL]: "true" }],
    ];
    for (const [what, expected, credentials, createdAt, more, annotations = {}] of rows) {
        it(what, () => {
            const target = {
                subject: { ...subject, annotations: { [ROLE_ARN]: ROLE, ...annotations } },
                record: { ...record, ...more },
            };
            strictEqual(hasDelivery(pod("n1", credentials, { createdAt }), target), expected);
        });
    }
});

describe("The service account and every pod have the role", () => {
    const regional: CredentialSource = { kind: "webIdentity", roleArn: ROLE, regionalSts: "regional" };
    const former = ownedBy([], [], { [ROLE_ARN]: FORMER_ROLE });
    const rows: [string, boolean, ServiceAccountSeen | undefined, readonly PodSeen[]][] = [
        ["if the annotation and all pods do", true, ours, pods(carrying(ROLE))],
        ["whichever STS endpoint a pod uses", true, ours, pods(carrying(ROLE), pod("n1", regional))],
        ["if there is no pod", true, ours, []],
        ["not if one pod carries another one", false, ours, pods(carrying(ROLE), pod("n1", carrying(FORMER_ROLE)))],
        ["not if one pod carries none", false, ours, pods(carrying(ROLE), pod("n1", onNodeRole))],
        ["not if the annotation names another one", false, former, pods(carrying(ROLE))],
        ["not if the annotation is gone", false, ownedBy([], [], {}), pods(carrying(ROLE))],
        ["not if the service account is gone", false, undefined, pods(carrying(ROLE))],
    ];
    for (const [what, expected, serviceAccount, seen] of rows) {
        it(what, () => {
            const { cluster } = world(onNodeRole, { cluster: { serviceAccount, pods: [...seen] } });
            strictEqual(allHaveRole(subject, cluster), expected);
        });
    }
});
