import { deepStrictEqual, rejects, strictEqual } from "assert";
import type { AwsAccess } from "../../../../handover/aws/awsAccess";
import { Refusal } from "../../../../handover/model/refusal";
import { account } from "./account";
import { ACCOUNT, AwsFailure, REGION, SILENCE, STALL, useAws } from "./fakeAws";
import { useEnvironment } from "./environment";

const NODES = { instanceIds: ["i-1"], roleNames: ["nodes"], ipFamily: "ipv4", searchElsewhere: false } as const;
const ambient = { accessKeyId: undefined, secretAccessKey: undefined };

/** The errors come from the real SDK, for answers as the services give them. */
describe("what goes wrong with AWS in the middle of a run", () => {
    const aws = useAws();
    const environment = useEnvironment();
    const world = account({ roles: { nodes: { profiles: ["nodes"] } }, instances: [], regions: [REGION, "eu-west-1"] });
    beforeEach(() => aws.answer(world));

    const refusalOf = async (request: Promise<unknown>): Promise<Refusal> => {
        let refusal: unknown;
        await rejects(request, (error) => (refusal = error) !== undefined);
        strictEqual(refusal instanceof Refusal, true, String(refusal));
        return refusal as Refusal;
    };

    describe("credentials that expire", () => {
        const expired = "The security token included in the request is expired";
        const table: [string, AwsFailure, (access: AwsAccess) => Promise<unknown>][] = [
            ["sts:GetCallerIdentity", new AwsFailure("ExpiredToken", expired, 403), (access) => access.callerAccount()],
            ["iam:GetRole", new AwsFailure("ExpiredToken", expired, 403), (access) => access.look(NODES)],
            ["ec2:DescribeInstances", new AwsFailure("RequestExpired", "Request has expired."), (a) => a.look(NODES)],
            [
                "iam:AttachRolePolicy",
                new AwsFailure("ExpiredToken", expired, 403),
                (access) => access.attach("nodes", "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"),
            ],
            [
                "iam:DetachRolePolicy",
                new AwsFailure("ExpiredToken", expired, 403),
                (access) => access.detach("nodes", "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"),
            ],
            [
                "eks:DescribeAddon",
                new AwsFailure("ExpiredTokenException", expired, 403),
                (access) => access.otherDelivery("prod", { namespace: "kube-system", name: "aws-node" }),
            ],
        ];
        for (const [action, failure, send] of table) {
            it(`end ${action} with what to do, and are not tried again`, async () => {
                aws.answer({ [action]: () => failure });
                environment.set({ AWS_ACCESS_KEY_ID: "ASIAOPERATOR", AWS_SECRET_ACCESS_KEY: "s" });
                const { code, seen, means, fix } = await refusalOf(send(aws.connect(ambient)));
                strictEqual(code, "aws-credentials-expired");
                strictEqual(seen, `The call ${action} failed: ${failure.message}`);
                strictEqual(
                    means.includes("The steps taken so far are kept, and the next run finds them."),
                    true,
                    means,
                );
                strictEqual(/`aws sso login`.*It continues from here\./.test(fix), true, fix);
                strictEqual(aws.counts()[action], 1);
            });
        }

        it("end the run with the commands for keys that the stack's configuration has", async () => {
            aws.answer({ "sts:GetCallerIdentity": () => new AwsFailure("ExpiredToken", expired, 403) });
            const { fix } = await refusalOf(aws.connect().callerAccount());
            strictEqual(
                /`pulumi config set --secret aws:accessKey KEY`.* run pulumi up, which saves them\./.test(fix),
                true,
                fix,
            );
        });

        it("are not taken for a region that refuses, where they end between two of them", async () => {
            aws.answer({
                "ec2:DescribeInstances": (call) =>
                    call.region === REGION
                        ? world["ec2:DescribeInstances"]?.(call)
                        : new AwsFailure("RequestExpired", "Request has expired."),
            });
            const { code } = await refusalOf(aws.connect().look({ ...NODES, searchElsewhere: true }));
            strictEqual(code, "aws-credentials-expired");
        });

        it("are reported for a profile whose process says so", async () => {
            environment.config(
                `[profile ops]\ncredential_process = echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"}'\n`,
            );
            const { code, seen } = await refusalOf(aws.connect({ ...ambient, profile: "ops" }).callerAccount());
            deepStrictEqual(
                [code, seen],
                [
                    "aws-credentials-expired",
                    "The call sts:GetCallerIdentity failed: Profile ops credential_process returned expired credentials.",
                ],
            );
        });
    });

    describe("credentials that do not come", () => {
        const hanging = "credential_process = sleep 5\n";
        const impatient = { region: REGION, credentialsMilliseconds: 300 };
        const connections: [string, string, object][] = [
            ["of a profile", `[profile ops]\n${hanging}`, { profile: "ops" }],
            ["of the ambient chain", `[default]\n${hanging}`, {}],
            [
                "for the role that is assumed first",
                `[profile ops]\n${hanging}`,
                { profile: "ops", roleArn: "arn:aws:iam::111122223333:role/deployer" },
            ],
        ];
        for (const [what, config, connection] of connections) {
            it(`are waited for no longer than so long: those ${what}`, async () => {
                environment.config(config);
                const { code, seen } = await refusalOf(
                    aws.connect({ ...ambient, ...connection }, impatient).callerAccount(),
                );
                deepStrictEqual(
                    [code, seen],
                    [
                        "aws-credentials-missing",
                        "No AWS credentials for sts:GetCallerIdentity: The source of the AWS credentials (such as SSO, a process or instance " +
                            "metadata) did not answer within 0.3 s",
                    ],
                );
            });
        }

        it("are asked for again by the next call, and may come then", async () => {
            environment.config(
                `[profile ops]\ncredential_process = echo '{"Version":1,"AccessKeyId":"AKIAOPS","SecretAccessKey":"s"}'\n`,
            );
            await aws.connect({ ...ambient, profile: "ops" }).callerAccount();
            strictEqual(aws.calls[0]?.accessKeyId, "AKIAOPS");
        });
    });

    it("an STS that is deactivated in the region is reported with the region and its switch", async () => {
        const words = "STS is not activated in this region for account:1.";
        aws.answer({ "sts:AssumeRole": () => new AwsFailure("RegionDisabledException", words, 403) });
        const roleArn = "arn:aws:iam::111122223333:role/deployer";
        const { code, seen, fix } = await refusalOf(aws.connect({ roleArn }).look(NODES));
        strictEqual(code, "sts-region-inactive");
        strictEqual(seen, `STS in ${REGION} issues no credentials for ec2:DescribeInstances: ${words}`);
        strictEqual(/Account settings, .*Endpoints, us-west-2\./.test(fix), true, fix);
        strictEqual(fix.includes("aws account enable-region --region-name us-west-2"), true, fix);
    });

    describe("an answer that stalls in its middle", () => {
        it("ends the attempt, and another one is made", async () => {
            let nth = 0;
            const caller = world["sts:GetCallerIdentity"];
            aws.answer({ "sts:GetCallerIdentity": (call) => (++nth === 1 ? STALL : caller?.(call)) });
            strictEqual(await aws.connect({}, { region: REGION, attemptMilliseconds: 500 }).callerAccount(), ACCOUNT);
            strictEqual(nth, 2);
        });

        it("ends the run like an answer that does not come, if there is no other attempt", async () => {
            aws.answer({ "sts:GetCallerIdentity": () => STALL });
            const impatient = { region: REGION, impatient: true, attemptMilliseconds: 500 };
            const { code, seen } = await refusalOf(aws.connect({}, impatient).callerAccount());
            deepStrictEqual(
                [code, seen],
                ["aws-unreachable", "No answer to sts:GetCallerIdentity: no complete answer within 0.5 s"],
            );
        });

        it("ends the proof's attempts, too", async () => {
            aws.answer({ "sts:AssumeRoleWithWebIdentity": () => STALL });
            const roleArn = `arn:aws:iam::${ACCOUNT}:role/cni`;
            const question = { roleArn, token: "t", ipFamily: "ipv4", depth: "full", instanceId: undefined } as const;
            const proof = await aws.connect({}, { region: REGION, attemptMilliseconds: 300 }).prove(question);
            strictEqual("code" in proof && proof.code, "sts-unreachable");
            strictEqual(aws.counts()["sts:AssumeRoleWithWebIdentity"], 3);
        });
    });

    it("regions that give no answer are named, as a problem that may pass", async () => {
        aws.answer({
            "ec2:DescribeInstances": (call) =>
                call.region === REGION ? world["ec2:DescribeInstances"]?.(call) : SILENCE,
        });
        const { code, seen } = await refusalOf(
            aws.connect({}, { region: REGION, impatient: true }).look({ ...NODES, searchElsewhere: true }),
        );
        strictEqual(code, "aws-unreachable");
        strictEqual(seen.includes("eu-west-1 ("), true, seen);
    });
});
