import { EKSClient, ListAddonsCommand } from "@aws-sdk/client-eks";
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CoreV1Api } from "@kubernetes/client-node";
import * as assert from "assert";
import { randomUUID } from "crypto";
import * as fs from "fs";
import { type Sandbox, startSandbox } from "local-eks";
import { fullAwsAccess } from "local-eks/iam";
import { operatorKubeconfig, requestToken } from "local-eks/kubernetes";
import * as path from "path";
import type { AwsAccess } from "../../handover/aws/awsAccess";
import { connectAws } from "../../handover/aws/connectAws";
import type { ClusterAccess } from "../../handover/kubernetes/clusterAccess";
import { connectCluster } from "../../handover/kubernetes/connectCluster";
import { otherDeliveryRefusals } from "../../handover/decide/otherDelivery";
import { Refusal } from "../../handover/model/refusal";
import type { Subject } from "../../handover/model/subject";
import { AddOnOfTheProgram } from "./support/addOnOfTheProgram";
import { clusterOf } from "./support/cluster";
import { MANAGED_CNI_POLICY } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import {
    actionsOf,
    bind,
    eventually,
    createAddOnAndAssociation,
    MODES,
    RbacRight,
    rightsByVerb,
    rightsOf,
    withoutAction,
    withoutRight,
} from "./support/leastRights";

const NODE_ROLE = "sandbox-nodes";
const CNI_ROLE = "cni-role-0000000";
const FIELD_MANAGER = "eks-cni/network/prod/cni";
const AWS_NODE = { namespace: "kube-system", name: "aws-node" };

const subject: Subject = {
    component: "cni",
    fieldManager: FIELD_MANAGER,
    serviceAccount: AWS_NODE,
    daemonSetName: "aws-node",
    injectionGuardName: "eks-cni-network-prod-cni-a2047216",
    ipFamily: "ipv4",
    roleArn: "arn:aws:iam::111122223333:role/cni",
    issuers: [],
    annotations: {},
};

const DENIES_INSTANCES_IN_IRELAND = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
        Effect: "Deny",
        Action: "ec2:DescribeInstances",
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } },
    },
});

