import assert from "node:assert/strict";

import type { Service } from "../../../aws/protocol";
import { emptyIamState, type IamState, type RoleState } from "../../../aws/iam/state";
import { Sessions } from "../../../aws/sts/sessions";

const role: RoleState = {
    name: "cni",
    arn: "arn:aws-cn:iam::111122223333:role/network/cni",
    id: "AROAEXAMPLE",
    trustPolicy: "{}",
    maxSessionDuration: 3600,
    attachedPolicyArns: [],
    inlinePolicies: {},
    instanceProfileNames: [],
};
const state: IamState = { ...emptyIamState, roles: { cni: role } };

describe("sessions of roles", () => {
    it("are named by partition, account, role without its path, and session", () => {
        const session = new Sessions().create(role, "aws-node", 900);
        assert.equal(session.arn, "arn:aws-cn:sts::111122223333:assumed-role/cni/aws-node");
    });

    it("hold until their time is over, to the millisecond", () => {
        let now = 0;
        const sessions = new Sessions(() => now);
        const session = sessions.create(role, "aws-node", 900);
        now = 899_999;
        assert.deepEqual(sessions.authenticate("iam", session, state), {
            kind: "session",
            arn: session.arn,
            userId: "AROAEXAMPLE:aws-node",
            principalArn: role.arn,
            policies: role,
        });
        now = 900_000;
        assert.throws(() => sessions.authenticate("iam", session, state), { name: "ExpiredToken", status: 403 });
    });

    it("end when they are expired on request, whatever their duration", () => {
        const sessions = new Sessions(() => 1);
        const [one, other] = [sessions.create(role, "one", 900), sessions.create(role, "other", 900)];
        sessions.expire(one.accessKeyId);
        assert.throws(() => sessions.authenticate("ec2", one, state), { name: "RequestExpired", status: 400 });
        assert.equal(sessions.authenticate("ec2", other, state).kind, "session");
        assert.throws(() => sessions.expire("AKIAOTHER"), /There is no session with the access key AKIAOTHER/);
    });

    const codes: [Service, string, number, string, number, string, number][] = [
        ["iam", "ExpiredToken", 403, "InvalidClientTokenId", 403, "MissingAuthenticationToken", 403],
        ["sts", "ExpiredToken", 403, "InvalidClientTokenId", 403, "MissingAuthenticationToken", 403],
        ["ec2", "RequestExpired", 400, "AuthFailure", 401, "AuthFailure", 401],
        [
            "eks",
            "ExpiredTokenException",
            403,
            "UnrecognizedClientException",
            403,
            "MissingAuthenticationTokenException",
            403,
        ],
    ];
    for (const [service, expired, expiredStatus, invalid, invalidStatus, missing, missingStatus] of codes) {
        it(`are refused by ${service} as ${expired}, ${invalid} and ${missing}`, () => {
            let now = 0;
            const sessions = new Sessions(() => now);
            const session = sessions.create(role, "aws-node", 900);
            const authenticate = (credential?: { accessKeyId: string; sessionToken?: string }) =>
                sessions.authenticate(service, credential, state);
            assert.throws(() => authenticate(), { name: missing, status: missingStatus });
            assert.throws(() => authenticate({ accessKeyId: session.accessKeyId }), {
                name: invalid,
                status: invalidStatus,
            });
            now = 900_000;
            assert.throws(() => authenticate(session), { name: expired, status: expiredStatus });
        });
    }

    it("end when the deletion of their role is in force", () => {
        const sessions = new Sessions();
        const session = sessions.create(role, "aws-node", 900);
        const recreated = { ...state, roles: { cni: { ...role, id: "AROAOTHER" } } };
        for (const after of [emptyIamState, recreated]) {
            assert.throws(() => sessions.authenticate("sts", session, after), { name: "InvalidClientTokenId" });
        }
    });

    it("are none of the operator's, who needs no session token", () =>
        assert.deepEqual(new Sessions().authenticate("iam", { accessKeyId: "test" }, emptyIamState), {
            kind: "operator",
        }));
});
