import { deepStrictEqual, rejects, strictEqual } from "assert";
import { createClients } from "../../../../handover/aws/awsClients";
import { connectAws } from "../../../../handover/aws/connectAws";
import { Refusal } from "../../../../handover/model/refusal";
import { account } from "./account";
import { ACCOUNT, AwsFailure, SILENCE, useAws } from "./fakeAws";
import { useEnvironment } from "./environment";

describe("a connection to AWS", () => {
    const aws = useAws();
    const environment = useEnvironment();

    beforeEach(() => aws.answer(account({ roles: { nodes: {} } })));
    const ambient = { accessKeyId: undefined, secretAccessKey: undefined };

    it("calls nothing before it is asked something", () => {
        connectAws({}, {});
        deepStrictEqual(aws.counts(), {});
    });

    describe("is in the region", () => {
        const regionUsed = async (...connection: Parameters<typeof aws.connect>) => {
            await aws.connect(...connection).callerAccount();
            return aws.calls[0]?.region;
        };

        it("of its own, before all others", async () => {
            environment.set({ AWS_REGION: "eu-west-3" });
            strictEqual(await regionUsed({ region: "eu-west-1" }, { region: "eu-west-2" }), "eu-west-1");
        });

        it("that is the default otherwise, before the environment's", async () => {
            environment.set({ AWS_REGION: "eu-west-3" });
            strictEqual(await regionUsed({}, { region: "eu-west-2" }), "eu-west-2");
        });

        it("of the environment otherwise, as the SDK reads it", async () => {
            environment.set({ AWS_REGION: "eu-west-3", AWS_DEFAULT_REGION: "eu-north-1" });
            strictEqual(await regionUsed({}, {}), "eu-west-3");
        });

        it("of the profile", async () => {
            environment.config(
                "[profile ops]\nregion = ap-east-1\naws_access_key_id = AKIAOPS\naws_secret_access_key = s\n",
            );
            strictEqual(await regionUsed({ ...ambient, profile: "ops" }, {}), "ap-east-1");
        });

        it("of AWS_DEFAULT_REGION in the end", async () => {
            environment.set({ AWS_DEFAULT_REGION: "eu-north-1" });
            strictEqual(await regionUsed({}, {}), "eu-north-1");
        });

        it("of no source, which is refused before any call", async () => {
            await rejects(aws.connect({}, {}).callerAccount(), {
                code: "aws-region-unknown",
                seen: "No AWS region is set: not in the program, the environment or the profile.",
                means: "The live checks call EC2, EKS and STS in the cluster's region.",
                fix: "Run `pulumi config set aws:region REGION`, or set `aws: { region }`.",
            });
            await rejects(aws.connect({ region: "" }, {}).callerAccount(), { code: "aws-region-unknown" });
            deepStrictEqual(aws.counts(), {});
        });
    });

    describe("calls as", () => {
        it("the static keys that it has", async () => {
            strictEqual(await aws.connect().callerAccount(), ACCOUNT);
            strictEqual(aws.calls[0]?.accessKeyId, "AKIAOPERATOR");
        });

        it("the profile that it names, whatever the environment says", async () => {
            environment.set({ AWS_ACCESS_KEY_ID: "AKIAENVIRONMENT", AWS_SECRET_ACCESS_KEY: "s" });
            environment.config("[profile ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = s\n");
            await aws.connect({ ...ambient, profile: "ops" }).callerAccount();
            strictEqual(aws.calls[0]?.accessKeyId, "AKIAOPS");
        });

        it("the ambient credentials otherwise", async () => {
            environment.set({ AWS_ACCESS_KEY_ID: "AKIAENVIRONMENT", AWS_SECRET_ACCESS_KEY: "s" });
            await aws.connect(ambient).callerAccount();
            strictEqual(aws.calls[0]?.accessKeyId, "AKIAENVIRONMENT");
        });

        it("a role, assumed once for all services", async () => {
            const Expiration = "2030-01-01T00:00:00Z";
            const Credentials = { AccessKeyId: "ASIAROLE", SecretAccessKey: "s", SessionToken: "t", Expiration };
            aws.answer({ "sts:AssumeRole": () => ({ Credentials }), "eks:DescribeCluster": () => ({ cluster: {} }) });
            const roleArn = "arn:aws:iam::111122223333:role/deployer";
            const access = aws.connect({ roleArn, externalId: "for-us" });
            await access.callerAccount();
            await access.clusterStatus("prod");
            await access.look({ instanceIds: ["i-1"], roleNames: ["nodes"], ipFamily: "ipv4", searchElsewhere: false });
            const [first, ...others] = aws.calls;
            deepStrictEqual(
                [first?.action, first?.accessKeyId, first?.parameters],
                [
                    "sts:AssumeRole",
                    "AKIAOPERATOR",
                    { Version: "2011-06-15", RoleArn: roleArn, RoleSessionName: "eks-cni", ExternalId: "for-us" },
                ],
            );
            deepStrictEqual([...new Set(others.map(({ accessKeyId }) => accessKeyId))], ["ASIAROLE"]);
            strictEqual(others.length > 4, true);
        });

        it("a role under the session name that is given", async () => {
            const words = "User: arn is not authorized to perform: sts:AssumeRole on resource: role";
            aws.answer({ "sts:AssumeRole": () => new AwsFailure("AccessDenied", words, 403) });
            const access = aws.connect({ roleArn: "arn:aws:iam::111122223333:role/deployer", sessionName: "nightly" });
            await rejects(access.callerAccount(), {
                code: "aws-access-denied",
                means: "The identity that the live checks use lacks sts:AssumeRole, or the role does not trust it.",
            });
            strictEqual(aws.calls[0]?.parameters["RoleSessionName"], "nightly");
            const externalIds = aws.calls.map(({ parameters }) => parameters["ExternalId"]);
            deepStrictEqual(externalIds, [undefined]);
        });
    });

    describe("refuses, with the way out,", () => {
        it("to go on without credentials", async () => {
            await rejects(aws.connect(ambient).callerAccount(), (error: Refusal) => {
                strictEqual(error.code, "aws-credentials-missing");
                strictEqual(error.seen.startsWith("No AWS credentials for sts:GetCallerIdentity: "), true, error.seen);
                return true;
            });
            deepStrictEqual(aws.counts(), {});
        });

        it("to go on with a profile that is not there", async () => {
            environment.config("[profile ops]\nregion = eu-west-1\n");
            await rejects(aws.connect({ ...ambient, profile: "opps" }).callerAccount(), (error: Refusal) => {
                strictEqual(error.code, "aws-credentials-missing");
                strictEqual(error.seen.includes("opps"), true, error.seen);
                return true;
            });
        });

        const table: [string, string, number, string][] = [
            ["ExpiredToken", "The security token included in the request is expired", 403, "aws-credentials-expired"],
            ["RequestExpired", "Request has expired.", 400, "aws-credentials-expired"],
            [
                "InvalidClientTokenId",
                "The security token included in the request is invalid",
                403,
                "aws-credentials-refused",
            ],
            [
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match",
                403,
                "aws-credentials-refused",
            ],
            ["AccessDenied", "Access denied", 403, "aws-access-denied"],
            ["ServiceFailure", "Something else", 400, "aws-call-failed"],
        ];
        for (const [code, words, status, refusal] of table) {
            it(`what AWS calls ${code}, in its words`, async () => {
                aws.answer({ "sts:GetCallerIdentity": () => new AwsFailure(code, words, status) });
                await rejects(aws.connect().callerAccount(), (error: Refusal) => {
                    strictEqual(error instanceof Refusal, true);
                    strictEqual(error.code, refusal);
                    strictEqual(error.seen.includes(words), true, error.seen);
                    return true;
                });
            });
        }

        it("and without the operator's secrets", async () => {
            const words = "The key operators-secret-key and the token t0ken are wrong";
            for (const code of ["InvalidClientTokenId", "AccessDenied", "Other"]) {
                aws.answer({ "sts:GetCallerIdentity": () => new AwsFailure(code, words) });
                await rejects(aws.connect({ sessionToken: "t0ken" }).callerAccount(), (error: Refusal) => {
                    strictEqual(error.seen.includes("The key *** and the token *** are wrong"), true, error.seen);
                    strictEqual(/operators-secret-key|t0ken/.test(error.message + String(error.stack)), false);
                    return true;
                });
            }
        });

        it("to wait for who does not answer", async () => {
            aws.answer({ "sts:GetCallerIdentity": () => SILENCE });
            await rejects(aws.connect().callerAccount(), { code: "aws-unreachable" });
            strictEqual(aws.calls.length, 6);
        }).timeout(60_000);
    });

    it("tries again what is throttled", async () => {
        let refusals = 1;
        const throttled = new AwsFailure("Throttling", "Rate exceeded");
        aws.answer({ "sts:GetCallerIdentity": () => (refusals-- > 0 ? throttled : { Account: ACCOUNT }) });
        strictEqual(await aws.connect().callerAccount(), ACCOUNT);
        strictEqual(aws.calls.length, 2);
    });

    it("asks for the account once, and again after a failure", async () => {
        const access = aws.connect();
        aws.answer({ "sts:GetCallerIdentity": () => new AwsFailure("AccessDenied", "no", 403) });
        await rejects(access.callerAccount(), { code: "aws-access-denied" });
        aws.answer({ "sts:GetCallerIdentity": () => ({ Account: ACCOUNT }) });
        strictEqual(await access.callerAccount(), ACCOUNT);
        strictEqual(await access.callerAccount(), ACCOUNT);
        strictEqual(aws.calls.length, 2);
    });

    it("goes to the endpoint that is set for the SDK where it has none of its own", async () => {
        environment.set({ AWS_ENDPOINT_URL: aws.endpoint() });
        strictEqual(await aws.connect({ endpoints: { s3: "http://127.0.0.1:1" } }).callerAccount(), ACCOUNT);
    });

    it("is recognised by its user agent, and bounds every request", async () => {
        const clients = createClients({ accessKeyId: "a", secretAccessKey: "s" }, { region: "us-west-2" });
        const session = { accessKeyId: "a", secretAccessKey: "s", sessionToken: "t" };
        const all = await Promise.all([
            clients.iam(),
            clients.eks(),
            clients.sts(),
            clients.ec2(),
            clients.ec2("eu-west-1"),
            clients.anonymousSts(),
            clients.ec2As(session),
        ]);
        for (const { config } of all) {
            deepStrictEqual(config.customUserAgent, [["eks-cni"]]);
            strictEqual((await config.maxAttempts()) <= 6, true);
        }
        await aws.connect().callerAccount();
        strictEqual(/(^| )eks-cni( |$)/.test(aws.calls[0]?.userAgent ?? ""), true, aws.calls[0]?.userAgent);
    });

    it("has one client for a region", async () => {
        const clients = createClients({ accessKeyId: "a", secretAccessKey: "s" }, { region: "us-west-2" });
        strictEqual(await clients.ec2(), await clients.ec2("us-west-2"));
        strictEqual((await clients.ec2()) === (await clients.ec2("eu-west-1")), false);
        strictEqual(await clients.iam(), await clients.iam());
    });
});
