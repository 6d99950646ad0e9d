import { deepStrictEqual, rejects, strictEqual } from "assert";
import { type Clients, createClients } from "../../../../handover/aws/awsClients";
import { usersOfProfiles } from "../../../../handover/aws/regionSearch";
import { Refusal } from "../../../../handover/model/refusal";
import { account, profileArn } from "./account";
import { AwsCall, AwsFailure, REGION, SILENCE, useAws } from "./fakeAws";

const MEANS =
    "An instance there may use a node role of this cluster, and would lose its permissions when the policy is detached from that role.";
const DISABLE =
    "An opt-in region that the account does not use can be disabled instead: aws account disable-region --region-name REGION.";
const NARROW =
    "Once no instance there uses the node roles, you can also set `regions` to the regions in which instances may use them: the update then " +
    "looks at these and at the cluster's own, and at no others.";
const DENIED = new AwsFailure("UnauthorizedOperation", "denied, operators-secret-key", 403);
const NOT_AUTHORIZED = "User: arn:aws:iam::111122223333:user/op is not authorized to perform:";
const BY_THE_ORGANIZATION = "with an explicit deny in a service control policy";

/** As the services word it: the sources are in handover/aws/serviceControlPolicy.ts. */
const deniedInstances = (by: string) =>
    new AwsFailure(
        "UnauthorizedOperation",
        `You are not authorized to perform this operation. ${NOT_AUTHORIZED} ec2:DescribeInstances ${by}`,
        403,
    );
const deniedClusters = (by: string) =>
    new AwsFailure(
        "AccessDeniedException",
        `${NOT_AUTHORIZED} eks:ListClusters on resource: arn:aws:eks:us-east-1:111122223333:cluster/* ${by}`,
        403,
    );
const EVERYWHERE = { searchElsewhere: true };

