import { deepStrictEqual, rejects, strictEqual } from "assert";
import { createHash } from "crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import type { Refusal } from "../../../../handover/model/refusal";
import { account } from "./account";
import { ACCOUNT, AwsFailure, useAws } from "./fakeAws";
import { useEnvironment } from "./environment";

const DEPLOYER = `arn:aws:iam::${ACCOUNT}:role/deployer`;
const IN_AN_HOUR = 3_600_000;

/** The credentials of people are sessions already, and assume the role of the argument `aws` with them. */
describe("a session that assumes the role of the connection", () => {
    const aws = useAws();
    const environment = useEnvironment();
    const ambient = { accessKeyId: undefined, secretAccessKey: undefined };
    let folder = "";
    let assumed = 0;

    const session = (AccessKeyId: string, milliseconds = IN_AN_HOUR) => ({
        Credentials: {
            AccessKeyId,
            SecretAccessKey: "s",
            SessionToken: `token-of-${AccessKeyId}`,
            Expiration: new Date(Date.now() + milliseconds).toISOString(),
        },
    });
    const callers = () => aws.calls.map(({ action, accessKeyId }) => `${action} ${accessKeyId}`.trim());

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "eks-cni-home-"));
        environment.set({ AWS_ENDPOINT_URL: aws.endpoint() });
        assumed = 0;
        aws.answer({
            ...account({ roles: { nodes: {} } }),
            "sts:AssumeRole": () => session(`ASIADEPLOYER${String(++assumed)}`),
        });
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it("from the environment, as `aws configure export-credentials` prints it", async () => {
        environment.set({ AWS_ACCESS_KEY_ID: "ASIASSO", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" });
        await aws.connect({ ...ambient, roleArn: DEPLOYER }).callerAccount();
        deepStrictEqual(callers(), ["sts:AssumeRole ASIASSO", "sts:GetCallerIdentity ASIADEPLOYER1"]);
    });

    it("of IAM Identity Center, from a profile after `aws sso login`", async () => {
        const home = process.env["HOME"];
        logIn(folder);
        environment.set({ HOME: folder });
        environment.config(
            "[profile ops]\nsso_session = people\nsso_account_id = 111122223333\nsso_role_name = PowerUser\n" +
                "[sso-session people]\nsso_start_url = https://people.awsapps.com/start\nsso_region = us-west-2\n",
        );
        const roleCredentials = { accessKeyId: "ASIASSO", secretAccessKey: "s", sessionToken: "t" };
        aws.answer({
            "sso:GetRoleCredentials": () => ({
                roleCredentials: { ...roleCredentials, expiration: Date.now() + IN_AN_HOUR },
            }),
        });
        try {
            await aws.connect({ ...ambient, profile: "ops", roleArn: DEPLOYER }).callerAccount();
        } finally {
            environment.set({ HOME: home ?? "" });
        }
        deepStrictEqual(callers(), [
            "sso:GetRoleCredentials",
            "sts:AssumeRole ASIASSO",
            "sts:GetCallerIdentity ASIADEPLOYER1",
        ]);
    });

    it("of an OIDC provider, as a pipeline gets it with a token in a file", async () => {
        const file = join(folder, "token");
        writeFileSync(file, "the-pipelines-token");
        const pipeline = `arn:aws:iam::${ACCOUNT}:role/pipeline`;
        environment.set({ AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: pipeline });
        aws.answer({ "sts:AssumeRoleWithWebIdentity": () => session("ASIAPIPELINE") });
        await aws.connect({ ...ambient, roleArn: DEPLOYER }).callerAccount();
        deepStrictEqual(callers(), [
            "sts:AssumeRoleWithWebIdentity",
            "sts:AssumeRole ASIAPIPELINE",
            "sts:GetCallerIdentity ASIADEPLOYER1",
        ]);
        strictEqual(aws.calls[0]?.parameters["WebIdentityToken"], "the-pipelines-token");
    });

    it("asks for no more than the hour that STS grants in a role chain", async () => {
        environment.set({ AWS_ACCESS_KEY_ID: "ASIASSO", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" });
        await aws.connect({ ...ambient, roleArn: DEPLOYER }).callerAccount();
        // Without the parameter, a session lasts an hour: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        strictEqual("DurationSeconds" in (aws.calls[0]?.parameters ?? {}), false);
    });

    it("assumes it again before that hour is over, so that a longer run goes on", async () => {
        environment.set({ AWS_ACCESS_KEY_ID: "ASIASSO", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" });
        aws.answer({
            "sts:AssumeRole": () => session(`ASIADEPLOYER${String(++assumed)}`, assumed === 1 ? 1000 : IN_AN_HOUR),
        });
        const access = aws.connect({ ...ambient, roleArn: DEPLOYER });
        await access.callerAccount();
        await new Promise((resolve) => setTimeout(resolve, 1100));
        await access.look({ instanceIds: [], roleNames: ["nodes"], ipFamily: "ipv4", searchElsewhere: false });
        const looks = aws.calls.filter(({ action }) => action.startsWith("iam:"));
        deepStrictEqual([...new Set(looks.map(({ accessKeyId }) => accessKeyId))], ["ASIADEPLOYER2"]);
        strictEqual(aws.counts()["sts:AssumeRole"], 2);
    });

    it("and a profile that asks for more passes on what STS says", async () => {
        const words =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
        environment.set({ AWS_ACCESS_KEY_ID: "ASIASSO", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" });
        environment.config(
            `[profile ops]\nrole_arn = ${DEPLOYER}\ncredential_source = Environment\nduration_seconds = 7200\n`,
        );
        aws.answer({ "sts:AssumeRole": () => new AwsFailure("ValidationError", words) });
        await rejects(aws.connect({ ...ambient, profile: "ops" }).callerAccount(), (error: Refusal) => {
            strictEqual(error.seen.includes(words), true, error.seen);
            return true;
        });
        strictEqual(aws.calls[0]?.parameters["DurationSeconds"], "7200");
    });
});

/** The file that `aws sso login` writes: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html */
function logIn(home: string): void {
    const cache = join(home, ".aws", "sso", "cache");
    mkdirSync(cache, { recursive: true });
    const expiresAt = new Date(Date.now() + IN_AN_HOUR).toISOString();
    const name = createHash("sha1").update("people").digest("hex");
    writeFileSync(join(cache, `${name}.json`), JSON.stringify({ accessToken: "portal", expiresAt }));
}
