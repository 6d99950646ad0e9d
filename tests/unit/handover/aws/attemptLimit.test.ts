import { deepStrictEqual, rejects, strictEqual } from "assert";
import { type Clients, createClients } from "../../../../handover/aws/awsClients";
import type { AwsConnection } from "../../../../handover/model/connection";
import { account } from "./account";
import { AwsFailure, REGION, useAws } from "./fakeAws";
import { useEnvironment } from "./environment";

const NOTICE = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";
const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" };
const session = { accessKeyId: "ASIASESSION", secretAccessKey: "s", sessionToken: "t" };

/** The SDK's types do not declare the settings of its own request handler. */
function limitsOf(handler: object): Record<string, unknown> {
    return (handler as { httpHandlerConfigs(): Record<string, unknown> }).httpHandlerConfigs();
}

describe("the clients of a connection", () => {
    const aws = useAws();
    const environment = useEnvironment();
    beforeEach(() => aws.answer(account({ regions: [REGION] })));

    const clients = (impatient: boolean): Clients =>
        createClients({ ...operator, endpoints: { ec2: aws.endpoint() } }, { region: REGION, impatient });

    const kinds: [string, boolean, number][] = [
        ["of a caller who needs the answer", false, 20_000],
        ["of a caller who does without it rather than wait", true, 10_000],
    ];
    for (const [whose, impatient, milliseconds] of kinds) {
        it(`end a request that gets no answer, those ${whose}`, async () => {
            const { DescribeRegionsCommand } = await import("@aws-sdk/client-ec2");
            const client = await clients(impatient).ec2();
            await client.send(new DescribeRegionsCommand({}));
            const { connectionTimeout, requestTimeout, socketTimeout, throwOnRequestTimeout } = limitsOf(
                client.config.requestHandler,
            );
            deepStrictEqual(
                { connectionTimeout, requestTimeout, socketTimeout, throwOnRequestTimeout },
                {
                    connectionTimeout: 5_000,
                    requestTimeout: milliseconds,
                    socketTimeout: milliseconds,
                    // Otherwise the SDK only logs a warning.
                    throwOnRequestTimeout: true,
                },
            );
        });
    }

    it("try so often, in the SDK's standard way whatever the environment says", async () => {
        environment.set({ AWS_RETRY_MODE: "adaptive", AWS_MAX_ATTEMPTS: "9" });
        const patient = clients(false);
        const impatient = clients(true);
        const table: [string, Awaited<ReturnType<Clients["sts" | "ec2"]>>, number][] = [
            ["sts", await patient.sts(), 6],
            ["ec2", await patient.ec2(), 6],
            ["sts without credentials", await patient.anonymousSts(), 3],
            ["ec2 as another caller", await patient.ec2As(session), 3],
            ["sts, once", await impatient.sts(), 1],
            ["ec2, once", await impatient.ec2(), 1],
        ];
        for (const [what, { config }, attempts] of table) {
            const strategy = await config.retryStrategy();
            const mode = "mode" in strategy && strategy.mode;
            deepStrictEqual([what, await config.maxAttempts(), mode], [what, attempts, "standard"]);
        }
    });

    const secrets: [string, AwsConnection, string[]][] = [
        ["nothing of a connection without", { profile: "ops", roleArn: "arn" }, []],
        ["the secret key, not the key's id", { accessKeyId: "AKIAOPERATOR", secretAccessKey: "s" }, ["s"]],
        ["all there are", { secretAccessKey: "s", sessionToken: "t", externalId: "e" }, ["s", "t", "e"]],
    ];
    for (const [what, connection, expected] of secrets) {
        it(`keep secret ${what}`, () => {
            deepStrictEqual(createClients(connection, {}).secrets, expected);
        });
    }

    it("have the SDK say nothing of Node.js versions to come", () => {
        clients(false);
        strictEqual(process.env[NOTICE], "true");
    });

    it("keep the setting of the environment if there is one", () => {
        environment.set({ [NOTICE]: "false" });
        clients(false);
        strictEqual(process.env[NOTICE], "false");
    });

    it("name the call that AWS refuses as IAM does", async () => {
        const { DescribeRegionsCommand } = await import("@aws-sdk/client-ec2");
        aws.answer({ "ec2:DescribeRegions": () => new AwsFailure("UnauthorizedOperation", "no", 403) });
        const client = await clients(false).ec2();
        await rejects(client.send(new DescribeRegionsCommand({})), {
            code: "aws-access-denied",
            seen: "AWS rejected ec2:DescribeRegions: no",
        });
        await rejects((await clients(false).ec2As(session)).send(new DescribeRegionsCommand({})), {
            name: "UnauthorizedOperation",
        });
    });
});
