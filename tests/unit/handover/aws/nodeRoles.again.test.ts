import { deepStrictEqual, strictEqual } from "assert";
import type { AccountQuery } from "../../../../handover/aws/awsAccess";
import type { AccountSeen } from "../../../../handover/model/world";
import { type Account, account } from "./account";
import { useAws } from "./fakeAws";

const QUESTION: AccountQuery = { instanceIds: [], roleNames: [], ipFamily: "ipv4", searchElsewhere: false };
const place = (subnetId: string) => ({ subnetId, securityGroupIds: ["sg-1"] });
const ACCOUNT: Account = {
    roles: { nodes: { profiles: ["p"] }, more: { profiles: ["q"] } },
    instances: [
        { id: "i-1", profile: "p", ...place("s1") },
        { id: "i-2", profile: "p", ...place("s2") },
        { id: "i-3", profile: "p", ...place("s3") },
        { id: "i-33", profile: "p", ...place("s3") },
        { id: "i-of-more", profile: "q", ...place("s1") },
        { id: "i-leaving", state: "terminated" },
    ],
};

describe("A look at the node roles after an earlier one", () => {
    const aws = useAws();

    /** The earlier look, at i-1 and i-2, and the later one, with what it asks AWS. */
    async function twice(later: readonly string[], change: Account = {}) {
        aws.answer(account(ACCOUNT));
        const access = aws.connect();
        const earlier = await access.look({ ...QUESTION, instanceIds: ["i-1", "i-2"] });
        aws.answer(account({ ...ACCOUNT, ...change }));
        aws.calls.length = 0;
        const seen = await access.look({
            ...QUESTION,
            instanceIds: later,
            earlier: { ...earlier, podIdentityRoleArns: ["r"] },
        });
        const asked = aws.calls.map(({ action, parameters }) =>
            [
                action,
                ...Object.entries(parameters).flatMap(([name, value]) => (name.includes(".Value.") ? [value] : [])),
            ].join(" "),
        );
        return { earlier, seen, asked };
    }
    const facts = ({ roleOfInstance, networkOfInstance, leavingInstances }: AccountSeen) => ({
        roleOfInstance,
        subnets: Object.values(networkOfInstance ?? {}).map(({ subnetId }) => subnetId),
        leavingInstances,
    });

    it("reads the new instances alone, and keeps the rest of the earlier look", async () => {
        const { seen, asked, earlier } = await twice(["i-1", "i-2", "i-3"]);
        deepStrictEqual(asked, ["ec2:DescribeInstances i-3"]);
        deepStrictEqual(facts(seen), {
            roleOfInstance: { "i-1": "nodes", "i-2": "nodes", "i-3": "nodes" },
            subnets: ["s1", "s2", "s3"],
            leavingInstances: {},
        });
        deepStrictEqual([seen.reused, seen.podIdentityRoleArns], [true, ["r"]]);
        deepStrictEqual(
            seen.nodeRoles,
            earlier.nodeRoles.map((role) => ({
                ...role,
                instancesOfCluster: ["i-1", "i-2", "i-3"],
                instancesElsewhere: ["us-west-2/i-33"],
            })),
        );
        deepStrictEqual(earlier.nodeRoles[0]?.instancesElsewhere, ["us-west-2/i-3", "us-west-2/i-33"]);
    });

    it("counts those that were about to join as joined, and no others", async () => {
        const tags = { "eks:cluster-name": "prod" };
        const instances = ["i-1", "i-2", "i-3", "i-4"].map((id) => ({ id, profile: "p", tags }));
        aws.answer(account({ ...ACCOUNT, instances }));
        const access = aws.connect();
        const unjoinedOf = (seen: AccountSeen) => seen.nodeRoles[0]?.unjoined?.map(({ id }) => id);
        const earlier = await access.look({ ...QUESTION, instanceIds: ["i-1", "i-2"] });
        deepStrictEqual(unjoinedOf(earlier), ["i-3", "i-4"]);
        const later = await access.look({ ...QUESTION, instanceIds: ["i-1", "i-2", "i-3"], earlier });
        deepStrictEqual([later.reused, unjoinedOf(later)], [true, ["i-4"]]);
        const last = await access.look({ ...QUESTION, instanceIds: ["i-1", "i-3", "i-4"], earlier: later });
        deepStrictEqual("unjoined" in (last.nodeRoles[0] ?? {}), false);
    });

    it("asks nothing where instances have only left, and forgets them", async () => {
        const { seen, asked } = await twice(["i-2"]);
        deepStrictEqual(asked, []);
        deepStrictEqual(facts(seen), { roleOfInstance: { "i-2": "nodes" }, subnets: ["s2"], leavingInstances: {} });
        strictEqual(seen.reused, true);
    });

    it("says that a new one is terminated already, and does not ask again", async () => {
        const { seen } = await twice(["i-1", "i-leaving"]);
        deepStrictEqual(facts(seen).leavingInstances, { "i-leaving": "terminated" });
        deepStrictEqual(seen.roleOfInstance, { "i-1": "nodes", "i-leaving": undefined });
        aws.calls.length = 0;
        await aws.connect().look({ ...QUESTION, instanceIds: ["i-leaving"], earlier: seen });
        strictEqual(aws.calls.length, 0);
    });

    it("asks again for an instance that EC2 did not show", async () => {
        const { seen } = await twice(["i-late"], { instances: [] });
        deepStrictEqual(seen.roleOfInstance, { "i-late": undefined });
        aws.calls.length = 0;
        aws.answer(account({ ...ACCOUNT, instances: [{ id: "i-late", profile: "p" }] }));
        const again = await aws.connect().look({ ...QUESTION, instanceIds: ["i-late"], earlier: seen });
        deepStrictEqual(again.roleOfInstance, { "i-late": "nodes" });
    });

    it("reads everything where a new instance has a role that the earlier look does not have", async () => {
        const { seen, asked } = await twice(["i-1", "i-of-more"]);
        strictEqual(seen.reused, undefined);
        deepStrictEqual(
            seen.nodeRoles.map(({ name }) => name),
            ["more", "nodes"],
        );
        strictEqual(asked.filter((call) => call.startsWith("iam:GetRole ") || call === "iam:GetRole").length, 2);
    });

    it("says which instances do not come back in a whole look, too", async () => {
        aws.answer(account(ACCOUNT));
        const seen = await aws.connect().look({ ...QUESTION, instanceIds: ["i-1", "i-leaving"] });
        deepStrictEqual(seen.leavingInstances, { "i-leaving": "terminated" });
    });
});
