import assert from "node:assert/strict";

import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ListClustersCommand } from "@aws-sdk/client-eks";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import { assertRefused, operator, region } from "./support";
import { useIam } from "./useIam";

describe("throttling by the AWS stand-in", () => {
    const account = useIam();
    afterEach(() => account.fixture.api.setThrottling({}));
    /** SDKs make three attempts by default. */
    const withRetries = () => ({ endpoint: account.fixture.api.endpoint, region, credentials: operator });

    it("turns each service's calls away in its own words", async () => {
        account.fixture.api.setThrottling({ everyNth: 1 });
        const { iam, sts, ec2, eks } = account.fixture;
        const rateExceeded = { name: "Throttling", status: 400, message: "Rate exceeded" };
        await assertRefused(iam.send(new ListRolesCommand({})), rateExceeded);
        await assertRefused(sts.send(new GetCallerIdentityCommand({})), rateExceeded);
        await assertRefused(ec2.send(new DescribeInstancesCommand({})), {
            name: "RequestLimitExceeded",
            status: 503,
            message: "Request limit exceeded.",
        });
        await assertRefused(eks.send(new ListClustersCommand({})), {
            name: "TooManyRequestsException",
            status: 429,
            message: "Too Many Requests",
        });
    });

    it("is not seen by callers whose SDK tries again", async () => {
        account.fixture.api.setThrottling({ everyNth: 2 });
        const [iam, ec2] = [new IAMClient(withRetries()), new EC2Client(withRetries())];
        for (const attempts of [1, 2]) {
            assert.equal((await iam.send(new ListRolesCommand({}))).$metadata.attempts, attempts);
            assert.equal((await ec2.send(new DescribeInstancesCommand({}))).$metadata.attempts, attempts);
        }
    });

    it("is seen in the end when it does not stop", async () => {
        account.fixture.api.setThrottling({ everyNth: 1 });
        const error = await new IAMClient(withRetries()).send(new ListRolesCommand({})).then(
            () => assert.fail("the call succeeded"),
            (reason: unknown) => reason as { name: string; $metadata: { attempts?: number } },
        );
        assert.deepEqual([error.name, error.$metadata.attempts], ["Throttling", 3]);
    });

    it("lets so many calls a second through and no more", async () => {
        account.fixture.api.setThrottling({ perSecond: 2 });
        const { iam } = account.fixture;
        const calls = await Promise.allSettled(Array.from({ length: 6 }, () => iam.send(new ListRolesCommand({}))));
        const refused = calls.filter(({ status }) => status === "rejected").length;
        assert.ok(refused >= 3, `${refused} of 6 calls were refused`);
        await new Promise((resolve) => setTimeout(resolve, 600));
        await iam.send(new ListRolesCommand({}));
    });

    it("comes before everything else: it does not even ask who calls", async () => {
        account.fixture.api.setThrottling({ everyNth: 1 });
        const stranger = new IAMClient({
            ...withRetries(),
            credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" },
            maxAttempts: 1,
        });
        await assertRefused(stranger.send(new ListRolesCommand({})), {
            name: "Throttling",
            status: 400,
            message: "Rate exceeded",
        });
    });
});
