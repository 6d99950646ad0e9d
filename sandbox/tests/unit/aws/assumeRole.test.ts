import assert from "node:assert/strict";

import { emptyIamState, type IamState, type RoleState } from "../../../aws/iam/state";
import { ResourceControlPolicies } from "../../../aws/resourceControl";
import { assumeRole } from "../../../aws/sts/assumeRole";
import { Sessions, type Session } from "../../../aws/sts/sessions";

const accountId = "111122223333";
const ssoName = "AWSReservedSSO_PowerUser_0123456789abcdef";

function role(name: string, trust: object, more: Partial<RoleState> = {}): RoleState {
    const statement = { Effect: "Allow", Action: "sts:AssumeRole", ...trust };
    return {
        name,
        arn: `arn:aws:iam::${accountId}:role/${name}`,
        id: `AROA${name}`,
        trustPolicy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
        maxSessionDuration: 43_200,
        attachedPolicyArns: [],
        inlinePolicies: {},
        instanceProfileNames: [],
        ...more,
    };
}

const allow = (Action: string) => ({
    own: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] }),
});

/** The role of a permission set: https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html */
const sso = role(
    ssoName,
    { Principal: { Federated: `arn:aws:iam::${accountId}:saml-provider/AWSSSO_DO_NOT_DELETE` } },
    { arn: `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com/us-west-2/${ssoName}` },
);
const pipeline = role("pipeline", {
    Principal: { Federated: `arn:aws:iam::${accountId}:oidc-provider/token.actions.githubusercontent.com` },
});

/** A session of `source` assumes `target`. */
function chain(source: RoleState, target: RoleState, parameters: Record<string, string> = {}) {
    const state: IamState = { ...emptyIamState, roles: { [source.name]: source, [target.name]: target } };
    let now = 0;
    const sessions = new Sessions(() => now);
    const own = sessions.create(source, "jane@example.com", 43_200);
    const request = new Map([["RoleArn", target.arn], ["RoleSessionName", "eks-cni"], ...Object.entries(parameters)]);
    const chained = assumeRole(request, sessions.authenticate("sts", own, state), {
        accountId,
        sessions,
        enforced: () => state,
        resourceControl: new ResourceControlPolicies(),
    });
    return {
        chained,
        at: (seconds: number, session: Session) => {
            now = seconds * 1000;
            return sessions.authenticate("sts", session, state);
        },
    };
}

describe("a session that assumes another role", () => {
    for (const [kind, source] of [
        ["IAM Identity Center", sso],
        ["an OIDC provider", pipeline],
    ] as const) {
        const trusted = role("deployer", { Principal: { AWS: source.arn } });

        it(`of ${kind} gets one of that role, for an hour by default`, () => {
            const { chained, at } = chain(source, trusted);
            assert.equal(chained.arn, `arn:aws:sts::${accountId}:assumed-role/deployer/eks-cni`);
            assert.equal(at(3599, chained).kind, "session");
            assert.throws(() => at(3600, chained), { name: "ExpiredToken" });
        });

        it(`of ${kind} gets an hour and no second more`, () => {
            chain(source, trusted, { DurationSeconds: "3600" });
            assert.throws(() => chain(source, trusted, { DurationSeconds: "3601" }), {
                name: "ValidationError",
                status: 400,
                message:
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            });
        });

        it(`of ${kind} needs a permission of its own where the role trusts the whole account`, () => {
            const ofAccount = role("deployer", { Principal: { AWS: `arn:aws:iam::${accountId}:root` } });
            assert.throws(() => chain(source, ofAccount), {
                name: "AccessDenied",
                message: `User: arn:aws:sts::${accountId}:assumed-role/${source.name}/jane@example.com is not authorized to perform: sts:AssumeRole on resource: ${ofAccount.arn}`,
            });
            chain({ ...source, inlinePolicies: allow("sts:AssumeRole") }, ofAccount);
        });
    }

    it("is known by aws:PrincipalArn, the role's ARN with its path, as permission sets are in trust policies", () => {
        // The example of the page above, for a trust policy.
        const ofPermissionSet = (name: string) =>
            role("deployer", {
                Principal: { AWS: `arn:aws:iam::${accountId}:root` },
                Condition: {
                    ArnLike: {
                        "aws:PrincipalArn": `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_${name}_*`,
                    },
                },
            });
        const source = { ...sso, inlinePolicies: allow("sts:AssumeRole") };
        chain(source, ofPermissionSet("PowerUser"));
        assert.throws(() => chain(source, ofPermissionSet("Administrator")), { name: "AccessDenied" });
    });

    it("has nothing where the role trusts another principal", () => {
        const other = role("deployer", { Principal: { AWS: `arn:aws:iam::${accountId}:role/other` } });
        assert.throws(() => chain({ ...sso, inlinePolicies: allow("*") }, other), { name: "AccessDenied" });
    });
});
