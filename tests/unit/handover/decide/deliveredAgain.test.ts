import { deepStrictEqual } from "node:assert/strict";
import { withDelivery } from "../../../../handover/decide/deliveredAgain";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { ClusterSeen, CredentialSource } from "../../../../handover/model/world";
import {
    carrying,
    FORMER_ROLE,
    incomplete,
    NOW,
    onNodeRole,
    pod,
    pods,
    record,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    subject,
    terminating,
    world,
} from "../support/worlds";

const EXPIRATION = "eks.amazonaws.com/token-expiration";
const roleOnly = { [ROLE_ARN]: ROLE };
type Annotations = Readonly<Record<string, string>>;

interface Row {
    /** What an earlier run approved. Undefined: there was none, and the service account shows the annotations. */
    readonly before?: { readonly annotations?: Annotations; readonly roleArn?: string; readonly approvedRole?: string };
    /** The annotations that the service account has. */
    readonly live?: Annotations;
    readonly wanted?: Annotations;
    readonly approvedRole?: string;
    readonly credentials?: CredentialSource;
    readonly cluster?: Partial<ClusterSeen>;
    readonly record?: Partial<HandOverRecord>;
}

describe("The record of a delivery in another way", () => {
    const withTime = (expiration: string) => ({ ...roleOnly, [EXPIRATION]: expiration });
    const globally = { ...roleOnly, [REGIONAL]: "false" };
    const rows: [string, number | undefined, Row][] = [
        ["is none where the annotation of before delivers the role", undefined, {}],
        ["is none where an earlier run has delivered the same", undefined, { before: {} }],
        ["is that of the same role, recreated under its name", NOW, { before: { approvedRole: "AROA-before" } }],
        [
            "is that of a recreated role, even if no pod carries it yet: none of before may count",
            NOW,
            { before: { approvedRole: "AROA-before" }, credentials: onNodeRole },
        ],
        [
            "is none of another role, which shows in the pods",
            undefined,
            { before: { approvedRole: "x", roleArn: FORMER_ROLE, annotations: { [ROLE_ARN]: FORMER_ROLE } } },
        ],
        [
            "is none of another role for which pods that carry this one are left",
            undefined,
            {
                before: {
                    approvedRole: "x",
                    roleArn: FORMER_ROLE,
                    annotations: { [ROLE_ARN]: FORMER_ROLE, [EXPIRATION]: "600" },
                },
            },
        ],
        ["is that of tokens that are to live for another time", NOW, { before: {}, wanted: withTime("600") }],
        ["is that of tokens that lived for another time", NOW, { before: { annotations: withTime("600") } }],
        [
            "is none where they live as long as before",
            undefined,
            { before: { annotations: withTime("600") }, wanted: withTime("600") },
        ],
        ["is the same where another writer has delivered the role", NOW, { live: withTime("600") }],
        [
            "is none where another writer has delivered it in this way",
            undefined,
            { live: withTime("600"), wanted: withTime("600") },
        ],
        [
            "is none where another writer has delivered another role",
            undefined,
            { live: { [ROLE_ARN]: FORMER_ROLE, [EXPIRATION]: "600" } },
        ],
        ["is none where no annotation delivers a role", undefined, { live: {}, wanted: withTime("600") }],
        [
            "is none where no pod carries the role",
            undefined,
            { before: {}, wanted: withTime("600"), credentials: onNodeRole },
        ],
        ["is none where no pod exists", undefined, { before: {}, wanted: withTime("600"), cluster: { pods: [] } }],
        [
            "is one where a single pod carries the role, even in part, or while it ends",
            NOW,
            {
                before: {},
                wanted: withTime("600"),
                cluster: { pods: pods(onNodeRole, pod("n2", incomplete(ROLE), terminating)) },
            },
        ],
        ["is that of the global endpoint, which no pod shows", NOW, { before: {}, wanted: globally }],
        [
            "is none of the global endpoint that was asked for before",
            undefined,
            { before: { annotations: globally }, wanted: globally },
        ],
        [
            "is none of the regional endpoint, which the pods show",
            undefined,
            { before: {}, wanted: { ...roleOnly, [REGIONAL]: "true" } },
        ],
        ["is none of an endpoint that is no longer asked for", undefined, { before: { annotations: globally } }],
        ["is none without a service account", undefined, { cluster: { serviceAccount: undefined } }],
        ["stays as it was where nothing changes", 5, { before: {}, record: { deliveredAt: 5 } }],
        ["is the latest one", NOW, { before: { approvedRole: "AROA-before" }, record: { deliveredAt: 5 } }],
    ];
    for (const [what, expected, row] of rows) {
        it(what, () => {
            const { live = roleOnly, wanted = roleOnly, credentials = carrying(ROLE), cluster = {} } = row;
            const { roleArn = ROLE, annotations = roleOnly, approvedRole = "AROA" } = row.before ?? {};
            const before = row.before && { subject: { roleArn, annotations }, approvedRole };
            const seen = world(credentials, {
                cluster: { serviceAccount: { ...serviceAccount, annotations: live }, ...cluster },
            });
            const known = { ...record, ...row.record };
            deepStrictEqual(
                withDelivery(known, { ...subject, annotations: wanted }, before, row.approvedRole ?? "AROA", seen),
                { ...known, ...(expected === undefined ? {} : { deliveredAt: expected }) },
            );
        });
    }
});
