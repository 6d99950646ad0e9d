import { CreatePolicyCommand, CreateRoleCommand, type CreateRoleCommandInput } from "@aws-sdk/client-iam";

import { ec2TrustPolicy, permissions, startFixture, type Fixture } from "./support";

/**
 * Starting moto takes longer than most suites, so all suites of a run share one account: names must be unique to a
 * suite.
 */
let shared: Promise<Fixture> | undefined;
after(async () => (await shared)?.stop());

/**
 * An account, and the two calls that most tests make.
 *
 * @param isOwn Gives the suite its own account, if its changes are enforced late.
 */
export function useIam(isOwn = false) {
    let fixture: Fixture | undefined;
    before(async function () {
        this.timeout(300_000);
        fixture = await (isOwn ? startFixture() : (shared ??= startFixture()));
    });
    if (isOwn) {
        after(() => fixture?.stop());
    }
    const started = (): Fixture => {
        if (!fixture) {
            throw new Error("the account is there inside of tests only");
        }
        return fixture;
    };
    return {
        get fixture() {
            return started();
        },
        createRole: (
            RoleName: string,
            AssumeRolePolicyDocument = ec2TrustPolicy,
            more: Partial<CreateRoleCommandInput> = {},
        ) => started().iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, ...more })),
        createPolicy: (PolicyName: string, PolicyDocument = permissions("ec2:Describe*"), Path = "/") =>
            started().iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument, Path })),
    };
}

export type Account = ReturnType<typeof useIam>;
