import assert from "node:assert/strict";

import { type CallOrigin, fromInternet, throughEndpoint } from "../../../aws/callOrigin";
import { answerEc2, type Ec2Context } from "../../../aws/ec2";
import { enabledRegions } from "../../../aws/ec2/regions";
import { answerEks, type EksContext } from "../../../aws/eks";
import { answerIam, type IamContext } from "../../../aws/iam";
import { LastUse } from "../../../aws/iam/lastUse";
import { simulatePrincipalPolicy } from "../../../aws/iam/simulation";
import { LaunchTimes } from "../../../aws/ec2/launchTimes";
import { emptyIamState, type IamState, type RoleState } from "../../../aws/iam/state";
import { fullAwsAccess, Organization, regionAllow, regionDeny } from "../../../aws/organization";
import type { AwsRequest, Service } from "../../../aws/protocol";
import { Sessions } from "../../../aws/sts/sessions";
import { Users } from "../../../aws/sts/users";

const accountId = "111122223333";
const home = "us-west-2";
const denied = "eu-north-1";
const onlyHome = [[fullAwsAccess, regionDeny([home])]];
const statement = (Effect: string, Action: string, Condition?: object) =>
    JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect, Action, Resource: "*", ...(Condition && { Condition }) },
    });

const role: RoleState = {
    name: "cni",
    arn: `arn:aws:iam::${accountId}:role/network/cni`,
    id: "AROACNI",
    trustPolicy: "{}",
    maxSessionDuration: 3600,
    attachedPolicyArns: [],
    inlinePolicies: { ec2: statement("Allow", "ec2:*") },
    instanceProfileNames: [],
};
const state: IamState = { ...emptyIamState, roles: { cni: role } };

/** The account of a test, whose moto knows one answer. */
function makeAccount(levels: string[][] = [], answer = "<Answer/>", origin: CallOrigin = {}) {
    const organization = new Organization();
    organization.serviceControlPolicies = levels;
    const users = new Users(accountId);
    const sessions = new Sessions(Date.now, users, () => organization.optedInRegions);
    const ok = { status: 200, contentType: "text/xml", body: answer };
    const context = {
        accountId,
        region: home,
        moto: { endpoint: "http://127.0.0.1:9", forward: () => Promise.resolve(ok) },
        users,
        sessions,
        organization,
        enforced: () => state,
        timeline: { enforced: state, written: state },
        held: { find: () => undefined },
        lastUse: new LastUse(),
        access: new Map(),
        launchTimes: new LaunchTimes(),
    } as unknown as Ec2Context & EksContext & IamContext;
    const request = (service: Service, action: string, region: string, credential: Partial<typeof operator>) => {
        const { accessKeyId = "", sessionToken } = credential;
        return {
            service,
            method: service === "eks" ? "GET" : "POST",
            url: service === "eks" ? "/clusters" : "/",
            headers: {},
            body: Buffer.alloc(0),
            action,
            parameters: new Map([["Action", action]]),
            region,
            origin,
            credential: { accessKeyId, ...(sessionToken !== undefined && { sessionToken }) },
        } satisfies AwsRequest;
    };
    const operator: { accessKeyId: string; sessionToken?: string } = { accessKeyId: "test" };
    return {
        context,
        organization,
        users,
        sessions,
        ec2: (region: string, as: Partial<typeof operator> = operator, action = "DescribeInstances") =>
            answerEc2(request("ec2", action, region, as), context),
        eks: (region: string, as: Partial<typeof operator> = operator) =>
            answerEks(request("eks", "", region, as), context),
        iam: (action: string, as: Partial<typeof operator> = operator) =>
            answerIam(request("iam", action, home, as), context),
    };
}

