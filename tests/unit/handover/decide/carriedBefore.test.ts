import { strictEqual } from "node:assert/strict";
import { carriedBefore } from "../../../../handover/decide/carriedBefore";
import type { ClusterSeen, CredentialSource } from "../../../../handover/model/world";
import {
    carrying,
    daemonSet,
    FORMER_ROLE,
    terminating,
    onNodeRole,
    pod,
    pods,
    REGIONAL,
    ROLE,
    ROLE_ARN,
    ROLLOUT,
    starting,
    subject,
    world,
} from "../support/worlds";

const EXPIRATION = "eks.amazonaws.com/token-expiration";
const roleOnly = { [ROLE_ARN]: ROLE };
const regional: CredentialSource = { kind: "webIdentity", roleArn: ROLE, regionalSts: "regional" };

interface Row {
    readonly former?: Readonly<Record<string, string>>;
    readonly wanted?: Readonly<Record<string, string>>;
    readonly credentials?: CredentialSource;
    readonly cluster?: Partial<ClusterSeen>;
}

describe("Nothing is to roll out", () => {
    const rolledOut = { ...daemonSet, templateAnnotations: { [ROLLOUT]: "digest" } };
    const rows: [string, boolean, Row][] = [
        ["where each pod carries the role, by an annotation of before", true, {}],
        [
            "whether or not a pod is Ready",
            true,
            { cluster: { pods: pods(carrying(ROLE), pod("n2", carrying(ROLE), starting)) } },
        ],
        [
            "whatever a pod carries that goes",
            true,
            { cluster: { pods: pods(carrying(ROLE), pod("n2", onNodeRole, terminating)) } },
        ],
        ["where there is no pod yet", true, { cluster: { pods: [] } }],
        ["where there is no DaemonSet", true, { cluster: { daemonSet: undefined } }],
        [
            "but where one pod does not carry it",
            false,
            { cluster: { pods: pods(carrying(ROLE), pod("n2", onNodeRole)) } },
        ],
        ["but where the annotation is the component's", false, { former: {} }],
        ["but where the annotation was another role's", false, { former: { [ROLE_ARN]: FORMER_ROLE } }],
        ["but where the component has rolled out before", false, { cluster: { daemonSet: rolledOut } }],
        ["but where tokens are to live for another time", false, { wanted: { ...roleOnly, [EXPIRATION]: "600" } }],
        ["but where tokens lived for another time", false, { former: { ...roleOnly, [EXPIRATION]: "600" } }],
        [
            "where tokens live as long as before",
            true,
            { wanted: { ...roleOnly, [EXPIRATION]: "600" }, former: { ...roleOnly, [EXPIRATION]: "600" } },
        ],
        [
            "where the regional endpoint is wanted, and the webhook gives it without being asked",
            true,
            { wanted: { ...roleOnly, [REGIONAL]: "true" }, credentials: regional },
        ],
        [
            "but where pods do not use the regional endpoint that is wanted",
            false,
            { wanted: { ...roleOnly, [REGIONAL]: "true" } },
        ],
        [
            "but where the global endpoint is wanted, and was not asked for",
            false,
            { wanted: { ...roleOnly, [REGIONAL]: "false" } },
        ],
        [
            "where the global endpoint is wanted, and was asked for",
            true,
            { wanted: { ...roleOnly, [REGIONAL]: "false" }, former: { ...roleOnly, [REGIONAL]: "false" } },
        ],
    ];
    for (const [
        what,
        expected,
        { former = roleOnly, wanted = roleOnly, credentials = carrying(ROLE), cluster = {} },
    ] of rows) {
        it(what, () => {
            const seen = world(credentials, { cluster }).cluster;
            strictEqual(carriedBefore({ ...subject, annotations: wanted }, former, seen), expected);
        });
    }
});
