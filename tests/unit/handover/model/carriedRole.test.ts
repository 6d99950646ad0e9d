import { deepStrictEqual } from "node:assert/strict";
import { carriesAnyOf, carriesRole, describeCredentials, RequiredRole } from "../../../../handover/model/carriedRole";
import type { CredentialSource } from "../../../../handover/model/world";
import { carrying, FORMER_ROLE, inPart, onNodeRole, pod, REGIONAL, ROLE, ROLE_ARN } from "../support/worlds";

const withSts = (regionalSts: string | undefined): CredentialSource => ({
    kind: "webIdentity",
    roleArn: ROLE,
    regionalSts,
});
const other: CredentialSource = { kind: "other", what: "AWS_ACCESS_KEY_ID" };
const asked = (value: string): RequiredRole => ({
    roleArn: ROLE,
    annotations: { [ROLE_ARN]: ROLE, [REGIONAL]: value },
});
const wanted: RequiredRole = { roleArn: ROLE, annotations: { [ROLE_ARN]: ROLE } };

describe("A pod carries the role", () => {
    const rows: [string, CredentialSource, RequiredRole, boolean][] = [
        ["when all its containers do", carrying(ROLE), wanted, true],
        ["not when it is another role", carrying(FORMER_ROLE), wanted, false],
        ["not when it has none", onNodeRole, wanted, false],
        ["not when only some of its containers do", inPart(ROLE), wanted, false],
        ["not when it has other credentials", other, wanted, false],
        ["whatever its STS endpoint is, where none is asked for", withSts("legacy"), wanted, true],
        ["with the regional endpoint that is asked for", withSts("regional"), asked("true"), true],
        ["not without that endpoint", withSts(undefined), asked("true"), false],
        ["not with the other endpoint", withSts("legacy"), asked("true"), false],
        ["without the regional endpoint where it is asked away", withSts(undefined), asked("false"), true],
        ["with an endpoint that nobody minds", withSts("regional"), asked("false"), true],
        [
            "not by the endpoint alone",
            { ...carrying(FORMER_ROLE), regionalSts: "regional" } as CredentialSource,
            asked("true"),
            false,
        ],
    ];
    for (const [what, credentials, want, expected] of rows) {
        it(what, () => {
            deepStrictEqual(carriesRole(pod("n1", credentials), want), expected);
        });
    }
});

describe("A pod carries one of several roles", () => {
    const rows: [string, CredentialSource, string[], boolean][] = [
        ["when it carries the last of them", carrying(ROLE), [FORMER_ROLE, ROLE], true],
        ["not when it carries another", carrying(ROLE), [FORMER_ROLE], false],
        ["not when there are none", carrying(ROLE), [], false],
        ["when one of its containers does", inPart("another", ROLE), [ROLE], true],
        ["not when its containers carry others", inPart("another", FORMER_ROLE), [ROLE], false],
        ["not when no container carries any", inPart(), [ROLE], false],
        ["not when it lives off its node", onNodeRole, [ROLE], false],
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
        [inPart(ROLE), "pod-n1 carries its role only in part: a container"],
    ];
    for (const [credentials, expected] of rows) {
        it(`for the source ${credentials.kind}`, () => {
            deepStrictEqual(describeCredentials(pod("n1", credentials)), expected);
        });
    }
});