const UPDATE_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** The tests call the clients of the live checks directly, as the three resources do, and the AWS provider as the engine does. */
describe("a right that is missing", function () {
    this.timeout(60_000);
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let instanceIds: string[];
    let roleArn: string;

    before(async function () {
        this.timeout(240_000);
        sandbox = await startSandbox({
            name: `e2e-missing-rights-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.2,
            enforcementDelaySeconds: 0,
        });
        cluster = clusterOf(sandbox);
        const iam = iamOf(sandbox);
        roleArn = (await iam.createRole(CNI_ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
        const logs = { Effect: "Allow", Action: "logs:*", Resource: "*" };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [logs] });
        await iam.client.send(new PutRolePolicyCommand({ RoleName: NODE_ROLE, PolicyName: "logs", PolicyDocument }));
        await createAddOnAndAssociation(sandbox);
        const { items } = await cluster.config.makeApiClient(CoreV1Api).listNode();
        instanceIds = items.map(({ spec }) => spec?.providerID?.split("/").at(-1) ?? "");
    });
    after(() => sandbox.stop());

    describe("of IAM's, of the live checks", () => {
        const look = (aws: AwsAccess) =>
            aws.look({
                instanceIds,
                roleNames: [NODE_ROLE],
                ipFamily: "ipv4",
                searchElsewhere: true,
                clusterName: sandbox.clusterName,
            });
        const otherDelivery = async (aws: AwsAccess) =>
            (await aws.otherDelivery(sandbox.clusterName, AWS_NODE)).unread.map(({ why }) => why).join("\n");
        /** With `delivery: "eksAddon"`. */
        const giveRole = (aws: AwsAccess) =>
            aws.updateAddOn({
                clusterName: sandbox.clusterName,
                roleArn,
                configurationValues: undefined,
                clientRequestToken: randomUUID(),
            });
        const clusterByName = async (aws: AwsAccess) => {
            const named = await aws.namedCluster(sandbox.clusterName);
            return [await aws.clusterStatus(sandbox.clusterName), named.is === "unread" ? named.call.why : ""].join(
                "\n",
            );
        };
        const refusing: Record<string, (aws: AwsAccess) => Promise<unknown>> = {
            "ec2:DescribeInstances": look,
            "ec2:DescribeRegions": look,
            "iam:GetInstanceProfile": look,
            "iam:GetPolicy": look,
            "iam:GetPolicyVersion": look,
            "iam:GetRole": look,
            "iam:GetRolePolicy": look,
            "iam:ListAttachedRolePolicies": look,
            "iam:ListInstanceProfilesForRole": look,
            "iam:ListRolePolicies": look,
            "iam:AttachRolePolicy": (aws) => aws.attach(NODE_ROLE, MANAGED_CNI_POLICY),
            "iam:DetachRolePolicy": (aws) => aws.detach(NODE_ROLE, MANAGED_CNI_POLICY),
            "eks:UpdateAddon": giveRole,
            "eks:DescribeUpdate": async (aws) => {
                const sent = await giveRole(aws);
                assert.strictEqual(sent.is, "sent");
                return aws.addOnUpdate(sandbox.clusterName, sent.updateId);
            },
            // EKS makes this call for the caller of UpdateAddon.
            "iam:PassRole": giveRole,
        };
        /** These continue without the right, and report what is unknown. A run that detaches a policy refuses then. */
        const reporting: Record<string, { call: (aws: AwsAccess) => Promise<string>; expected: RegExp }> = {
            "eks:DescribeAddon": { call: otherDelivery, expected: /not authorized to perform: eks:DescribeAddon / },
            "eks:ListPodIdentityAssociations": {
                call: otherDelivery,
                expected: /not authorized to perform: eks:ListPodIdentityAssociations /,
            },
            "eks:DescribePodIdentityAssociation": {
                call: otherDelivery,
                expected: /not authorized to perform: eks:DescribePodIdentityAssociation /,
            },
            "eks:DescribeCluster": {
                call: clusterByName,
                expected:
                    /^unknown\nAWS rejected eks:DescribeCluster: .* not authorized to perform: eks:DescribeCluster /,
            },
            "eks:ListClusters": {
                // Asked only where a service control policy denies DescribeInstances, here this call alone.
                call: async (aws) => {
                    await sandbox.setServiceControlPolicies([[fullAwsAccess, DENIES_INSTANCES_IN_IRELAND]]);
                    const { unreadRegions = [] } = await look(aws);
                    await sandbox.setServiceControlPolicies([]);
                    return unreadRegions
                        .map(({ region, cause, answer }) => `${region}: ${cause}: ${answer}`)
                        .join("\n");
                },
                expected:
                    /^eu-west-1: other: .* not authorized to perform: eks:ListClusters .*no identity-based policy allows the eks:ListClusters/,
            },
            "iam:SimulatePrincipalPolicy": {
                call: async (aws) => {
                    const token = await requestToken(cluster.config);
                    const start = { settings: undefined };
                    const question = { roleArn, token, ipFamily: "ipv4", depth: "full", start } as const;
                    const proof = await aws.prove({ ...question, instanceId: instanceIds[0] });
                    const asked = { roleArn, token, ipFamily: "ipv4", instanceId: instanceIds[0] } as const;
                    const undecided = await aws.undecidedActions({ ...asked, settings: undefined });
                    assert.strictEqual(undecided, undefined, JSON.stringify(undecided));
                    return proof.verdict === "yes" ? proof.evidence.join("\n") : JSON.stringify(proof);
                },
                // The role's own policies decide what has no DryRun.
                expected:
                    /^The policies of the role allow, without a condition: ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses$/m,
            },
        };
        const files = ["iam-live-checks.json", "iam-proof.json", "iam-detachment.json", "iam-add-on.json"];

        async function without(action: string, ...more: string[]): Promise<AwsAccess> {
            const documents = rightsOf(files, sandbox, FIELD_MANAGER).iam.map(({ document }) => document);
            const policies = documents.map((document) => JSON.stringify(withoutAction(document, action)));
            return withPolicies([...policies, ...more]);
        }

        async function withPolicies(policies: string[]): Promise<AwsAccess> {
            const { accessKeyId, secretAccessKey } = await sandbox.createUser("operator", policies);
            const all = sandbox.awsEndpoint;
            const endpoints = { iam: all, sts: all, ec2: all, eks: all };
            return connectAws({ accessKeyId, secretAccessKey, endpoints, region: sandbox.region });
        }

        it("has a row here, each one of the files and no other", () => {
            const actionsInFiles = rightsOf(files, sandbox, FIELD_MANAGER).iam.flatMap(({ document }) =>
                actionsOf(document),
            );
            assert.deepStrictEqual(
                [...new Set(actionsInFiles)].sort(),
                [...Object.keys(refusing), ...Object.keys(reporting)].sort(),
            );
        });

        it("iam:PassRole: is found missing before anything moves, if the caller may simulate its own policies", async () => {
            const simulate = { Effect: "Allow", Action: "iam:SimulatePrincipalPolicy", Resource: "*" };
            const own = JSON.stringify({ Version: "2012-10-17", Statement: [simulate] });
            const ofAddOn = rightsOf(["iam-add-on.json"], sandbox, FIELD_MANAGER).iam.map(({ document }) => document);
            const answer = async (action: string, ...more: string[]) =>
                (
                    await withPolicies([...ofAddOn.map((one) => JSON.stringify(withoutAction(one, action))), ...more])
                ).mayPassRole(roleArn, "eks.amazonaws.com");
            assert.strictEqual(await answer("nothing:AtAll", own), "allowed");
            assert.strictEqual(await answer("iam:PassRole", own), "denied");
            assert.strictEqual(await answer("iam:PassRole"), "unknown");
            assert.strictEqual(
                await (await without("iam:PassRole", own)).mayPassRole(roleArn, "eks.amazonaws.com"),
                "denied",
            );
        });

        it("is the only thing that is asked for", async () => {
            const aws = await without("nothing:AtAll");
            for (const call of Object.values(refusing)) {
                await call(aws);
            }
            assert.strictEqual(await otherDelivery(aws), "");
            assert.strictEqual(await clusterByName(aws), "there\n");
        });

        for (const [action, call] of Object.entries(refusing)) {
            it(`${action}: stops, names it, and says how to give it`, async () => {
                const aws = await without(action);
                await assert.rejects(call(aws), (error: Refusal) => {
                    assert.strictEqual(error.code, "aws-access-denied");
                    assert.strictEqual(error.means, `The identity that the live checks use lacks ${action}.`);
                    assert.ok(error.seen.includes(`not authorized to perform: ${action}`), error.seen);
                    assert.ok(error.fix.startsWith(`Allow ${action} for this identity, or set other credentials with`));
                    return true;
                });
            });
        }

        for (const [action, { call, expected }] of Object.entries(reporting)) {
            it(`${action}: goes on, and tells what is not known`, async () => {
                assert.match(await call(await without(action)), expected);
            });
        }

        for (const action of Object.keys(reporting).filter((name) => /Addon|PodIdentity/.test(name))) {
            it(`${action}: stops a run that detaches a policy, names it, and says how to give it`, async () => {
                const seen = await (await without(action)).otherDelivery(sandbox.clusterName, AWS_NODE);
                const unread = otherDeliveryRefusals(subject, seen, true).filter(
                    ({ code }) => code === "other-delivery-unread",
                );
                assert.strictEqual(unread.length, 1);
                assert.ok(unread[0]?.fix.startsWith(`Allow ${action} for this identity `), unread[0]?.fix);
            });
        }
    });

    describe("of IAM's, of the AWS provider, for an add-on of the program", () => {
        const FILE = "iam-add-on-of-the-program.json";
        /** Each action of the file, and what the provider cannot do without it. */
        const refusing: Record<string, string> = {
            "eks:CreateAddon": "creating EKS Add-On (ID)",
            "iam:PassRole": "creating EKS Add-On (ID)",
            // The provider waits until the add-on is ACTIVE.
            "eks:DescribeAddon": "waiting for EKS Add-On (ID) create",
            "eks:UpdateAddon": "updating EKS Add-On (ID)",
            "eks:DescribeUpdate": "waiting for EKS Add-On (ID) update (UPDATE)",
            "eks:DeleteAddon": "deleting EKS Add-On (ID)",
        };
        const eks = () => {
            const { awsEndpoint: endpoint, region } = sandbox;
            return new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
        };
        /** The program has no add-on, as before its first update. */
        const removeAddOn = async () => {
            const { addons = [] } = await eks().send(new ListAddonsCommand({ clusterName: sandbox.clusterName }));
            if (addons.length > 0) {
                await sandbox.addOn.delete({ preserve: true });
            }
        };
        beforeEach(removeAddOn);

        const documents = () => rightsOf([FILE], sandbox, FIELD_MANAGER).iam.map(({ document }) => document);
        const without = (action: string) =>
            AddOnOfTheProgram.with(
                sandbox,
                roleArn,
                documents().map((document) => JSON.stringify(withoutAction(document, action))),
            );

        it("has a row here, each one of the file and no other", () => {
            assert.deepStrictEqual(documents().flatMap(actionsOf).sort(), Object.keys(refusing).sort());
        });

        it("is the only thing that is asked for", async () => {
            await (await without("nothing:AtAll")).liveAndDie();
        });

        for (const [action, stopsAt] of Object.entries(refusing)) {
            it(`${action}: stops the provider at "${stopsAt}", with EKS's words, which name it`, async () => {
                const addOn = await without(action);
                await assert.rejects(addOn.liveAndDie(), ({ message }: Error) => {
                    const words = message.replace(`${sandbox.clusterName}:vpc-cni`, "ID").replace(UPDATE_ID, "UPDATE");
                    assert.ok(words.startsWith(`${stopsAt}: `), message);
                    assert.ok(message.includes(` is not authorized to perform: ${action} on resource: `), message);
                    return true;
                });
            });
        }
    });

    describe("of RBAC's, of the live checks", () => {
        const look = (access: ClusterAccess) => access.look();
        /** RBAC knows a right late, so that an earlier call may have created the guard. */
        const guardAgain = async (access: ClusterAccess) => {
            await access.removeInjectionGuard();
            await access.createInjectionGuard([roleArn]);
            await access.removeInjectionGuard();
        };
        const refusing: Record<RbacRight, (access: ClusterAccess) => Promise<unknown>> = {
            "get namespaces": look,
            "list nodes": look,
            "list pods": look,
            "list events": look,
            "list serviceaccounts": look,
            "list daemonsets.apps": look,
            "list controllerrevisions.apps": look,
            "get validatingadmissionpolicies.admissionregistration.k8s.io": look,
            "get validatingadmissionpolicybindings.admissionregistration.k8s.io": look,
            "create serviceaccounts/token": (access) => access.requestToken(),
            "get serviceaccounts": (access) => access.annotate({}, false),
            "patch serviceaccounts": (access) => access.annotate({}, false),
            "get daemonsets.apps": (access) => access.releaseTemplate(),
            "patch daemonsets.apps": (access) => access.releaseTemplate(),
            "delete pods": (access) => access.restart({ name: "aws-node-x", uid: "0" }),
            ...Object.fromEntries(
                ["create", "patch", "delete"].flatMap((verb) =>
                    ["policies", "policybindings"].map((kind) => [
                        `${verb} validatingadmission${kind}.admissionregistration.k8s.io`,
                        guardAgain,
                    ]),
                ),
            ),
        };
        /** Without these, the live checks look every two seconds. The Kubernetes provider also needs them, to await a rollout. */
        const watches = ["watch daemonsets.apps", "watch events", "watch pods", "watch serviceaccounts"];

        async function without(right: RbacRight): Promise<ClusterAccess> {
            const { rbac } = rightsOf(MODES.detachFromNodeRoles, sandbox, FIELD_MANAGER);
            await bind(sandbox, withoutRight(rbac, right));
            return connectCluster({ kubeconfig: operatorKubeconfig(sandbox) }, { ...subject, roleArn });
        }

        it("has a row here, each one of the files and no other", () => {
            const { rbac } = rightsOf(MODES.detachFromNodeRoles, sandbox, FIELD_MANAGER);
            assert.deepStrictEqual(rightsByVerb(rbac), [...Object.keys(refusing), ...watches].sort());
        });

        for (const [right, call] of Object.entries(refusing)) {
            it(`${right}: stops, names it, and says how to give it`, async () => {
                const access = await without(right);
                const refusal = await refusalOf(call, access);
                access.close();
                const [verb = "", resource = ""] = right.split(" ");
                const [kind = "", subresource] = resource.split("/");
                assert.strictEqual(refusal.code, "cluster-access-denied");
                assert.ok(refusal.seen.includes(` forbids \`${verb} ${resource}`), refusal.seen);
                assert.match(refusal.seen, new RegExp(`cannot ${verb} resource "${resource.split(".")[0] ?? ""}"`));
                const command =
                    /`(kubectl --kubeconfig FILE auth can-i .*)` must print yes/.exec(refusal.fix)?.[1] ?? "";
                assert.ok(command.startsWith(`kubectl --kubeconfig FILE auth can-i ${verb} ${kind}`), command);
                assert.strictEqual(command.includes("--subresource"), subresource !== undefined);
                assert.strictEqual(await canI(command), "no");
                (await without("nothing at all")).close();
                await eventually(async () => (await canI(command)) === "yes");
            });
        }

        async function refusalOf(call: (access: ClusterAccess) => Promise<unknown>, access: ClusterAccess) {
            let refusal: unknown;
            await eventually(() =>
                call(access).then(
                    () => false,
                    (error: unknown) => {
                        refusal = error;
                        return true;
                    },
                ),
            );
            assert.ok(refusal instanceof Refusal, String(refusal));
            return refusal;
        }

        /** Runs the command of the message with the real kubectl, as the operator. kubectl exits with 1 if it prints "no". */
        async function canI(command: string): Promise<string> {
            const file = path.join(sandbox.directory, "operator.kubeconfig");
            fs.writeFileSync(file, operatorKubeconfig(sandbox));
            const answer = cluster.kubectl(...command.replace("FILE", file).split(" ").slice(1));
            return (await answer.catch((error: unknown) => (error as { stdout: string }).stdout)).trim();
        }
    });
});
