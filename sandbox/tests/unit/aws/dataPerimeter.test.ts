import assert from "node:assert/strict";

import type { EC2Client } from "@aws-sdk/client-ec2";

import { type CallOrigin, fromInternet, throughEndpoint, vpcOfNodes } from "../../../aws/callOrigin";
import { checkEc2Call } from "../../../aws/ec2";
import { LaunchTimes } from "../../../aws/ec2/launchTimes";
import { emptyIamState, type IamState, type RoleState } from "../../../aws/iam/state";
import { Organization } from "../../../aws/organization";
import { ResourceControlPolicies } from "../../../aws/resourceControl";
import { assumeWithWebIdentity, type StsContext } from "../../../aws/sts";
import { assumeRole } from "../../../aws/sts/assumeRole";
import { Issuers } from "../../../aws/sts/issuers";
import { WebIdentityRefusals } from "../../../aws/sts/refusals";
import { Sessions } from "../../../aws/sts/sessions";
import { accountId, TestIssuer, trustPolicy } from "../../contract/aws/support";

const issuerUrl = "https://oidc.eks.us-west-2.amazonaws.com/id/PERIMETER";
const provider = issuerUrl.replace("https://", "");
const providerArn = `arn:aws:iam::${accountId}:oidc-provider/${provider}`;
const node = throughEndpoint("vpc-1");
const outside = fromInternet("203.0.113.7");

/** After resource_control_policies/network_perimeter_sourcevpc_rcp.json of aws-samples/data-perimeter-policy-examples. */
const onlyFrom = (vpc: string, action = "sts:*") =>
    JSON.stringify({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Deny",
                Principal: "*",
                Action: action,
                Resource: "*",
                Condition: { StringNotEqualsIfExists: { "aws:SourceVpc": vpc } },
            },
        ],
    });

const trusting = (Condition: object) => {
    const document = JSON.parse(trustPolicy(issuerUrl)) as { Statement: { Condition: object }[] };
    Object.assign(document.Statement[0]?.Condition ?? {}, Condition);
    return JSON.stringify(document);
};

function role(trust: string, more: Partial<RoleState> = {}): RoleState {
    return {
        name: "cni",
        arn: `arn:aws:iam::${accountId}:role/cni`,
        id: "AROACNI",
        trustPolicy: trust,
        maxSessionDuration: 3600,
        attachedPolicyArns: [],
        inlinePolicies: {},
        instanceProfileNames: [],
        ...more,
    };
}

