import assert from "node:assert/strict";

import { DescribeInstancesCommand, DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { GetRoleCommand, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

import { fullAwsAccess, regionAllow, regionDeny } from "../../../aws/organization";
import { noPolicy, unauthorized } from "./refusals";
import { accountId, assertRefused, keysOf, operator, permissions, region, type Keys } from "./support";
import { useIam } from "./useIam";

const denied = "eu-north-1";
const operatorArn = `arn:aws:iam::${accountId}:user/operator`;
const explicit = "with an explicit deny in a service control policy";
const notAllowed = (action: string) => `because no service control policy allows the ${action} action`;

describe("an organization of the AWS stand-in", () => {
    const account = useIam();
    const inRegion = (name: string, credentials: Keys = operator) => {
        const configuration = { endpoint: account.fixture.api.endpoint, region: name, credentials, maxAttempts: 1 };
        return { ec2: new EC2Client(configuration), eks: new EKSClient(configuration) };
    };
    const instances = (of: { ec2: EC2Client }) => of.ec2.send(new DescribeInstancesCommand({}));
    const clusters = (of: { eks: EKSClient }) => of.eks.send(new ListClustersCommand({ maxResults: 1 }));
    const eksRefusal = (arn: string, why: string) => ({
        name: "AccessDeniedException",
        status: 403,
        message:
            `User: ${arn} is not authorized to perform: eks:ListClusters on resource: ` +
            `arn:aws:eks:${denied}:${accountId}:cluster/* ${why}`,
    });
    // Other suites share the account.
    afterEach(() => {
        account.fixture.api.setServiceControlPolicies([]);
        account.fixture.api.optInRegions([]);
    });

    it("denies a region to every principal that it does not exempt, in each service's own words", async () => {
        const exempt = account.fixture.api.createUser("exempt", [permissions("*")]);
        account.fixture.api.setServiceControlPolicies([[fullAwsAccess, regionDeny([region], [exempt.arn])]]);
        const [there, here] = [inRegion(denied), inRegion(region)];
        await assertRefused(instances(there), unauthorized(operatorArn, "ec2:DescribeInstances", explicit));
        await assertRefused(clusters(there), eksRefusal(operatorArn, explicit));
        await instances(here);
        await clusters(here);
        await instances(inRegion(denied, exempt));
        await clusters(inRegion(denied, exempt));
        const user = account.fixture.api.createUser("without-policies", []);
        await assertRefused(
            instances(inRegion(denied, user)),
            unauthorized(user.arn, "ec2:DescribeInstances", explicit),
        );
        await assertRefused(
            instances(inRegion(region, user)),
            unauthorized(user.arn, "ec2:DescribeInstances", noPolicy("ec2:DescribeInstances")),
        );
    });

    it("has other words for what it does not list", async () => {
        account.fixture.api.setServiceControlPolicies([[fullAwsAccess], [regionAllow([region])]]);
        const there = inRegion(denied);
        const why = notAllowed("ec2:DescribeInstances");
        await assertRefused(instances(there), unauthorized(operatorArn, "ec2:DescribeInstances", why));
        await assertRefused(clusters(there), eksRefusal(operatorArn, notAllowed("eks:ListClusters")));
        await instances(inRegion(region));
    });

    it("shows in the policy simulator, unless its policy has a global condition key", async () => {
        await account.createRole("in-organization");
        const simulate = async () => {
            const PolicySourceArn = `arn:aws:iam::${accountId}:role/in-organization`;
            const command = new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ["ec2:DescribeTags"] });
            const { EvaluationResults: [result] = [] } = await account.fixture.iam.send(command);
            return [result?.EvalDecision, result?.OrganizationsDecisionDetail?.AllowedByOrganizations];
        };
        assert.deepEqual(await simulate(), ["implicitDeny", undefined]);
        const deny = JSON.stringify({
            Version: "2012-10-17",
            Statement: { Effect: "Deny", Action: "ec2:*", Resource: "*" },
        });
        account.fixture.api.setServiceControlPolicies([[fullAwsAccess, deny]]);
        assert.deepEqual(await simulate(), ["explicitDeny", false]);
        account.fixture.api.setServiceControlPolicies([[fullAwsAccess, regionDeny(["eu-west-1"])]]);
        assert.deepEqual(await simulate(), ["implicitDeny", true]);
    });

    it("leaves regions off, and one that is enabled accepts no session of the global endpoint", async () => {
        const optIn = "ap-east-1";
        const shown = async () => {
            const { Regions = [] } = await inRegion(region).ec2.send(new DescribeRegionsCommand({}));
            return Regions.find(({ RegionName }) => RegionName === optIn)?.OptInStatus;
        };
        assert.equal(await shown(), undefined);
        account.fixture.api.optInRegions([optIn]);
        assert.equal(await shown(), "opted-in");
        const Principal = { AWS: `arn:aws:iam::${accountId}:root` };
        const trust = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }] };
        await account.createRole("of-organization", JSON.stringify(trust));
        const assumed = async (stsRegion: string) => {
            const sts = new STSClient({
                endpoint: account.fixture.api.endpoint,
                region: stsRegion,
                credentials: operator,
            });
            const RoleArn = `arn:aws:iam::${accountId}:role/of-organization`;
            const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "ci" }));
            return keysOf(Credentials);
        };
        const ofGlobalEndpoint = await assumed("us-east-1");
        await assertRefused(instances(inRegion(optIn, ofGlobalEndpoint)), {
            name: "AuthFailure",
            status: 401,
            message: "AWS was not able to validate the provided access credentials",
        });
        await assertRefused(clusters(inRegion(optIn, ofGlobalEndpoint)), {
            name: "UnrecognizedClientException",
            status: 403,
            message: "The security token included in the request is invalid.",
        });
        const missing = /because no identity-based policy allows/;
        for (const keys of [ofGlobalEndpoint, await assumed(region)]) {
            const where = keys === ofGlobalEndpoint ? region : optIn;
            await assertRefused(instances(inRegion(where, keys)), {
                name: "UnauthorizedOperation",
                status: 403,
                message: missing,
            });
        }
    });

    it("tells where a role was used last, once that is set", async () => {
        await account.createRole("used-elsewhere");
        const lastUsed = async () =>
            (await account.fixture.iam.send(new GetRoleCommand({ RoleName: "used-elsewhere" }))).Role?.RoleLastUsed;
        assert.equal((await lastUsed())?.Region, undefined);
        account.fixture.api.setRoleLastUsed("used-elsewhere", denied);
        const { Region, LastUsedDate } = (await lastUsed()) ?? {};
        assert.equal(Region, denied);
        assert.ok(Math.abs((LastUsedDate?.getTime() ?? 0) - Date.now()) < 60_000);
    });
});
