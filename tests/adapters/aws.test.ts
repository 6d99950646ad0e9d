import { EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import {
    CreateAddonCommand,
    CreatePodIdentityAssociationCommand,
    DeleteAddonCommand,
    DeletePodIdentityAssociationCommand,
    EKSClient,
} from "@aws-sdk/client-eks";
import {
    AttachRolePolicyCommand,
    CreatePolicyCommand,
    CreateRoleCommand,
    DeleteRolePolicyCommand,
    IAMClient,
    PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { CoreV1Api } from "@kubernetes/client-node";
import { type Sandbox, startSandbox } from "local-eks";
import { fullAwsAccess, regionDeny } from "local-eks/iam";
import { loadKubeconfig, requestToken } from "local-eks/kubernetes";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { CNI_ACTIONS } from "../../documents/cniActions";
import { ipv6CniPolicy } from "../../documents/cniPermissions";
import { bootObstacles } from "../../documents/nodeBoot";
import type { PolicyDocument } from "../../documents/policyDocument";
import type { AwsAccess } from "../../handover/aws/awsAccess";
import { connectAws } from "../../handover/aws/connectAws";
import type { Proof, ProofRequest } from "../../handover/model/proof";
import { Refusal } from "../../handover/model/refusal";
import type { AccountSeen, NodeRoleSeen } from "../../handover/model/world";
import { trustOf } from "../e2e/support/iam";

const CNI_POLICY = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const AWS_NODE = { namespace: "kube-system", name: "aws-node" };

/** The actions of all calls of the live checks. */
const LEAST_RIGHTS = [
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "eks:DescribeCluster",
    "eks:DescribeAddon",
    "eks:ListPodIdentityAssociations",
    "eks:DescribePodIdentityAssociation",
    "eks:ListClusters",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetInstanceProfile",
    "iam:ListInstanceProfilesForRole",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:SimulatePrincipalPolicy",
];

function allow(...Action: string[]): string {
    return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
}

/** In the manner of amazon-vpc-cni-k8s docs/iam-policy.md, "sample scope-down IAM policy for IPv4 mode". */
function scopedPolicy(clusterName: string): object {
    const onInterfaces = "arn:aws:ec2:*:*:network-interface/*";
    const ifTagged = { StringEquals: { "aws:ResourceTag/cluster.k8s.amazonaws.com/name": clusterName } };
    const reading = ["Instances", "Tags", "NetworkInterfaces", "Subnets", "InstanceTypes"].map(
        (of) => `ec2:Describe${of}`,
    );
    const changing = CNI_ACTIONS.ipv4
        .map(({ action }) => action)
        .filter((action) => !reading.includes(action) && action !== "ec2:CreateTags");
    return {
        Version: "2012-10-17",
        Statement: [
            { Effect: "Allow", Action: reading, Resource: "*" },
            { Effect: "Allow", Action: "ec2:CreateTags", Resource: onInterfaces },
            { Effect: "Allow", Action: changing, Resource: onInterfaces, Condition: ifTagged },
        ],
    };
}

describe("The hand-over's access to an AWS account", function () {
    this.timeout(120_000);
    let sandbox: Sandbox;
    let operator: { region: string; credentials: { accessKeyId: string; secretAccessKey: string }; endpoint: string };
    let iam: IAMClient;
    let eks: EKSClient;
    let access: AwsAccess;
    let instanceIds: string[];
    let nodeRole: string;

    before(async () => {
        const name = `handover-aws-${process.pid}`;
        sandbox = await startSandbox({ name, nodes: 3, podReadySeconds: 0.2, ownerPid: process.pid });
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        operator = { region: sandbox.region, credentials, endpoint: sandbox.awsEndpoint };
        [iam, eks] = [new IAMClient(operator), new EKSClient(operator)];
        access = connected(credentials);
        const { items } = await loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(CoreV1Api).listNode();
        instanceIds = items.map(({ spec }) => spec?.providerID?.split("/").at(-1) ?? "");
        nodeRole = (await look()).nodeRoles[0]?.name ?? "";
    });
    after(() => sandbox.stop());
    afterEach(async () => {
        await sandbox.setAwsDelays({ enforcementSeconds: 0 });
        await sandbox.setThrottling({});
    });

    function connected(keys: { accessKeyId: string; secretAccessKey: string }): AwsAccess {
        const [ec2, sts] = [sandbox.awsEndpoint, sandbox.awsEndpoint];
        const endpoints = { ec2, sts, iam: sandbox.awsEndpoint, eks: sandbox.awsEndpoint };
        return connectAws({ ...keys, endpoints }, { region: sandbox.region });
    }

    async function userWith(...actions: string[]): Promise<AwsAccess> {
        const { accessKeyId, secretAccessKey } = await sandbox.createUser("deployer", [allow(...actions)]);
        return connected({ accessKeyId, secretAccessKey });
    }

    function look(
        question: { roleNames?: string[]; searchElsewhere?: boolean; regions?: string[] } = {},
        by = access,
    ): Promise<AccountSeen> {
        return by.look({ instanceIds, roleNames: [], ipFamily: "ipv4", searchElsewhere: false, ...question });
    }

    async function seen(roleName = nodeRole): Promise<NodeRoleSeen> {
        const { nodeRoles } = await look({ roleNames: [roleName] });
        const role = nodeRoles.find(({ name }) => name === roleName);
        assert.ok(role, `${roleName} is not in the look`);
        return role;
    }

    async function makeRole(RoleName: string, trust: object = trustOf(sandbox)): Promise<string> {
        const AssumeRolePolicyDocument = JSON.stringify(trust);
        const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
        return Role?.Arn ?? "";
    }

    async function prove(roleArn: string, question: Partial<ProofRequest> = {}, by = access): Promise<Proof> {
        const token = await requestToken(loadKubeconfig(sandbox.kubeconfigPath));
        return by.prove({ roleArn, token, ipFamily: "ipv4", depth: "full", instanceId: instanceIds[0], ...question });
    }

    it("knows the account, and says who cannot call", async () => {
        assert.equal(await access.callerAccount(), sandbox.accountId);
        const stranger = connected({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "not-the-secret" });
        await assert.rejects(stranger.callerAccount(), (error: Refusal) => {
            assert.equal(error.code, "aws-credentials-refused");
            assert.match(error.seen, /The security token included in the request is invalid/);
            return true;
        });
    });

    it("sees the role of each node, what it has of the CNI's rights, and who uses it", async () => {
        const { roleOfInstance, nodeRoles } = await look({ searchElsewhere: true });
        assert.deepEqual(roleOfInstance, Object.fromEntries(instanceIds.map((id) => [id, nodeRole])));
        const [first, ...others] = nodeRoles;
        assert.ok(first);
        const { policies = [], ...role } = first;
        assert.deepEqual(
            [role, others],
            [
                {
                    name: nodeRole,
                    exists: true,
                    cniPolicies: [{ arn: CNI_POLICY, kind: "cni", sufficient: true }],
                    inlineCniPolicies: [],
                    instancesOfCluster: [...instanceIds].sort(),
                    instancesElsewhere: [],
                },
                [],
            ],
        );
        assert.deepEqual(
            policies.map(({ name, document }) => [
                name.split("/")[1],
                bootObstacles([{ name, document }], undefined) === undefined,
            ]),
            [
                ["AmazonEC2ContainerRegistryReadOnly", false],
                ["AmazonEKSWorkerNodePolicy", true],
                ["AmazonEKS_CNI_Policy", true],
            ],
        );
    });

    it("judges policies by their content: inline ones, and a customer's", async () => {
        const document = { PolicyName: "ours", PolicyDocument: JSON.stringify(ipv6CniPolicy("aws")) };
        const { Policy } = await iam.send(new CreatePolicyCommand(document));
        const PolicyArn = Policy?.Arn ?? "";
        await iam.send(new AttachRolePolicyCommand({ RoleName: nodeRole, PolicyArn }));
        await iam.send(
            new PutRolePolicyCommand({
                RoleName: nodeRole,
                PolicyName: "eni",
                PolicyDocument: allow("EC2:*interface"),
            }),
        );
        await iam.send(
            new PutRolePolicyCommand({ RoleName: nodeRole, PolicyName: "logs", PolicyDocument: allow("logs:*") }),
        );
        const { cniPolicies, inlineCniPolicies } = await seen();
        assert.deepEqual(cniPolicies, [
            { arn: PolicyArn, kind: "cni", sufficient: false },
            { arn: CNI_POLICY, kind: "cni", sufficient: true },
        ]);
        assert.deepEqual(inlineCniPolicies, [{ name: "eni", sufficient: false }]);
        const { nodeRoles } = await access.look({
            instanceIds,
            roleNames: [],
            searchElsewhere: false,
            ipFamily: "ipv6",
        });
        assert.deepEqual(
            nodeRoles[0]?.cniPolicies.map(({ sufficient }) => sufficient),
            [true, false],
        );
        await access.detach(nodeRole, PolicyArn);
        for (const PolicyName of ["eni", "logs"]) {
            await iam.send(new DeleteRolePolicyCommand({ RoleName: nodeRole, PolicyName }));
        }
    });

    it("attaches and detaches as often as it is asked, and reports a role that does not exist", async () => {
        await makeRole("changing");
        for (let time = 0; time < 2; time += 1) {
            assert.equal(await access.attach("changing", CNI_POLICY), "attached");
            assert.deepEqual((await seen("changing")).cniPolicies.length, 1);
        }
        for (let time = 0; time < 2; time += 1) {
            assert.equal(await access.detach("changing", CNI_POLICY), "detached");
            assert.deepEqual((await seen("changing")).cniPolicies, []);
        }
        assert.equal(await access.attach("missing", CNI_POLICY), "gone");
        assert.equal(await access.detach("missing", CNI_POLICY), "gone");
        assert.equal((await seen("missing")).exists, false);
        const gone = `arn:aws:iam::${sandbox.accountId}:policy/gone`;
        assert.equal(await access.attach("changing", gone), "policyGone");
        assert.equal(await access.detach("changing", gone), "detached");
    });

    it("continues when it is throttled", async () => {
        await sandbox.setThrottling({ everyNth: 3 });
        assert.equal((await seen()).instancesOfCluster.length, 3);
    });

    it("knows whether EKS has the cluster", async () => {
        assert.equal(await access.clusterStatus(sandbox.clusterName), "there");
        assert.equal(await access.clusterStatus("another"), "gone");
        assert.equal(await (await userWith("ec2:DescribeInstances")).clusterStatus("another"), "unknown");
    });

    it("finds the issuer of a cluster by its name, and the name in the tags of the nodes", async () => {
        const { clusterName } = sandbox;
        const issuer = sandbox.issuer.replace("https://", "");
        const named = await access.namedCluster(clusterName);
        assert.deepEqual(named, { is: "there", issuer, ipFamily: "ipv4", platformVersion: "eks.4" });
        assert.deepEqual(await access.namedCluster("another"), { is: "missing" });
        assert.equal((await (await userWith("ec2:DescribeInstances")).namedCluster(clusterName)).is, "unread");
        assert.deepEqual((await look({})).clustersInTags, [clusterName]);
    });

    it("finds how else EKS gives aws-node credentials", async () => {
        const clusterName = sandbox.clusterName;
        const nothing = { clusterName, addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };
        assert.deepEqual(await access.otherDelivery(clusterName, AWS_NODE), nothing);

        const principal = {
            Effect: "Allow",
            Principal: { Service: "pods.eks.amazonaws.com" },
            Action: "sts:AssumeRole",
        };
        const roleArn = await makeRole("pod-identity", { Version: "2012-10-17", Statement: [principal] });
        await eks.send(new CreateAddonCommand({ clusterName, addonName: "vpc-cni", serviceAccountRoleArn: roleArn }));
        const { association } = await eks.send(
            new CreatePodIdentityAssociationCommand({
                clusterName,
                roleArn,
                namespace: AWS_NODE.namespace,
                serviceAccount: AWS_NODE.name,
            }),
        );
        assert.deepEqual(await access.otherDelivery(clusterName, AWS_NODE), {
            clusterName,
            addOnRoleArn: roleArn,
            podIdentityRoleArns: [roleArn],
            unread: [],
        });
        const other = await access.otherDelivery(clusterName, { ...AWS_NODE, name: "other" });
        assert.deepEqual(other.podIdentityRoleArns, []);

        const { unread } = await (await userWith("iam:GetRole")).otherDelivery(clusterName, AWS_NODE);
        assert.deepEqual(
            unread.map(({ action, cause }) => [action, cause]),
            [
                ["eks:DescribeAddon", "denied"],
                ["eks:ListPodIdentityAssociations", "denied"],
            ],
        );

        await eks.send(new DeleteAddonCommand({ clusterName, addonName: "vpc-cni", preserve: true }));
        const associationId = association?.associationId ?? "";
        await eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
    });

    it("finds an instance of another region that uses a node role", async () => {
        const far = new EC2Client({ ...operator, region: "eu-west-1" });
        const { Instances = [] } = await far.send(
            new RunInstancesCommand({
                ImageId: "ami-12345678",
                InstanceType: "t3.micro",
                MinCount: 1,
                MaxCount: 1,
                IamInstanceProfile: { Name: nodeRole },
            }),
        );
        const { nodeRoles } = await look({ searchElsewhere: true });
        assert.deepEqual(nodeRoles[0]?.instancesElsewhere, [`eu-west-1/${Instances[0]?.InstanceId ?? ""}`]);
        assert.deepEqual((await look()).nodeRoles[0]?.instancesElsewhere, []);
    });

    describe("cannot look into regions", () => {
        const onlyHere = (...exempted: string[]) => [[fullAwsAccess, regionDeny([sandbox.region], exempted)]];
        afterEach(() => sandbox.setServiceControlPolicies([]));

        it("that the organization denies, and says so of each", async () => {
            await sandbox.setServiceControlPolicies(onlyHere());
            const { unreadRegions = [] } = await look({ searchElsewhere: true });
            assert.deepEqual([...new Set(unreadRegions.map(({ cause }) => cause))], ["serviceControlPolicy"]);
            const names = unreadRegions.map(({ region }) => region);
            assert.ok(names.includes("eu-west-1") && !names.includes(sandbox.region), names.join());
        });

        it("in which a service control policy denies one service alone, and says that it is another case", async () => {
            const user = await userWith(...LEAST_RIGHTS);
            await sandbox.setServiceControlPolicies([[fullAwsAccess, denyIn("eu-west-1", "ec2:DescribeInstances")]]);
            const { unreadRegions = [] } = await look({ searchElsewhere: true }, user);
            assert.deepEqual(
                unreadRegions.map(({ region, cause }) => [region, cause]),
                [["eu-west-1", "other"]],
            );
        });

        it("unless a principal is exempt, and sees the instances there", async () => {
            await sandbox.setServiceControlPolicies(onlyHere("arn:aws:iam::*:user/deployer"));
            const user = await userWith(...LEAST_RIGHTS);
            assert.equal((await look({ searchElsewhere: true }, user)).unreadRegions, undefined);
        });

        it("that the program leaves out", async () => {
            await sandbox.setServiceControlPolicies(onlyHere());
            const { unreadRegions, searchedRegions } = await look({ searchElsewhere: true, regions: [sandbox.region] });
            assert.deepEqual([unreadRegions, searchedRegions], [undefined, [sandbox.region]]);
        });

        it("and tells where IAM saw a role used last", async () => {
            // A connection keeps what it has seen.
            const own = connected(operator.credentials);
            assert.equal((await look({}, own)).nodeRoles[0]?.lastUsedIn, undefined);
            await sandbox.setRoleLastUsed(nodeRole, "eu-north-1");
            assert.deepEqual((await look({}, own)).nodeRoles[0]?.lastUsedIn, ["eu-north-1"]);
            await sandbox.setRoleLastUsed(nodeRole, sandbox.region);
        });

        function denyIn(region: string, Action: string): string {
            const Condition = { StringEquals: { "aws:RequestedRegion": region } };
            return JSON.stringify({
                Version: "2012-10-17",
                Statement: { Effect: "Deny", Action, Resource: "*", Condition },
            });
        }
    });

    describe("proves a role", () => {
        it("that trusts the cluster and has the managed policy", async () => {
            const roleArn = await makeRole("cni-v4");
            await access.attach("cni-v4", CNI_POLICY);
            const proof = await prove(roleArn);
            assert.equal(proof.verdict, "yes", JSON.stringify(proof));
            assert.equal(proof.evidence.length, 3);
            assert.match(proof.evidence[1] ?? "", /ec2:ModifyNetworkInterfaceAttribute/);
            assert.match(
                proof.evidence[2] ?? "",
                /IAM's policy simulator allows the role: ec2:AssignPrivateIpAddresses/,
            );
            assert.equal((await prove(roleArn, { instanceId: undefined })).verdict, "yes");
            assert.equal((await prove(roleArn, { ipFamily: "ipv6" })).verdict, "no");
        });

        it("that has the policy for IPv6", async () => {
            const roleArn = await makeRole("cni-v6");
            const PolicyDocument = JSON.stringify(ipv6CniPolicy("aws"));
            await iam.send(new PutRolePolicyCommand({ RoleName: "cni-v6", PolicyName: "cni", PolicyDocument }));
            const proof = await prove(roleArn, { ipFamily: "ipv6" });
            assert.equal(proof.verdict, "yes", JSON.stringify(proof));
            assert.equal((await prove(roleArn)).verdict, "no");
        });

        it("and not one that does not trust the cluster's service account", async () => {
            const roleArn = await makeRole("distrustful", trustOf(sandbox, "other"));
            assert.deepEqual(await prove(roleArn), {
                verdict: "no",
                code: "trust-refused",
                why:
                    `sts:AssumeRoleWithWebIdentity for ${roleArn} failed in ${sandbox.region}: Not authorized to perform ` +
                    "sts:AssumeRoleWithWebIdentity. The role does not trust this cluster's service account, or it does not exist, " +
                    "or IAM has not propagated it yet.",
                final: false,
            });
        });

        it("and not with a token for another audience", async () => {
            const config = loadKubeconfig(sandbox.kubeconfigPath);
            const token = await requestToken(config, { audience: "https://kubernetes.default.svc" });
            const roleArn = `arn:aws:iam::${sandbox.accountId}:role/cni-v4`;
            const proof = await prove(roleArn, { token });
            assert.equal(proof.verdict === "no" && proof.code, "token-refused", JSON.stringify(proof));
        });

        it("and not one without rights, naming the first that is missing", async () => {
            const roleArn = await makeRole("powerless");
            const proof = await prove(roleArn);
            assert.equal(proof.verdict === "no" && proof.code, "permission-missing", JSON.stringify(proof));
            assert.match(
                proof.verdict === "no" ? proof.why : "",
                /ec2:AttachNetworkInterface.*In its session, ec2:AttachNetworkInterface failed: /,
            );
        });

        it("as far as a simulation can, if its rights depend on tags, and leaves the rest to the canary", async () => {
            const roleArn = await makeRole("scoped");
            const PolicyDocument = JSON.stringify(scopedPolicy(sandbox.clusterName));
            await iam.send(new PutRolePolicyCommand({ RoleName: "scoped", PolicyName: "scoped", PolicyDocument }));
            const proof = await prove(roleArn);
            assert.ok(proof.verdict === "undecided", JSON.stringify(proof));
            assert.match(
                proof.why,
                /policy simulator cannot decide .*ec2:AssignPrivateIpAddresses.*conditions that only a real call meets/,
            );
        });

        it("only when IAM has put it into force", async () => {
            await sandbox.setAwsDelays({ enforcementSeconds: 2 });
            const roleArn = await makeRole("fresh");
            assert.equal((await prove(roleArn, { depth: "assumeRole" })).verdict, "no");
            await sleep(2100);
            await access.attach("fresh", CNI_POLICY);
            const early = await prove(roleArn);
            assert.notEqual(early.verdict, "yes", JSON.stringify(early));
            await sleep(2100);
            const proof = await prove(roleArn);
            assert.equal(proof.verdict, "yes", JSON.stringify(proof));
        });
    });

    describe("outside of a data perimeter, does not take for lost", () => {
        const request = () => {
            const trust = {
                issuer: sandbox.issuer.replace("https://", ""),
                subject: "system:serviceaccount:kube-system:aws-node",
            };
            return { depth: "assumeRole", trust } as const;
        };
        afterEach(() => sandbox.setResourceControlPolicies([]));

        it("a role whose trust policy asks for the nodes' network", async () => {
            const trust = trustOf(sandbox) as { Statement: { Condition: object }[] };
            Object.assign(trust.Statement[0]?.Condition ?? {}, { StringLike: { "aws:SourceVpc": "vpc-*" } });
            const proof = await prove(await makeRole("of-nodes", trust), request());
            assert.equal(proof.verdict, "undecided", JSON.stringify(proof));
            assert.match(
                proof.why,
                /and the role's trust policy names the service account: another policy may admit the nodes\.$/,
            );
        });

        it("a role that a resource control policy refuses to this machine", async () => {
            const roleArn = await makeRole("in-perimeter");
            assert.equal((await prove(roleArn, request())).verdict, "yes");
            const Condition = { Null: { "aws:SourceVpc": "true" } };
            const deny = { Effect: "Deny", Principal: "*", Action: "sts:*", Resource: "*", Condition };
            await sandbox.setResourceControlPolicies([JSON.stringify({ Version: "2012-10-17", Statement: [deny] })]);
            const proof = await prove(roleArn, request());
            assert.equal(proof.verdict, "undecided", JSON.stringify(proof));
            const own = await prove(roleArn, { ...request(), trust: trustOf(sandbox) as PolicyDocument });
            assert.equal(own.verdict, "undecided", JSON.stringify(own));
            const unread = await prove(roleArn, { depth: "assumeRole" });
            assert.equal(unread.verdict === "no" && unread.code, "trust-refused");
        });
    });

    it("assumes the role of the connection with the session of another one", async () => {
        const trusting = (AWS: string) => ({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" }],
        });
        const source = await makeRole(
            "AWSReservedSSO_PowerUser_0123456789abcdef",
            trusting(`arn:aws:iam::${sandbox.accountId}:root`),
        );
        const roleArn = await makeRole("deployer", trusting(source));
        const { Credentials } = await new STSClient(operator).send(
            new AssumeRoleCommand({ RoleArn: source, RoleSessionName: "jane@example.com" }),
        );
        const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
        const session = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
        const endpoints = { sts: sandbox.awsEndpoint };
        const chained = connectAws({ ...session, roleArn, endpoints }, { region: sandbox.region });
        assert.equal(await chained.callerAccount(), sandbox.accountId);
    });

    describe("needs of the operator's rights", () => {
        it("no more than is said", async () => {
            const user = await userWith(...LEAST_RIGHTS);
            assert.equal(await user.callerAccount(), sandbox.accountId);
            await look({ searchElsewhere: true }, user);
            assert.equal(await user.clusterStatus(sandbox.clusterName), "there");
            assert.deepEqual((await user.otherDelivery(sandbox.clusterName, AWS_NODE)).unread, []);
            assert.equal(await user.attach("changing", CNI_POLICY), "attached");
            assert.equal(await user.detach("changing", CNI_POLICY), "detached");
            const proof = await prove(`arn:aws:iam::${sandbox.accountId}:role/cni-v4`, {}, user);
            assert.equal(proof.verdict, "yes", JSON.stringify(proof));
        });

        for (const missing of [
            "ec2:DescribeInstances",
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
        ]) {
            it(`${missing}, and names it`, async () => {
                const user = await userWith(...LEAST_RIGHTS.filter((action) => action !== missing));
                await assert.rejects(look({}, user), (error: Refusal) => {
                    assert.equal(error.code, "aws-access-denied");
                    assert.equal(error.means, `The identity that the live checks use lacks ${missing}.`);
                    return true;
                });
            });
        }

        it("no simulation for a proof, which then takes the role's policies", async () => {
            const user = await userWith(...LEAST_RIGHTS.filter((action) => action !== "iam:SimulatePrincipalPolicy"));
            const start = { settings: undefined };
            const proof = await prove(`arn:aws:iam::${sandbox.accountId}:role/cni-v4`, { start }, user);
            assert.equal(proof.verdict, "yes", JSON.stringify(proof));
            assert.equal(
                proof.evidence[2],
                "The policies of the role allow, without a condition: ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses",
            );
        });
    });
});
