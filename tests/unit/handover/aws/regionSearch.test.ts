import { deepStrictEqual, rejects, strictEqual } from "assert";
import { type Clients, createClients } from "../../../../handover/aws/awsClients";
import { usersOfProfiles } from "../../../../handover/aws/regionSearch";
import { Refusal } from "../../../../handover/model/refusal";
import { account, profileArn } from "./account";
import { AwsFailure, REGION, SILENCE, useAws } from "./fakeAws";

const MEANS =
    "An instance there may use a node role of this cluster, and would lose its permissions when the policy is detached from that role.";
const DISABLE =
    "An opt-in region that the account does not use can be disabled instead: aws account disable-region --region-name REGION.";
const DENIED = new AwsFailure("UnauthorizedOperation", "denied, operators-secret-key", 403);

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
        const endpoints = { ec2: aws.endpoint() };
        return createClients({ ...operator, endpoints }, { region: REGION, impatient: true });
    };
    const refusing = (byRegion: Record<string, unknown>) =>
        aws.answer({
            "ec2:DescribeInstances": (call) => byRegion[call.region] ?? world["ec2:DescribeInstances"]?.(call),
        });

    it("finds no instance without an instance profile, and asks nothing", async () => {
        deepStrictEqual(await usersOfProfiles(clients(), [], true), []);
        deepStrictEqual(aws.counts(), {});
    });

    it("finds those of the cluster's region", async () => {
        deepStrictEqual(
            (await usersOfProfiles(clients(), profiles, false)).map(({ id }) => id),
            ["i-here"],
        );
    });

    it("finds those of all regions, the cluster's first, and asks each once", async () => {
        deepStrictEqual(
            (await usersOfProfiles(clients(), profiles, true)).map(({ region, id }) => `${region}/${id}`),
            [`${REGION}/i-here`, "eu-west-1/i-west", "us-east-1/i-east"],
        );
        deepStrictEqual(aws.counts(), { "ec2:DescribeInstances": 4, "ec2:DescribeRegions": 1 });
    });

    describe("stops", () => {
        it("at regions that refuse, with the words of each and no secret", async () => {
            refusing({ "us-east-1": DENIED, "ap-east-1": DENIED });
            const said =
                "[aws-access-denied] AWS rejected ec2:DescribeInstances. The identity that the live checks use lacks ec2:DescribeInstances. " +
                "Allow ec2:DescribeInstances for this identity, or set other credentials with the argument `aws`. Details: denied, ***";
            await rejects(usersOfProfiles(clients(), profiles, true), {
                code: "aws-region-refused",
                seen: `The instances in these regions could not be listed: ap-east-1 (${said}); us-east-1 (${said})`,
                means: MEANS,
                fix: `Allow ec2:DescribeInstances there (a service control policy may deny it), and run the same command again. ${DISABLE}`,
            });
        });

        it("at regions that give no answer, as what may pass", async () => {
            refusing({ "us-east-1": SILENCE });
            await rejects(usersOfProfiles(clients(), profiles, true), (error: Refusal) => {
                strictEqual(error.code, "aws-unreachable");
                const start =
                    "The instances in these regions could not be listed: us-east-1 ([aws-unreachable] No answer to ";
                strictEqual(error.seen.startsWith(start), true, error.seen);
                deepStrictEqual(
                    [error.means, error.fix],
                    [MEANS, `Check the network to EC2 in these regions, and run the same command again. ${DISABLE}`],
                );
                return true;
            });
        });

        it("at one that refuses and one that gives no answer, as what does not pass", async () => {
            refusing({ "us-east-1": SILENCE, "eu-west-1": DENIED });
            await rejects(usersOfProfiles(clients(), profiles, true), { code: "aws-region-refused" });
        });

        for (const code of ["aws-throttled", "aws-credentials-expired", "aws-credentials-missing"]) {
            it(`with ${code} itself where another region only refuses, since it is of no region`, async () => {
                refusing({ "ap-east-1": DENIED });
                const refusal = new Refusal(code, "seen", "means", "fix");
                const own = clients();
                const failing: Clients = {
                    ...own,
                    ec2: async (region) => (region === "us-east-1" ? Promise.reject(refusal) : own.ec2(region)),
                };
                await rejects(usersOfProfiles(failing, profiles, true), (error) => error === refusal);
            });
        }

        it("at the cluster's own region with its words, before it asks for others", async () => {
            refusing({ [REGION]: DENIED });
            await rejects(usersOfProfiles(clients(), profiles, true), { code: "aws-access-denied" });
            deepStrictEqual(aws.counts(), { "ec2:DescribeInstances": 1 });
        });
    });
});
