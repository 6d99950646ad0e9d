import { deepStrictEqual, rejects, strictEqual } from "assert";
import { MANAGED_CNI_POLICY } from "../../../../documents/cniActions";
import { AccountQuery } from "../../../../handover/aws/awsAccess";
import { Refusal } from "../../../../handover/model/refusal";
import { NodeRoleSeen } from "../../../../handover/model/world";
import { fixture } from "../../support/fixtures";
import { Account, account, CNI_POLICY, Role } from "./account";
import { ACCOUNT, AwsFailure, REGION, useAws } from "./fakeAws";

const CUSTOMER_POLICY = `arn:aws:iam::${ACCOUNT}:policy/ours`;
const WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";

function allow(...Action: string[]): object {
    return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] };
}

const QUESTION: AccountQuery = { instanceIds: [], roleNames: [], ipFamily: "ipv4", searchElsewhere: false };

describe("a look at the node roles", () => {
    const aws = useAws();

    async function look(of: Account, question: Partial<AccountQuery>) {
        aws.answer(account(of));
        return aws.connect().look({ ...QUESTION, ...question });
    }

    async function role(of: Account["roles"], question: Partial<AccountQuery>, more: Account = {}) {
        const { nodeRoles } = await look({ roles: of ?? {}, ...more }, { roleNames: ["nodes"], ...question });
        strictEqual(nodeRoles.length, 1);
        return nodeRoles[0] as NodeRoleSeen;
    }

    describe("goes from instances to roles", () => {
        it("by their instance profiles, each asked for once", async () => {
            const { roleOfInstance, nodeRoles } = await look(
                {
                    roles: { "nodes-a": { profiles: ["a"] }, "nodes-b": { profiles: ["b"] } },
                    instances: [
                        { id: "i-1", profile: "a" },
                        { id: "i-2", profile: "a" },
                        { id: "i-3", profile: "b" },
                    ],
                },
                { instanceIds: ["i-1", "i-2", "i-3"] },
            );
            deepStrictEqual(roleOfInstance, { "i-1": "nodes-a", "i-2": "nodes-a", "i-3": "nodes-b" });
            deepStrictEqual(
                nodeRoles.map(({ name }) => name),
                ["nodes-a", "nodes-b"],
            );
            strictEqual(aws.counts()["iam:GetInstanceProfile"], 2);
        });

        it("and knows of none for an instance that is gone, has no profile, or whose profile has no role", async () => {
            const { roleOfInstance } = await look(
                { roles: {}, instances: [{ id: "i-2" }, { id: "i-3", profile: "empty" }] },
                { instanceIds: ["i-1", "i-2", "i-3"] },
            );
            deepStrictEqual(roleOfInstance, { "i-1": undefined, "i-2": undefined, "i-3": undefined });
        });

        it("and to the subnets and security groups, sorted, of the nodes that EC2 shows", async () => {
            const { networkOfInstance } = await look(
                {
                    roles: { "nodes-a": { profiles: ["a"] } },
                    instances: [
                        { id: "i-1", profile: "a", subnetId: "subnet-0a", securityGroupIds: ["sg-2", "sg-1"] },
                        { id: "i-2", profile: "a" },
                    ],
                },
                { instanceIds: ["i-1", "i-2", "i-3"] },
            );
            deepStrictEqual(networkOfInstance, {
                "i-1": { subnetId: "subnet-0a", securityGroupIds: ["sg-1", "sg-2"] },
                "i-2": { subnetId: "", securityGroupIds: [] },
            });
        });

        it("and knows of none whose profile was deleted meanwhile", async () => {
            aws.answer({
                ...account({ instances: [{ id: "i-1", profile: "a" }] }),
                "iam:GetInstanceProfile": () =>
                    new AwsFailure("NoSuchEntity", "Instance Profile a cannot be found.", 404),
            });
            const { roleOfInstance } = await aws.connect().look({ ...QUESTION, instanceIds: ["i-1"] });
            deepStrictEqual(roleOfInstance, { "i-1": undefined });
        });

        it("asking for 200 at a time", async () => {
            const instanceIds = Array.from({ length: 401 }, (_, i) => `i-${String(i)}`);
            await look({ roles: {} }, { instanceIds: [...instanceIds, "i-0"] });
            const describeCalls = aws.calls.filter(({ action }) => action === "ec2:DescribeInstances");
            deepStrictEqual(
                describeCalls.map(
                    ({ parameters }) => Object.keys(parameters).filter((name) => name.includes(".Value.")).length,
                ),
                [200, 200, 1],
            );
        });

        it("asking nothing of EC2 without instances and without roles", async () => {
            deepStrictEqual(await look({}, {}), {
                roleOfInstance: {},
                networkOfInstance: {},
                clustersInTags: [],
                nodeRoles: [],
            });
            deepStrictEqual(aws.counts(), {});
        });
    });

    describe("sees a role", () => {
        it("that is gone, and asks no more about it", async () => {
            deepStrictEqual(await role({}, {}), {
                name: "nodes",
                exists: false,
                cniPolicies: [],
                inlineCniPolicies: [],
                instancesOfCluster: [],
                instancesElsewhere: [],
            });
            deepStrictEqual(aws.counts(), { "iam:GetRole": 1 });
        });

        it("with its unique id, once for a name that is asked for and used", async () => {
            const seen = await role(
                { nodes: { profiles: ["p"] } },
                { instanceIds: ["i-1"] },
                { instances: [{ id: "i-1", profile: "p" }] },
            );
            deepStrictEqual([seen.exists, seen.instancesOfCluster], [true, ["i-1"]]);
            deepStrictEqual([aws.counts()["iam:GetRole"], aws.counts()["iam:GetRolePolicy"]], [1, undefined]);
        });
    });

    describe("judges managed policies", () => {
        it("AmazonEKS_CNI_Policy of any partition by its ARN, unread", async () => {
            for (const partition of ["aws", "aws-cn", "aws-iso-b"]) {
                const arn = `arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`;
                const { cniPolicies } = await role({ nodes: { attached: [arn] } }, {});
                deepStrictEqual(cniPolicies, [{ arn, kind: "cni", sufficient: true }]);
                const onIpv6 = await role({ nodes: { attached: [arn] } }, { ipFamily: "ipv6" });
                deepStrictEqual(onIpv6.cniPolicies, [{ arn, kind: "cni", sufficient: false }]);
            }
            strictEqual(aws.counts()["iam:GetPolicy"], undefined);
        });

        it("a customer's of the same name by its content", async () => {
            const arn = `arn:aws:iam::${ACCOUNT}:policy/AmazonEKS_CNI_Policy`;
            const policies = { [arn]: { document: allow("ec2:CreateTags") } };
            deepStrictEqual((await role({ nodes: { attached: [arn] } }, {}, { policies })).cniPolicies, []);
        });

        it("all of them, page by page, in the order of their ARNs", async () => {
            const arns = [WORKER, CUSTOMER_POLICY, CNI_POLICY];
            const policies = {
                [WORKER]: { document: fixture("grants/AmazonEKSWorkerNodePolicy") as object },
                [CUSTOMER_POLICY]: { document: allow("ec2:AssignIpv6Addresses") },
            };
            deepStrictEqual((await role({ nodes: { attached: arns } }, {}, { policies })).cniPolicies, [
                { arn: CUSTOMER_POLICY, kind: "cni", sufficient: false },
                { arn: CNI_POLICY, kind: "cni", sufficient: true },
            ]);
        });

        it("as broad when they are AWS's own, or hold more than what is the CNI's", async () => {
            const awsBroad = "arn:aws:iam::aws:policy/AmazonEKSVPCResourceController";
            const awsNarrow = "arn:aws:iam::aws:policy/service-role/Other";
            const powerful = `arn:aws:iam::${ACCOUNT}:policy/powerful`;
            const policies = {
                [awsBroad]: { document: fixture("grants/AmazonEKSVPCResourceController") as object },
                [awsNarrow]: { document: allow("ec2:AssignPrivateIpAddresses") },
                [powerful]: { document: allow("ec2:*") },
            };
            const seen = await role({ nodes: { attached: [awsBroad, awsNarrow, powerful] } }, {}, { policies });
            deepStrictEqual(seen.cniPolicies, [
                { arn: powerful, kind: "broad", sufficient: true },
                { arn: awsBroad, kind: "broad", sufficient: false },
                { arn: awsNarrow, kind: "broad", sufficient: false },
            ]);
        });

        it("by the family of the cluster", async () => {
            const document = fixture("permissions/aws.ipv6") as object;
            const policies = { [CUSTOMER_POLICY]: { document } };
            for (const [ipFamily, sufficient] of [
                ["ipv4", false],
                ["ipv6", true],
            ] as const) {
                const { cniPolicies } = await role(
                    { nodes: { attached: [CUSTOMER_POLICY] } },
                    { ipFamily },
                    { policies },
                );
                deepStrictEqual(cniPolicies, [{ arn: CUSTOMER_POLICY, kind: "cni", sufficient }]);
            }
        });

        it("reading each version once in a run, and a customer's new version when it comes", async () => {
            const policies = {
                [WORKER]: { document: allow("ec2:DescribeInstances") },
                [CUSTOMER_POLICY]: { document: allow("ec2:AssignIpv6Addresses"), version: "v1" },
            };
            aws.answer(account({ roles: { nodes: { attached: [WORKER, CUSTOMER_POLICY] } }, policies }));
            const access = aws.connect();
            const question = { ...QUESTION, roleNames: ["nodes"] };
            await access.look(question);
            await access.look(question);
            deepStrictEqual([aws.counts()["iam:GetPolicy"], aws.counts()["iam:GetPolicyVersion"]], [3, 2]);
            policies[CUSTOMER_POLICY] = { document: allow("s3:GetObject"), version: "v2" };
            deepStrictEqual((await access.look(question)).nodeRoles[0]?.cniPolicies, []);
        });

        it("leaving out one that was deleted since it was listed", async () => {
            deepStrictEqual((await role({ nodes: { attached: [CUSTOMER_POLICY] } }, {})).cniPolicies, []);
        });
    });

    describe("reads what a role's policies say", () => {
        const documents = {
            [CUSTOMER_POLICY]: { document: allow("ec2:Describe*") },
            [WORKER]: { document: allow("ec2:DescribeInstances") },
        };
        const nodes = { attached: [WORKER, CNI_POLICY], inline: { mine: allow("s3:*") } };

        it("of those, too, that grant nothing of the CNI, with the managed CNI policy as it is known", async () => {
            const { policies, boundary } = await role({ nodes }, {}, { policies: documents });
            deepStrictEqual(policies, [
                { name: WORKER, document: allow("ec2:DescribeInstances") },
                { name: CNI_POLICY, document: MANAGED_CNI_POLICY },
                { name: "mine", document: allow("s3:*") },
            ]);
            strictEqual(boundary, undefined);
        });

        it("and its permissions boundary", async () => {
            const bounded = { nodes: { ...nodes, boundary: CUSTOMER_POLICY } };
            const { boundary } = await role(bounded, {}, { policies: documents });
            deepStrictEqual(boundary, { name: CUSTOMER_POLICY, document: allow("ec2:Describe*") });
        });

        it("where a boundary that the caller may not read is unread, and stops nothing", async () => {
            const answers = account({ roles: { nodes: { boundary: CUSTOMER_POLICY } } });
            aws.answer({ ...answers, "iam:GetPolicy": () => new AwsFailure("AccessDenied", "denied", 403) });
            const { nodeRoles } = await aws.connect().look({ ...QUESTION, roleNames: ["nodes"] });
            deepStrictEqual(nodeRoles[0]?.boundary, { name: CUSTOMER_POLICY, document: undefined });
        });

        it("where one that was deleted since it was listed is unread", async () => {
            const { policies } = await role({ nodes: { attached: [CUSTOMER_POLICY] } }, {});
            deepStrictEqual(policies, [{ name: CUSTOMER_POLICY, document: undefined }]);
        });
    });

    it("names the inline policies that grant what the CNI does, and reads them again in each look", async () => {
        const inline: Record<string, object> = {
            other: allow("ec2:DescribeInstances"),
            network: allow("ec2:*NetworkInterface"),
            all: allow("*"),
        };
        aws.answer(account({ roles: { nodes: { inline } } }));
        const access = aws.connect();
        const question = { ...QUESTION, roleNames: ["nodes"] };
        const network = { name: "network", sufficient: false };
        deepStrictEqual((await access.look(question)).nodeRoles[0]?.inlineCniPolicies, [
            { name: "all", sufficient: true },
            network,
        ]);
        inline["all"] = allow("s3:*");
        deepStrictEqual((await access.look(question)).nodeRoles[0]?.inlineCniPolicies, [network]);
    });

    describe("looks for who else uses a role", () => {
        const roles = { nodes: { profiles: ["p", "q"] } };
        const tagged = { "eks:cluster-name": "prod" };

        it("in the cluster's region, by all of its instance profiles, whatever the state but ended", async () => {
            const states = ["pending", "running", "stopping", "stopped", "shutting-down", "terminated"];
            const instances = states.map((state, i) => ({ id: state, state, profile: i % 2 ? "p" : "q" }));
            const seen = await role(roles, {}, { instances });
            deepStrictEqual(
                seen.instancesElsewhere,
                ["pending", "running", "stopped", "stopping"].map((id) => `${REGION}/${id}`),
            );
            strictEqual(aws.counts()["ec2:DescribeRegions"], undefined);
        });

        it("telling this cluster's, joined or not, from others", async () => {
            const instances = [
                { id: "i-node", profile: "p" },
                { id: "i-new", profile: "p", tags: tagged },
                { id: "i-other", profile: "p", tags: { "eks:cluster-name": "dev" } },
                { id: "i-unknown", profile: "q" },
                { id: "i-stranger", profile: "r", tags: tagged },
            ];
            const seen = await role(roles, { instanceIds: ["i-node"], clusterName: "prod" }, { instances });
            deepStrictEqual(seen.instancesOfCluster, ["i-new", "i-node"]);
            deepStrictEqual(seen.unjoined, [{ id: "i-new", state: "running", launchedAt: 0 }]);
            deepStrictEqual(seen.instancesElsewhere, [`${REGION}/i-other`, `${REGION}/i-unknown`]);
            deepStrictEqual(seen.clustersElsewhere, {
                [`${REGION}/i-other`]: [`arn:aws:eks:${REGION}:${ACCOUNT}:cluster/dev`],
            });
        });

        it("telling the state and the launch of this cluster's that are no nodes, with any pods on the nodes", async () => {
            const launchTime = "2026-11-20T10:00:00.000Z";
            const instances = [
                { id: "i-z", profile: "p", tags: tagged, launchTime },
                { id: "i-stopped", profile: "q", tags: tagged, state: "stopped", launchTime },
                { id: "i-starts", profile: "p", tags: tagged, state: "pending" },
                { id: "i-ends", profile: "p", tags: tagged, state: "terminated", launchTime },
                { id: "i-node", profile: "p", tags: tagged },
                { id: "i-windows", profile: "p" },
            ];
            const question = { instanceIds: ["i-node"], otherInstanceIds: ["i-windows"], clusterName: "prod" };
            const seen = await role(roles, question, { instances });
            const launchedAt = Date.parse(launchTime);
            deepStrictEqual(seen.unjoined, [
                { id: "i-starts", state: "pending", launchedAt: 0 },
                { id: "i-stopped", state: "stopped", launchedAt },
                { id: "i-z", state: "running", launchedAt },
            ]);
            deepStrictEqual(seen.instancesOfCluster, ["i-node", "i-starts", "i-stopped", "i-windows", "i-z"]);
            deepStrictEqual(seen.instancesElsewhere, []);
        });

        it("and whose role is not known yet, of those with pods that may use it, right before a detachment", async () => {
            const instances = [
                { id: "i-shown", profile: "p" },
                { id: "i-other", profile: "z" },
                { id: "i-none" },
                { id: "i-ends", profile: "p", state: "terminated" },
            ];
            const of = { roles: { ...roles, z: { profiles: ["z"] } }, instances };
            const instanceIdsInUse = ["i-shown", "i-other", "i-none", "i-ends", "i-late"];
            const question = { roleNames: ["nodes"], otherInstanceIds: instanceIdsInUse, instanceIdsInUse };
            const { undecidedInstances } = await look(of, { ...question, searchElsewhere: true, regions: [REGION] });
            deepStrictEqual(undecidedInstances, ["i-late"]);
            strictEqual("undecidedInstances" in (await look(of, question)), false);
            const shown = { ...question, instanceIdsInUse: ["i-shown"] };
            const counted = await look(of, { ...shown, searchElsewhere: true, regions: [REGION] });
            strictEqual("undecidedInstances" in counted, false);
        });

        it("and whose role EC2 shows in one answer, and not in the other", async () => {
            const instances = [{ id: "i-late", profile: "p" }];
            const answers = account({ roles, instances });
            let asked = 0;
            aws.answer({
                ...answers,
                // The first question is for the instances with the role's profile.
                "ec2:DescribeInstances": (...call) =>
                    (asked++ === 0 ? account({ roles }) : answers)["ec2:DescribeInstances"]?.(...call),
            });
            const instanceIdsInUse = ["i-late"];
            const question = { roleNames: ["nodes"], otherInstanceIds: instanceIdsInUse, instanceIdsInUse };
            const regions = { searchElsewhere: true, regions: [REGION] };
            const { undecidedInstances } = await aws.connect().look({ ...QUESTION, ...question, ...regions });
            deepStrictEqual(undecidedInstances, instanceIdsInUse);
        });

        it("and nothing of it where all have joined", async () => {
            const instances = [{ id: "i-node", profile: "p", tags: tagged }];
            const seen = await role(roles, { instanceIds: ["i-node"], clusterName: "prod" }, { instances });
            strictEqual("unjoined" in seen, false);
        });

        it("in all enabled regions when asked, where nothing is of this cluster", async () => {
            const instances = [
                { id: "i-node", profile: "p" },
                { id: "i-far", profile: "q", region: "eu-west-1", tags: tagged },
            ];
            const regions = ["eu-west-1", "us-east-1", REGION];
            const question = { instanceIds: ["i-node"], clusterName: "prod", searchElsewhere: true };
            const seen = await role(roles, question, { instances, regions });
            deepStrictEqual(seen.instancesOfCluster, ["i-node"]);
            deepStrictEqual(seen.instancesElsewhere, ["eu-west-1/i-far"]);
            deepStrictEqual(seen.clustersElsewhere, {
                "eu-west-1/i-far": [`arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/prod`],
            });
            const describeCalls = aws.calls.filter(({ action }) => action === "ec2:DescribeInstances");
            deepStrictEqual(describeCalls.map(({ region }) => region).sort(), [
                "eu-west-1",
                "us-east-1",
                REGION,
                REGION,
            ]);
        });

        it("for each role apart, in the order of their names", async () => {
            const { nodeRoles } = await look(
                {
                    roles: { a: { profiles: ["p"] }, b: { profiles: ["q"] }, c: {} },
                    instances: [
                        { id: "i-1", profile: "p" },
                        { id: "i-2", profile: "q" },
                    ],
                },
                { roleNames: ["c", "a", "b"] },
            );
            deepStrictEqual(
                nodeRoles.map(({ name, instancesElsewhere }) => [name, instancesElsewhere]),
                [
                    ["a", [`${REGION}/i-1`]],
                    ["b", [`${REGION}/i-2`]],
                    ["c", []],
                ],
            );
        });

        it("and asks EC2 nothing for a role without instance profile", async () => {
            await role({ nodes: {} }, { searchElsewhere: true });
            strictEqual(aws.counts()["ec2:DescribeRegions"], undefined);
            strictEqual(aws.counts()["ec2:DescribeInstances"], undefined);
        });

        it("and reports the regions that do not let it look, and which ones it has looked at if they were chosen", async () => {
            const answers = account({ roles, instances: [], regions: [REGION, "eu-west-1", "ap-east-1"] });
            aws.answer({
                ...answers,
                "ec2:DescribeInstances": (describeCalls) =>
                    describeCalls.region === REGION
                        ? answers["ec2:DescribeInstances"]?.(describeCalls)
                        : new AwsFailure("UnauthorizedOperation", "denied", 403),
            });
            const regionsOf = async (more: Partial<AccountQuery>) => {
                const seen = await aws.connect().look({ ...QUESTION, roleNames: ["nodes"], ...more });
                return [seen.unreadRegions?.map(({ region }) => region), seen.searchedRegions];
            };
            deepStrictEqual(await regionsOf({ searchElsewhere: true }), [["ap-east-1", "eu-west-1"], undefined]);
            deepStrictEqual(await regionsOf({ searchElsewhere: true, regions: ["eu-west-1"] }), [
                ["eu-west-1"],
                ["eu-west-1", REGION],
            ]);
            deepStrictEqual(await regionsOf({ searchElsewhere: true, regions: [REGION] }), [undefined, [REGION]]);
            deepStrictEqual(await regionsOf({ regions: ["eu-west-1"] }), [undefined, undefined]);
        });

        it("and where IAM saw it used last, at each look of the run", async () => {
            const used: Record<string, Role> = { nodes: { ...roles.nodes, lastUsedIn: "eu-north-1" } };
            aws.answer(account({ roles: used }));
            const access = aws.connect();
            const lastUsedIn = async () =>
                (await access.look({ ...QUESTION, roleNames: ["nodes"] })).nodeRoles[0]?.lastUsedIn;
            deepStrictEqual(await lastUsedIn(), ["eu-north-1"]);
            used["nodes"] = { ...roles.nodes, lastUsedIn: REGION };
            deepStrictEqual(await lastUsedIn(), ["eu-north-1", REGION]);
        });
    });

    it("says which right is missing", async () => {
        aws.answer({
            ...account({ roles: { nodes: {} } }),
            "iam:ListAttachedRolePolicies": () =>
                new AwsFailure(
                    "AccessDenied",
                    "User: arn:aws:iam::111122223333:user/op is not authorized to perform: iam:ListAttachedRolePolicies on " +
                        "resource: role nodes because no identity-based policy allows the iam:ListAttachedRolePolicies action",
                    403,
                ),
        });
        await rejects(aws.connect().look({ ...QUESTION, roleNames: ["nodes"] }), (error: Refusal) => {
            strictEqual(error.code, "aws-access-denied");
            strictEqual(error.means, "The identity that the live checks use lacks iam:ListAttachedRolePolicies.");
            return true;
        });
    });
});