const operatorArn = `arn:aws:iam::${accountId}:user/operator`;
const explicit = "with an explicit deny in a service control policy";
const notAllowed = (action: string) => `because no service control policy allows the ${action} action`;
const ec2Refusal = (arn: string, why: string, action = "ec2:DescribeInstances") => ({
    name: "UnauthorizedOperation",
    status: 403,
    message: `You are not authorized to perform this operation. User: ${arn} is not authorized to perform: ${action} ${why}`,
});
const eksRefusal = (arn: string, why: string) => ({
    name: "AccessDeniedException",
    status: 403,
    message:
        `User: ${arn} is not authorized to perform: eks:ListClusters on resource: ` +
        `arn:aws:eks:${denied}:${accountId}:cluster/* ${why}`,
});

describe("service control policies", () => {
    it("limit no principal in an account without an organization", async () => {
        const { ec2 } = makeAccount();
        assert.equal((await ec2(denied)).status, 200);
    });

    it("deny each service in a region, in its own words, and none in the regions that they leave", async () => {
        const { ec2, eks } = makeAccount(onlyHome, '{"clusters":[]}');
        await assert.rejects(ec2(denied), ec2Refusal(operatorArn, explicit));
        await assert.rejects(eks(denied), eksRefusal(operatorArn, explicit));
        assert.equal((await ec2(home)).status, 200);
        assert.equal((await eks(home)).status, 200);
    });

    it("leave the global services and the list of regions, as Control Tower's do", async () => {
        const { ec2, iam } = makeAccount(onlyHome);
        assert.equal((await ec2(denied, undefined, "DescribeRegions")).status, 200);
        assert.equal((await iam("GetRole")).status, 200);
        await assert.rejects(makeAccount([[fullAwsAccess, statement("Deny", "iam:*")]]).iam("GetRole"), {
            name: "AccessDenied",
            message: `User: ${operatorArn} is not authorized to perform: iam:GetRole on resource: * ${explicit}`,
        });
    });

    it("have other words for an action that none of them allows", async () => {
        const { ec2, eks } = makeAccount([[fullAwsAccess], [regionAllow([home])]], '{"clusters":[]}');
        await assert.rejects(ec2(denied), ec2Refusal(operatorArn, notAllowed("ec2:DescribeInstances")));
        await assert.rejects(eks(denied), eksRefusal(operatorArn, notAllowed("eks:ListClusters")));
        assert.equal((await ec2(home)).status, 200);
    });

    it("have to allow an action at each level", async () => {
        const reads = statement("Allow", "ec2:Describe*");
        assert.equal((await makeAccount([[reads], [fullAwsAccess], [reads]]).ec2(home)).status, 200);
        await assert.rejects(
            makeAccount([[reads], [fullAwsAccess], []]).ec2(home),
            ec2Refusal(operatorArn, notAllowed("ec2:DescribeInstances")),
        );
    });

    it("exempt principals by their ARN, the role's for a session", async () => {
        const { ec2, users, sessions } = makeAccount([
            [fullAwsAccess, regionDeny([home], [role.arn, "arn:aws:iam::*:user/exempt"])],
        ]);
        const exempt = users.create("exempt", [statement("Allow", "*")]);
        const other = users.create("other", [statement("Allow", "*")]);
        assert.equal((await ec2(denied, exempt)).status, 200);
        assert.equal((await ec2(denied, sessions.create(role, "aws-node", 900))).status, 200);
        await assert.rejects(ec2(denied, other), ec2Refusal(other.arn, explicit));
        await assert.rejects(ec2(denied), ec2Refusal(operatorArn, explicit));
    });

    it("deny the calls of each service from outside of a network, and none through its endpoints", async () => {
        const outside = statement("Deny", "*", { StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-1" } });
        const from = (origin: CallOrigin) => makeAccount([[fullAwsAccess, outside]], '{"clusters":[]}', origin);
        const node = from(throughEndpoint("vpc-1"));
        assert.equal((await node.ec2(home)).status, 200);
        assert.equal((await node.eks(home)).status, 200);
        assert.equal((await node.iam("GetRole")).status, 200);
        const denial = new RegExp(`${explicit}$`);
        for (const { ec2, eks, iam } of [from(fromInternet("203.0.113.7")), from(throughEndpoint("vpc-2"))]) {
            await assert.rejects(ec2(home), { name: "UnauthorizedOperation", message: denial });
            await assert.rejects(eks(home), { name: "AccessDeniedException", message: denial });
            await assert.rejects(iam("GetRole"), { name: "AccessDenied", message: denial });
        }
    });

    it("take permissions away from a session of a role, and give none", async () => {
        const { ec2, users, sessions } = makeAccount([[fullAwsAccess, statement("Deny", "ec2:DescribeInstances")]]);
        const session = sessions.create(role, "aws-node", 900);
        const arn = `arn:aws:sts::${accountId}:assumed-role/cni/aws-node`;
        await assert.rejects(ec2(home, session), ec2Refusal(arn, explicit));
        assert.equal((await ec2(home, session, "DescribeVpcs")).status, 200);
        const user = users.create("without-policies", []);
        await assert.rejects(
            ec2(home, user, "DescribeVpcs"),
            ec2Refusal(
                user.arn,
                "because no identity-based policy allows the ec2:DescribeVpcs action",
                "ec2:DescribeVpcs",
            ),
        );
    });

    it("are named before the identity's policies, unless these deny an action that no service control policy allows", async () => {
        const denies = [statement("Allow", "*"), statement("Deny", "ec2:*")];
        const both = makeAccount(onlyHome);
        const user = both.users.create("denied-twice", denies);
        await assert.rejects(both.ec2(denied, user), ec2Refusal(user.arn, explicit));
        const without = both.users.create("without-policies", []);
        await assert.rejects(both.ec2(denied, without), ec2Refusal(without.arn, explicit));
        const allowing = makeAccount([[regionAllow([home])]]);
        const again = allowing.users.create("denied-twice", denies);
        await assert.rejects(
            allowing.ec2(denied, again),
            ec2Refusal(again.arn, "with an explicit deny in an identity-based policy"),
        );
        const none = allowing.users.create("without-policies", []);
        await assert.rejects(allowing.ec2(denied, none), ec2Refusal(none.arn, notAllowed("ec2:DescribeInstances")));
    });

    it("are gone after a reset", async () => {
        const { ec2, organization } = makeAccount(onlyHome);
        organization.reset();
        assert.equal((await ec2(denied)).status, 200);
    });
});

describe("the policy simulator, in an organization", () => {
    const simulated = (levels: string[][], action = "ec2:DescribeInstances") => {
        const { context } = makeAccount(levels);
        const parameters = new Map([
            ["PolicySourceArn", role.arn],
            ["ActionNames.member.1", action],
            ["ContextEntries.member.1.ContextKeyName", "aws:RequestedRegion"],
            ["ContextEntries.member.1.ContextKeyValues.member.1", denied],
        ]);
        const request = { action: "SimulatePrincipalPolicy", parameters } as unknown as AwsRequest;
        const body = simulatePrincipalPolicy(request, state, context).body.toString();
        return ["EvalDecision", "AllowedByOrganizations"].map(
            (element) => new RegExp(`<${element}>(.*?)</${element}>`).exec(body)?.[1],
        );
    };

    it("says whether the organization allows an action, and says nothing of it without one", () => {
        assert.deepEqual(simulated([]), ["allowed", undefined]);
        assert.deepEqual(simulated([[fullAwsAccess]]), ["allowed", "true"]);
        assert.deepEqual(simulated([[fullAwsAccess, statement("Deny", "ec2:*")]]), ["explicitDeny", "false"]);
        assert.deepEqual(simulated([[statement("Allow", "s3:*")]]), ["implicitDeny", "false"]);
        assert.deepEqual(simulated([[fullAwsAccess]], "s3:ListBuckets"), ["implicitDeny", "true"]);
    });

    it("leaves out a service control policy with a global condition key", () => {
        assert.deepEqual(simulated(onlyHome), ["allowed", "true"]);
        assert.deepEqual(simulated([[fullAwsAccess], [regionAllow([home])]]), ["allowed", "true"]);
        const ofAction = statement("Deny", "ec2:*", { StringEquals: { "ec2:Region": denied } });
        assert.deepEqual(simulated([[fullAwsAccess, ofAction]]), ["allowed", "true"]);
    });
});

describe("the last use of a role", () => {
    const answer = (element: string) =>
        `<GetRoleResponse><GetRoleResult><Role><RoleId>AROACNI</RoleId>${element}</Role></GetRoleResult></GetRoleResponse>`;

    for (const ofMoto of [
        "",
        "<RoleLastUsed/>",
        "<RoleLastUsed></RoleLastUsed>",
        "<RoleLastUsed><A>1</A></RoleLastUsed>",
    ]) {
        it(`is the region that was set, in the answer of GetRole: ${ofMoto || "nothing before"}`, async () => {
            const { context, iam } = makeAccount([], answer(ofMoto));
            assert.equal((await iam("GetRole")).body, answer(ofMoto));
            context.lastUse.set(state, "cni", denied);
            const body = (await iam("GetRole")).body.toString();
            assert.deepEqual(body.match(/<Region>.*?<\/Region>/g), [`<Region>${denied}</Region>`]);
            assert.match(body, /<RoleLastUsed><LastUsedDate>20\d\d-.*?Z<\/LastUsedDate><Region>/);
            assert.equal(body.match(/<RoleLastUsed>/g)?.length, 1);
            context.lastUse.clear();
            assert.equal((await iam("GetRole")).body, answer(ofMoto));
        });
    }

    it("is of no other role, and of none that does not exist", async () => {
        const { context, iam } = makeAccount([], answer("").replace("AROACNI", "AROAOTHER"));
        context.lastUse.set(state, "cni", denied);
        assert.doesNotMatch((await iam("GetRole")).body.toString(), /Region/);
        assert.throws(() => context.lastUse.set(state, "nope", denied), /There is no role nope/);
    });
});

describe("regions that are off by default", () => {
    const optIn = "ap-east-1";

    it("are listed as opted in once the account has enabled them", () => {
        const item = (name: string, status: string) =>
            `<item><regionName>${name}</regionName><optInStatus>${status}</optInStatus></item>`;
        const body =
            item(optIn, "not-opted-in") + item(home, "opt-in-not-required") + item("me-south-1", "not-opted-in");
        const request = { parameters: new Map() } as unknown as AwsRequest;
        const shown = (optedIn?: string[]) =>
            enabledRegions(request, { status: 200, contentType: "text/xml", body }, optedIn).body;
        assert.equal(shown(), item(home, "opt-in-not-required"));
        assert.equal(shown([optIn]), item(optIn, "opted-in") + item(home, "opt-in-not-required"));
    });

    it("do not accept a session of the global endpoint of STS, and accept those of regional ones", async () => {
        const { ec2, eks, organization, sessions } = makeAccount([], '{"clusters":[]}');
        organization.optedInRegions = [optIn];
        const reader = { ...role, inlinePolicies: { all: statement("Allow", "*") } };
        const session = (region?: string) => sessions.create(reader, "s", 900, region);
        const ofGlobalEndpoint = session("us-east-1");
        await assert.rejects(ec2(optIn, ofGlobalEndpoint), {
            name: "AuthFailure",
            status: 401,
            message: "AWS was not able to validate the provided access credentials",
        });
        await assert.rejects(eks(optIn, ofGlobalEndpoint), {
            name: "UnrecognizedClientException",
            status: 403,
            message: "The security token included in the request is invalid.",
        });
        assert.equal((await ec2(home, ofGlobalEndpoint)).status, 200);
        assert.equal((await ec2(optIn, session(home))).status, 200);
        assert.equal((await ec2(optIn, session())).status, 200);
        assert.equal((await ec2(optIn)).status, 200);
    });
});
