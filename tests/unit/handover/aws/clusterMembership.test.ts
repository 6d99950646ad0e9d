import { deepStrictEqual, strictEqual } from "assert";
import {
    clusterArnsOf,
    clustersInCommon,
    clustersOf,
    membership,
    otherClusters,
} from "../../../../handover/aws/clusterMembership";
import { InstanceSeen } from "../../../../handover/aws/instances";

function instance(id: string, tags: Record<string, string> = {}, region = "us-west-2"): InstanceSeen {
    const network = { subnetId: "", securityGroupIds: [] };
    return { id, region, tags, profileArn: "arn", network, state: "running", launchedAt: 0 };
}

describe("the clusters that an instance's tags name", () => {
    const table: [string, Record<string, string>, string[]][] = [
        ["none", { Name: "prod" }, []],
        ["of a managed node group", { "eks:cluster-name": "prod", "kubernetes.io/cluster/prod": "owned" }, ["prod"]],
        ["of Auto Mode", { "aws:eks:cluster-name": "prod" }, ["prod"]],
        ["of Karpenter", { "eks:eks-cluster-name": "prod" }, ["prod"]],
        ["of eksctl", { "alpha.eksctl.io/cluster-name": "prod" }, ["prod"]],
        ["of a self-managed node", { "kubernetes.io/cluster/prod": "owned" }, ["prod"]],
        ["shared by two", { "kubernetes.io/cluster/a": "shared", "kubernetes.io/cluster/b": "owned" }, ["a", "b"]],
        ["by name, whatever it shares", { "eks:cluster-name": "b", "kubernetes.io/cluster/a": "shared" }, ["b"]],
        ["by two kinds of the same name once", { "eks:cluster-name": "b", "aws:eks:cluster-name": "b" }, ["b"]],
    ];
    for (const [what, tags, names] of table) {
        it(what, () => {
            deepStrictEqual(clustersOf({ tags }), names);
        });
    }
});

describe("the ARNs of the clusters that an instance's tags name", () => {
    const profileArn = "arn:aws-cn:iam::111122223333:instance-profile/nodes";
    const of = (tags: Record<string, string>, region = "cn-north-1") => clusterArnsOf({ tags, region, profileArn });
    const arn = (name: string, region = "cn-north-1") => `arn:aws-cn:eks:${region}:111122223333:cluster/${name}`;

    it("have the partition and the account of its instance profile, and its own region", () => {
        deepStrictEqual(of({ "eks:cluster-name": "prod" }), [arn("prod")]);
        deepStrictEqual(of({ "eks:cluster-name": "prod" }, "cn-northwest-1"), [arn("prod", "cn-northwest-1")]);
    });

    it("are all of them where it is tagged for several, without those that only share it with its owner", () => {
        const tagged = (a: string, b: string) => of({ "kubernetes.io/cluster/a": a, "kubernetes.io/cluster/b": b });
        deepStrictEqual(tagged("owned", "owned"), [arn("a"), arn("b")]);
        deepStrictEqual(tagged("shared", "shared"), [arn("a"), arn("b")]);
        deepStrictEqual(tagged("shared", "owned"), [arn("b")]);
    });

    it("are those of the other clusters alone", () => {
        const tags = { "kubernetes.io/cluster/a": "owned", "kubernetes.io/cluster/b": "owned" };
        const nodes = [instance("n1", { "eks:cluster-name": "a" })];
        const others = (region: string, cluster: { region: string; name: string | undefined }) =>
            otherClusters(cluster, nodes)({ ...instance("i-1", tags, region), profileArn });
        const home = "cn-north-1";
        deepStrictEqual(others(home, { region: home, name: "a" }), [arn("b")]);
        deepStrictEqual(others(home, { region: home, name: undefined }), [arn("b")]);
        deepStrictEqual(others(home, { region: home, name: "c" }), [arn("a"), arn("b")]);
        const there = "cn-northwest-1";
        deepStrictEqual(others(there, { region: home, name: "a" }), [arn("a", there), arn("b", there)]);
    });

    it("are none without such tags, without a profile, and where one of them is no cluster of EKS", () => {
        deepStrictEqual(of({ Name: "prod" }), []);
        deepStrictEqual(of({ "kubernetes.io/cluster/a": "owned", "kubernetes.io/cluster/b.k8s.local": "owned" }), []);
        const tags = { "eks:cluster-name": "prod" };
        deepStrictEqual(clusterArnsOf({ tags, region: "us-west-2", profileArn: undefined }), []);
    });
});

