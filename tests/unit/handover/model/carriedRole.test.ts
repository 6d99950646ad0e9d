import { deepStrictEqual } from "node:assert/strict";
import { carriesAnyOf, carriesRole, describeCredentials, RequiredRole } from "../../../../handover/model/carriedRole";
import type { CredentialSource } from "../../../../handover/model/world";
import { carrying, FORMER_ROLE, incomplete, onNodeRole, pod, REGIONAL, ROLE, ROLE_ARN } from "../support/worlds";

const withSts = (regionalSts: string | undefined): CredentialSource => ({
    kind: "webIdentity",
    roleArn: ROLE,
    regionalSts,
});
const other: CredentialSource = { kind: "other", what: "AWS_ACCESS_KEY_ID" };
const requiring = (value: string): RequiredRole => ({
    roleArn: ROLE,
    annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: value },
});
const required: RequiredRole = { roleArn: ROLE, annotations: { [ROLE_ARN]: ROLE } };

describe("A pod carries the role", () => {
    const rows: [string, CredentialSource, RequiredRole, boolean][] = [
        ["when all its containers do", carrying(ROLE), required, true],
        ["not when it is another role", carrying(FORMER_ROLE), required, false],
        ["not when it has none", onNodeRole, required, false],
        ["not when only some of its containers do", incomplete(ROLE), required, false],
        ["not when it has other credentials", other, required, false],
        ["whatever its STS endpoint is, where none is asked for", withSts("legacy"), required, true],
        ["with the regional endpoint that is asked for", withSts("regional"), requiring("true"), true],
        ["not without that endpoint", withSts(undefined), requiring("true"), false],
        ["not with the other endpoint", withSts("legacy"), requiring("true"), false],
        ["without the regional endpoint where it is asked away", withSts(undefined), requiring("false"), true],
        ["with the regional endpoint where the other one is asked for", withSts("regional"), requiring("false"), true],
        [
            "not by the endpoint alone",
            { ...carrying(FORMER_ROLE), regionalSts: "regional" } as CredentialSource,
            requiring("true"),
            false,
        ],
    ];
    for (const [what, credentials, requirement, expected] of rows) {
        it(what, () => {
            deepStrictEqual(carriesRole(pod("n1", credentials), requirement), expected);
        });
    }
});

describe("A pod carries one of several roles", () => {
    const rows: [string, CredentialSource, string[], boolean][] = [
        ["when it carries the last of them", carrying(ROLE), [FORMER_ROLE, ROLE], true],
        ["not when it carries another", carrying(ROLE), [FORMER_ROLE], false],
        ["not when there are none", carrying(ROLE), [], false],
        ["when one of its containers does", incomplete("another", ROLE), [ROLE], true],
        ["not when its containers carry others", incomplete("another", FORMER_ROLE), [ROLE], false],
        ["not when no container carries any", incomplete(), [ROLE], false],
        ["not when it uses the node role", onNodeRole, [ROLE], false],
        ["not when it has other credentials", other, [ROLE, "AWS_ACCESS_KEY_ID"], false],
    ];
    for (const [what, credentials, roleArns, expected] of rows) {
        it(what, () => {
            deepStrictEqual(carriesAnyOf(pod("n1", credentials), roleArns), expected);
        });
    }
});

describe("What a pod carries is said", () => {
    const rows: [CredentialSource, string][] = [
        [carrying(ROLE), `pod-n1 carries ${ROLE}`],
        [onNodeRole, "pod-n1 carries no role of its own"],
        [other, "pod-n1 carries AWS_ACCESS_KEY_ID"],
        [{ kind: "containerCredentials", what: "A of container b" }, "pod-n1 carries A of container b"],
        [incomplete(ROLE), "pod-n1 carries its role only in part: a container"],
    ];
    for (const [credentials, expected] of rows) {
        it(`for the source ${credentials.kind}`, () => {
            deepStrictEqual(describeCredentials(pod("n1", credentials)), expected);
        });
    }
});