describe("a data perimeter", () => {
    let issuer: TestIssuer;
    before(async () => (issuer = await TestIssuer.start(issuerUrl)));
    after(() => issuer.stop());

    const contextOf = (of: RoleState, documents: string[] = []): StsContext => {
        const issuers = new Issuers();
        issuers.trust(issuerUrl, { jwksUrl: issuer.jwksUrl });
        const resourceControl = new ResourceControlPolicies();
        resourceControl.set(documents);
        const state: IamState = {
            ...emptyIamState,
            roles: { cni: of },
            oidcProviders: { [providerArn]: { arn: providerArn, url: provider, clientIds: ["sts.amazonaws.com"] } },
        };
        return {
            accountId,
            sessions: new Sessions(),
            issuers,
            refusals: new WebIdentityRefusals(),
            enforced: () => state,
            resourceControl,
        };
    };
    const assume = async (context: StsContext, origin?: CallOrigin) => {
        const parameters = new Map([
            ["RoleArn", `arn:aws:iam::${accountId}:role/cni`],
            ["RoleSessionName", "aws-node"],
            ["WebIdentityToken", await issuer.token()],
        ]);
        return assumeWithWebIdentity(parameters, context, origin);
    };
    const refused = {
        name: "AccessDenied",
        status: 403,
        message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    };

    it("of a resource control policy admits the nodes to a role that trusts them, and no other call", async () => {
        const context = contextOf(role(trustPolicy(issuerUrl)), [onlyFrom("vpc-1")]);
        await assume(context, node);
        await assert.rejects(assume(context, outside), refused);
        await assert.rejects(assume(context), refused);
    });

    it("of a resource control policy takes permissions away, and gives none", async () => {
        const context = contextOf(role(trustPolicy(`${issuerUrl}B`)), [onlyFrom("vpc-1")]);
        await assert.rejects(assume(context, node), refused);
    });

    it("of a resource control policy ends with it", async () => {
        const context = contextOf(role(trustPolicy(issuerUrl)), [onlyFrom("vpc-2")]);
        await assert.rejects(assume(context, node), refused);
        context.resourceControl.set([]);
        await assume(context, outside);
    });

    it("of a trust policy admits the network that it names", async () => {
        const byVpc = contextOf(
            role(trusting({ StringEqualsIfExists: { "aws:SourceVpc": "vpc-1" }, Null: { "aws:SourceVpc": "false" } })),
        );
        await assume(byVpc, node);
        await assert.rejects(assume(byVpc, outside), refused);
        const byAddress = contextOf(role(trusting({ IpAddress: { "aws:SourceIp": "203.0.113.0/24" } })));
        await assume(byAddress, outside);
        await assert.rejects(assume(byAddress, node), refused);
    });

    it("of a resource control policy holds for AssumeRole, too", () => {
        const assumed = (documents: string[], origin: CallOrigin) => {
            const trust = JSON.stringify({
                Version: "2012-10-17",
                Statement: [
                    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${accountId}:root` }, Action: "sts:AssumeRole" },
                ],
            });
            const parameters = new Map([
                ["RoleArn", `arn:aws:iam::${accountId}:role/cni`],
                ["RoleSessionName", "operator"],
            ]);
            return assumeRole(parameters, { kind: "operator" }, contextOf(role(trust), documents), { origin });
        };
        assumed([], outside);
        assumed([onlyFrom("vpc-1")], node);
        assumed([onlyFrom("vpc-1", "sts:AssumeRoleWithWebIdentity")], outside);
        assert.throws(() => assumed([onlyFrom("vpc-1")], outside), { name: "AccessDenied" });
    });

    it("of a role's own policies looks at where an EC2 call comes from", async () => {
        const inline = JSON.stringify({
            Version: "2012-10-17",
            Statement: [
                {
                    Effect: "Allow",
                    Action: "ec2:Describe*",
                    Resource: "*",
                    Condition: { StringEquals: { "aws:SourceVpc": "vpc-1" } },
                },
            ],
        });
        const of = role("{}", { inlinePolicies: { inline } });
        const sessions = new Sessions();
        const credential = sessions.create(of, "aws-node", 900);
        const state = { ...emptyIamState, roles: { cni: of } };
        const check = (origin: CallOrigin) =>
            checkEc2Call(
                {
                    service: "ec2",
                    method: "POST",
                    url: "/",
                    headers: {},
                    body: Buffer.alloc(0),
                    action: "DescribeTags",
                    parameters: new Map(),
                    credential,
                    origin,
                },
                {
                    accountId,
                    region: "us-west-2",
                    sessions,
                    enforced: () => state,
                    organization: new Organization(),
                    launchTimes: new LaunchTimes(),
                },
            );
        await check(node);
        await assert.rejects(check(outside), { name: "UnauthorizedOperation" });
    });
});

describe("where a call comes from", () => {
    it("is an address of the internet, or the nodes' VPC and then no address", () => {
        assert.deepEqual(fromInternet("::ffff:127.0.0.1"), { "aws:SourceIp": "127.0.0.1" });
        assert.deepEqual(throughEndpoint("vpc-1"), { "aws:SourceVpc": "vpc-1" });
    });

    it("is for the nodes the first VPC that is not the default one, read until there is one", async () => {
        let calls = 0;
        const answers = [
            [{ VpcId: "vpc-default", IsDefault: true }],
            [
                { VpcId: "vpc-default", IsDefault: true },
                { VpcId: "vpc-1", IsDefault: false },
            ],
        ];
        const ec2 = { send: () => Promise.resolve({ Vpcs: answers[calls++] }) } as unknown as EC2Client;
        const vpc = vpcOfNodes(ec2);
        assert.deepEqual([await vpc(), await vpc(), await vpc()], ["", "vpc-1", "vpc-1"]);
        assert.equal(calls, 2);
    });
});