describe("the clusters that all instances' tags name", () => {
    const of = (...names: string[]) => ({
        tags: Object.fromEntries(names.map((name) => [`kubernetes.io/cluster/${name}`, "owned"])),
        state: "running" as const,
    });
    const table: [string, ReturnType<typeof of>[], string[]][] = [
        ["none without an instance", [], []],
        ["those of a single one", [of("a", "b")], ["a", "b"]],
        ["the one in common", [of("a", "b"), of("b", "c"), of("b")], ["b"]],
        ["none where one instance has no tag", [of("a"), of()], []],
        ["none where two differ", [of("a"), of("b")], []],
    ];
    for (const [what, instances, names] of table) {
        it(what, () => {
            deepStrictEqual(clustersInCommon(instances), names);
        });
    }

    it("without those that are terminated, which lose their tags", () => {
        const gone = { ...of(), state: "terminated" as const };
        deepStrictEqual(clustersInCommon([gone, of("a"), { ...of(), state: "shutting-down" }]), ["a"]);
        deepStrictEqual(clustersInCommon([gone]), []);
    });
});

describe("an instance is of the cluster", () => {
    const cluster = { region: "us-west-2", instanceIds: ["i-1", "i-2"], name: "prod" };

    it("when one of its nodes is it, whatever its tags", () => {
        strictEqual(membership(cluster, [])(instance("i-1", { "eks:cluster-name": "dev" })), true);
    });

    it("when its tags name the cluster", () => {
        strictEqual(membership(cluster, [])(instance("i-9", { "eks:cluster-name": "prod" })), true);
        strictEqual(membership(cluster, [])(instance("i-9", { "kubernetes.io/cluster/prod": "owned" })), true);
        strictEqual(membership(cluster, [])(instance("i-9", { "eks:cluster-name": "dev" })), false);
        strictEqual(membership(cluster, [])(instance("i-9")), false);
    });

    it("not when it may as well be a node of another cluster, by its tags", () => {
        const of = (tags: Record<string, string>) => membership(cluster, [])(instance("i-9", tags));
        const tag = (name: string) => `kubernetes.io/cluster/${name}`;
        strictEqual(of({ [tag("prod")]: "owned", [tag("dev")]: "owned" }), false);
        strictEqual(of({ [tag("prod")]: "shared", [tag("dev")]: "shared" }), false);
        strictEqual(of({ [tag("prod")]: "shared", [tag("dev")]: "owned" }), false);
        strictEqual(of({ [tag("prod")]: "owned", [tag("dev")]: "shared" }), true);
        strictEqual(of({ [tag("prod")]: "shared" }), true);
        strictEqual(of({ "eks:cluster-name": "prod", [tag("dev")]: "owned" }), true);
        strictEqual(of({ "eks:cluster-name": "dev", [tag("prod")]: "owned" }), false);
        strictEqual(of({ "eks:cluster-name": "prod", "alpha.eksctl.io/cluster-name": "dev" }), false);
    });

    it("not by its tags where those of all nodes name two clusters", () => {
        const both = { "kubernetes.io/cluster/prod": "owned", "kubernetes.io/cluster/dev": "owned" };
        const isMember = membership({ ...cluster, name: undefined }, [instance("i-1", both)]);
        strictEqual(isMember(instance("i-9", { "eks:cluster-name": "prod" })), false);
        strictEqual(isMember(instance("i-1", both)), true);
    });

    it("never in another region, where another cluster may have the same name", () => {
        strictEqual(membership(cluster, [])(instance("i-9", { "eks:cluster-name": "prod" }, "eu-west-1")), false);
        strictEqual(membership(cluster, [])(instance("i-1", {}, "eu-west-1")), false);
    });

    it("when its tags name what the tags of all nodes have in common, where no name is given", () => {
        const both = { "kubernetes.io/cluster/prod": "owned", "kubernetes.io/cluster/dev": "shared" };
        const nodes = [
            instance("i-1", both),
            instance("i-2", { "kubernetes.io/cluster/prod": "owned" }),
            instance("i-3", both),
        ];
        const isMember = membership({ ...cluster, name: undefined }, nodes);
        strictEqual(isMember(instance("i-9", { "eks:cluster-name": "prod" })), true);
        strictEqual(isMember(instance("i-9", { "eks:cluster-name": "dev" })), false);
    });

    it("and of none by tags, where no name is given and the nodes have none in common", () => {
        const nodes = [instance("i-1", { "eks:cluster-name": "prod" }), instance("i-2")];
        const isMember = membership({ ...cluster, name: undefined }, nodes);
        strictEqual(isMember(instance("i-9", { "eks:cluster-name": "prod" })), false);
        strictEqual(membership({ ...cluster, name: undefined }, [])(instance("i-9")), false);
    });

    it("by the given name alone, where one is given", () => {
        const isMember = membership(cluster, [instance("i-1", { "eks:cluster-name": "dev" })]);
        strictEqual(isMember(instance("i-9", { "eks:cluster-name": "dev" })), false);
    });
});
