import type { EC2Client } from "@aws-sdk/client-ec2";
import type { EKSClient } from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    CreateOpenIDConnectProviderCommand,
    PutRolePolicyCommand,
    type IAMClient,
} from "@aws-sdk/client-iam";
import {
    AssumeRoleWithWebIdentityCommand,
    type AssumeRoleWithWebIdentityCommandInput,
    type STSClient,
} from "@aws-sdk/client-sts";

import { accountId, clients, keysOf, TestIssuer, trustPolicy, type Keys } from "./support";
import type { Account } from "./useIam";

export interface Session {
    readonly keys: Keys;
    readonly arn: string;
    readonly ec2: EC2Client;
    readonly iam: IAMClient;
    readonly eks: EKSClient;
    readonly sts: STSClient;
}

export interface RoleOfSession {
    readonly policyArn?: string;
    readonly inline?: string;
    readonly PermissionsBoundary?: string;
    readonly MaxSessionDuration?: number;
}

/** An issuer of the suite, with an OIDC provider in the account, and sessions by its tokens. */
export function useIssuer(account: Account, id: string) {
    const url = `https://oidc.eks.us-west-2.amazonaws.com/id/${id}`;
    let issuer: TestIssuer | undefined;
    before(async () => {
        issuer = await TestIssuer.start(url);
        account.fixture.api.trustIssuer(url, { jwksUrl: issuer.jwksUrl });
        await account.fixture.iam.send(
            new CreateOpenIDConnectProviderCommand({ Url: url, ClientIDList: ["sts.amazonaws.com"] }),
        );
    });
    after(() => issuer?.stop());
    afterEach(() => account.fixture.api.setDelays({ enforcementSeconds: 0 }));

    const started = (): TestIssuer => {
        if (!issuer) {
            throw new Error("the issuer exists only while tests run");
        }
        return issuer;
    };

    const assume = async (role: string, input: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
        account.fixture.sts.send(
            new AssumeRoleWithWebIdentityCommand({
                RoleArn: `arn:aws:iam::${accountId}:role/${role}`,
                RoleSessionName: "aws-node",
                WebIdentityToken: await started().token(),
                ...input,
            }),
        );

    const makeRole = async (RoleName: string, { policyArn, inline, ...more }: RoleOfSession = {}) => {
        const { iam } = account.fixture;
        await account.createRole(RoleName, trustPolicy(url), more);
        if (policyArn) {
            await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: policyArn }));
        }
        if (inline) {
            await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "inline", PolicyDocument: inline }));
        }
    };

    return {
        url,
        get issuer() {
            return started();
        },
        makeRole,
        assume,
        assumeWith: async (role: string, claims: Parameters<TestIssuer["token"]>[0]) =>
            assume(role, { WebIdentityToken: await started().token(claims) }),
        /** Creates the role and a session of it. */
        session: async (role: string, more: RoleOfSession = {}): Promise<Session> => {
            await makeRole(role, more);
            const keys = keysOf((await assume(role)).Credentials);
            const arn = `arn:aws:sts::${accountId}:assumed-role/${role}/aws-node`;
            return { keys, arn, ...clients(account.fixture.api.endpoint, keys) };
        },
    };
}

/** Waits until a change is enforced, with a delay of one second. */
export function untilEnforced(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 1100));
}