describe("the search for instances that use a role", () => {
    const aws = useAws();
    const regions = ["us-east-1", "eu-west-1", REGION, "ap-east-1"];
    const instances = [
        { id: "i-here", profile: "p" },
        { id: "i-east", profile: "p", region: "us-east-1" },
        { id: "i-west", profile: "q", region: "eu-west-1" },
        { id: "i-strange", profile: "r", region: "eu-west-1" },
    ];
    const world = account({ instances, regions });
    const profiles = [profileArn("p"), profileArn("q")];
    beforeEach(() => aws.answer(world));

    /** They do not retry. */
    const clients = (): Clients => {
        const operator = { accessKeyId: "AKIAOPERATOR", secretAccessKey: "operators-secret-key" };
        const endpoints = { ec2: aws.endpoint(), eks: aws.endpoint() };
        return createClients({ ...operator, endpoints }, { region: REGION, impatient: true });
    };
    const refusing = (byRegion: Record<string, unknown>, clusters: Record<string, unknown> = {}) =>
        aws.answer({
            "ec2:DescribeInstances": (call) => byRegion[call.region] ?? world["ec2:DescribeInstances"]?.(call),
            "eks:ListClusters": ({ region }: AwsCall) => clusters[region] ?? { clusters: ["prod"] },
        });
    const search = (chosen?: string[]) =>
        usersOfProfiles(clients(), profiles, { ...EVERYWHERE, ...(chosen && { regions: chosen }) });
    const found = async (chosen?: string[]) =>
        (await search(chosen)).instances.map(({ region, id }) => `${region}/${id}`);
    const unread = async (chosen?: string[]) => (await search(chosen)).unread;

    it("finds no instance without an instance profile, and asks nothing", async () => {
        deepStrictEqual(await usersOfProfiles(clients(), [], EVERYWHERE), { instances: [], unread: [] });
        deepStrictEqual(aws.counts(), {});
    });

    it("finds those of the cluster's region", async () => {
        const here = { searchElsewhere: false, regions: ["us-east-1"] };
        const { instances: seen, unread: none } = await usersOfProfiles(clients(), profiles, here);
        deepStrictEqual([seen.map(({ id }) => id), none], [["i-here"], []]);
        deepStrictEqual(aws.counts(), { "ec2:DescribeInstances": 1 });
    });

    it("finds those of all regions, the cluster's first, and asks each once", async () => {
        deepStrictEqual(await found(), [`${REGION}/i-here`, "eu-west-1/i-west", "us-east-1/i-east"]);
        deepStrictEqual(aws.counts(), { "ec2:DescribeInstances": 4, "ec2:DescribeRegions": 1 });
    });

    describe("in chosen regions", () => {
        it("asks these and the cluster's own, each once, and needs no list of the regions", async () => {
            deepStrictEqual(await found(["us-east-1", REGION, "us-east-1"]), [`${REGION}/i-here`, "us-east-1/i-east"]);
            deepStrictEqual(aws.counts(), { "ec2:DescribeInstances": 2 });
        });

        it("asks the cluster's own if it is the only one", async () => {
            deepStrictEqual(await found([REGION]), [`${REGION}/i-here`]);
        });

        it("does not see that another one refuses", async () => {
            refusing({ "eu-west-1": DENIED, "ap-east-1": SILENCE });
            deepStrictEqual(await unread(["us-east-1"]), []);
        });

        it("names the argument where one does not answer", async () => {
            refusing({ "us-east-1": SILENCE });
            await rejects(search(["us-east-1"]), {
                code: "aws-unreachable",
                fix: `Check the network to EC2 in these regions and their names in \`regions\`, and run the same command again. ${DISABLE}`,
            });
        });
    });

    describe("reports a region that refuses", () => {
        const answer = "AWS rejected ec2:DescribeInstances: denied, ***";

        it("with AWS's words and no secret, beside what the others have", async () => {
            refusing({ "us-east-1": DENIED, "ap-east-1": DENIED });
            const { instances: seen, unread: refused } = await search();
            deepStrictEqual(
                seen.map(({ id }) => id),
                ["i-here", "i-west"],
            );
            deepStrictEqual(refused, [
                { region: "ap-east-1", cause: "other", answer },
                { region: "us-east-1", cause: "other", answer },
            ]);
            strictEqual(aws.counts()["eks:ListClusters"], undefined);
        });

        for (const by of [
            BY_THE_ORGANIZATION,
            "because no service control policy allows the ec2:DescribeInstances action",
        ]) {
            it(`as one that a service control policy denies, if EKS is denied too: ${by}`, async () => {
                const clusters = by.replace("ec2:DescribeInstances", "eks:ListClusters");
                refusing({ "us-east-1": deniedInstances(by) }, { "us-east-1": deniedClusters(clusters) });
                const said = `AWS rejected ec2:DescribeInstances: ${deniedInstances(by).message}`;
                deepStrictEqual(await unread(), [{ region: "us-east-1", cause: "serviceControlPolicy", answer: said }]);
                const asked = aws.calls.filter(({ action }) => action === "eks:ListClusters");
                deepStrictEqual(
                    asked.map(({ region, parameters }) => [region, parameters["maxResults"]]),
                    [["us-east-1", "1"]],
                );
            });
        }

        const first = `AWS rejected ec2:DescribeInstances: ${deniedInstances(BY_THE_ORGANIZATION).message}`;

        it("for another reason if the policy denies DescribeInstances alone", async () => {
            refusing({ "us-east-1": deniedInstances(BY_THE_ORGANIZATION) });
            deepStrictEqual(await unread(), [
                { region: "us-east-1", cause: "other", answer: `${first}; eks:ListClusters is allowed there` },
            ]);
        });

        it("for another reason if another policy denies EKS", async () => {
            const boundary = deniedClusters("with an explicit deny in a permissions boundary");
            refusing({ "us-east-1": deniedInstances(BY_THE_ORGANIZATION) }, { "us-east-1": boundary });
            deepStrictEqual(await unread(), [
                {
                    region: "us-east-1",
                    cause: "other",
                    answer: `${first}; AWS rejected eks:ListClusters: ${boundary.message}`,
                },
            ]);
        });

        it("for another reason if EKS answers with another error, which may contain a secret", async () => {
            const failure = new AwsFailure("InvalidRequestException", "what is operators-secret-key?", 400);
            refusing({ "us-east-1": deniedInstances(BY_THE_ORGANIZATION) }, { "us-east-1": failure });
            deepStrictEqual(await unread(), [
                { region: "us-east-1", cause: "other", answer: `${first}; what is ***?` },
            ]);
        });

        for (const by of [
            "with an explicit deny in a permissions boundary",
            "because no session policy allows the ec2:DescribeInstances action",
            "with an explicit deny in a resource control policy",
        ]) {
            it(`without a look at EKS: ${by}`, async () => {
                refusing({ "us-east-1": deniedInstances(by) }, { "us-east-1": deniedClusters(BY_THE_ORGANIZATION) });
                deepStrictEqual(
                    (await unread()).map(({ cause }) => cause),
                    ["other"],
                );
                strictEqual(aws.counts()["eks:ListClusters"], undefined);
            });
        }

        it("as one that does not accept the credentials, as those of the global STS endpoint in an opt-in region", async () => {
            const words = "AWS was not able to validate the provided access credentials";
            refusing({ "ap-east-1": new AwsFailure("AuthFailure", words, 401) });
            deepStrictEqual(await unread(), [
                {
                    region: "ap-east-1",
                    cause: "credentials",
                    answer: `AWS rejected ec2:DescribeInstances: ${words}`,
                },
            ]);
        });

        it("for an error that has no name of its own", async () => {
            refusing({ "ap-east-1": new AwsFailure("InvalidParameterValue", "a filter", 400) });
            deepStrictEqual(await unread(), [{ region: "ap-east-1", cause: "other", answer: "a filter" }]);
        });

        it("with those that give no answer, since waiting for these does not help", async () => {
            refusing({ "us-east-1": SILENCE, "eu-west-1": DENIED });
            const seen = await unread();
            deepStrictEqual(
                seen.map(({ region, cause }) => [region, cause]),
                [
                    ["eu-west-1", "other"],
                    ["us-east-1", "other"],
                ],
            );
            strictEqual(seen[1]?.answer.startsWith("No answer to ec2:DescribeInstances: "), true, seen[1]?.answer);
        });
    });

    describe("stops", () => {
        it("at regions that give no answer, as what may pass", async () => {
            refusing({ "us-east-1": SILENCE });
            await rejects(search(), (error: Refusal) => {
                strictEqual(error.code, "aws-unreachable");
                const start = "The instances in these regions could not be listed: us-east-1 (No answer to ";
                strictEqual(error.seen.startsWith(start), true, error.seen);
                deepStrictEqual(
                    [error.means, error.fix],
                    [
                        MEANS,
                        `Check the network to EC2 in these regions, and run the same command again. ${NARROW} ${DISABLE}`,
                    ],
                );
                return true;
            });
        });

        it("at them also if all others that refuse may count as empty", async () => {
            refusing(
                { "us-east-1": deniedInstances(BY_THE_ORGANIZATION), "eu-west-1": SILENCE },
                { "us-east-1": deniedClusters(BY_THE_ORGANIZATION) },
            );
            await rejects(search(), { code: "aws-unreachable" });
        });

        it("at a region whose EKS gives no answer, as what may pass", async () => {
            refusing({ "us-east-1": deniedInstances(BY_THE_ORGANIZATION) }, { "us-east-1": SILENCE });
            await rejects(search(), (error: Refusal) => {
                strictEqual(error.code, "aws-unreachable");
                strictEqual(error.seen.includes("us-east-1 (No answer to eks:ListClusters: "), true, error.seen);
                return true;
            });
        });

        for (const code of ["aws-throttled", "aws-credentials-expired", "aws-credentials-missing"]) {
            it(`with ${code} itself where others only refuse or do not answer, since it is of no region`, async () => {
                refusing({ "ap-east-1": DENIED, "eu-west-1": SILENCE });
                const refusal = new Refusal(code, "seen", "means", "fix");
                const own = clients();
                const failing: Clients = {
                    ...own,
                    ec2: async (region) => (region === "us-east-1" ? Promise.reject(refusal) : own.ec2(region)),
                };
                await rejects(usersOfProfiles(failing, profiles, EVERYWHERE), (error) => error === refusal);
            });
        }

        it("at the cluster's own region with its words, before it asks for others", async () => {
            refusing(
                { [REGION]: deniedInstances(BY_THE_ORGANIZATION) },
                { [REGION]: deniedClusters(BY_THE_ORGANIZATION) },
            );
            await rejects(search(), { code: "aws-access-denied" });
            deepStrictEqual(aws.counts(), { "ec2:DescribeInstances": 1 });
        });
    });
});
