import { strictEqual } from "node:assert/strict";
import { hasDelivery } from "../../../../handover/decide/delivered";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { CredentialSource } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    incomplete,
    onNodeRole,
    pod,
    record,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    seconds,
    subject,
} from "../support/worlds";

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
