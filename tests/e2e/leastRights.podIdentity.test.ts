import {
    CreatePodIdentityAssociationCommand,
    DeletePodIdentityAssociationCommand,
    EKSClient,
    ListPodIdentityAssociationsCommand,
} from "@aws-sdk/client-eks";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import * as fs from "fs";
import type { Sandbox } from "local-eks";
import { operatorKubeconfig } from "local-eks/kubernetes";
import * as path from "path";
import { podIdentityTrustPolicy } from "../../documents/podIdentity";
import type { AwsAccess } from "../../handover/aws/awsAccess";
import { connectAws } from "../../handover/aws/connectAws";
import type { Refusal } from "../../handover/model/refusal";
import { Delivery } from "../../index";
import { clusterOf } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { actionsOf, MODES, operatorWith, rightsOf, withoutAction } from "./support/leastRights";
import { OwnAssociation } from "./support/ownAssociation";
import { describeNightly } from "./support/quiet";
import { resourcesOf } from "./support/states";

const NODE_ROLE = "sandbox-nodes";
const AWS_NODE = { namespace: "kube-system", name: "aws-node" };
const FILE = "iam-pod-identity.json";
/** docs/least-rights.md takes these out of the rights of the other deliveries. */
const OF_OIDC = ["iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider"];

describeNightly("the rights of docs/rights for the delivery podIdentity", function () {
    this.timeout(6 * 60_000);
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;

    before(async () => {
        sandbox = await handOverSandbox("least-rights-pod-identity", { podIdentityAgent: true });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await cluster.settled();
    });
    after(() => sandbox.stop());

    const eks = () => {
        const { awsEndpoint: endpoint, region } = sandbox;
        return new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    };
    const associationIds = async (): Promise<string[]> => {
        const { clusterName } = sandbox;
        const { associations = [] } = await eks().send(new ListPodIdentityAssociationsCommand({ clusterName }));
        return associations.map(({ associationId = "" }) => associationId);
    };
    const createRole = async (name: string): Promise<string> => {
        const { region, clusterName } = sandbox;
        const clusterArn = `arn:aws:eks:${region}:111122223333:cluster/${clusterName}`;
        const trust = podIdentityTrustPolicy({ clusterArn, serviceAccount: AWS_NODE });
        return (await iam.createRole(name, trust, [MANAGED_CNI_POLICY])).Arn ?? "";
    };

    describe("suffice", () => {
        let stack: Stack;

        before(async () => {
            stack = await handOverStack(sandbox);
            const rights = rightsOf(MODES.podIdentity, sandbox, `eks-cni/hand-over/${stack.name}/cni`);
            const documents = rights.iam.map(({ file, document }) => ({
                file,
                document: OF_OIDC.reduce(withoutAction, document),
            }));
            const keys = await operatorWith(sandbox, { ...rights, iam: documents });
            const kubeconfig = path.join(sandbox.directory, "operator.kubeconfig");
            fs.writeFileSync(kubeconfig, operatorKubeconfig(sandbox));
            Object.assign(stack.workspace.envVars, {
                KUBECONFIG: kubeconfig,
                AWS_ACCESS_KEY_ID: keys.accessKeyId,
                AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
            });
            await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], delivery: Delivery.PodIdentity });
        });
        after(() => stack.workspace.removeStack(stack.name, { force: true }));

        const associatedPods = async () =>
            (await cluster.awsNodePods()).filter(({ containers }) =>
                containers.every(({ podIdentity }) => podIdentity !== undefined),
            ).length;
        const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);

        it("for the hand-over, a second up and a refresh", async () => {
            await stack.up();
            assert.deepStrictEqual([await associatedPods(), await holdsPolicy()], [2, false]);
            await stack.up({ expectNoChanges: true });
            const { stdout } = await stack.refresh({ expectNoChanges: true });
            assert.doesNotMatch(stdout, /is not known/, "the refresh may not prove the role again");
        });

        it("for destroy", async () => {
            await stack.destroy();
            assert.deepStrictEqual([await associatedPods(), await holdsPolicy()], [0, true]);
            assert.deepStrictEqual([await associationIds(), await resourcesOf(stack)], [[], []]);
        });
    });

    describe("are each needed", () => {
        let roleArn: string;
        let anotherArn: string;

        before(async () => {
            roleArn = await createRole("cni-role-0000000");
            anotherArn = await createRole("cni-role-1111111");
        });
        beforeEach(async () => {
            const { clusterName } = sandbox;
            for (const associationId of await associationIds()) {
                await eks().send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
            }
        });

        const rights = (...files: string[]) =>
            rightsOf(files, sandbox, "eks-cni/network/prod/cni").iam.map(({ document }) => document);
        const without = (action: string, ...files: string[]) =>
            rights(...files).map((document) => JSON.stringify(withoutAction(document, action)));

        /** Each action of the AWS provider, and what it cannot do without it. */
        const ofProvider: Record<string, RegExp> = {
            "eks:CreatePodIdentityAssociation": /^creating EKS Pod Identity Association: /,
            // EKS needs these two of the caller who gives an association its role.
            "iam:PassRole": /^creating EKS Pod Identity Association: /,
            "iam:GetRole": /^creating EKS Pod Identity Association: /,
            // A refresh, and right after the creation.
            "eks:DescribePodIdentityAssociation": /^operation error EKS: DescribePodIdentityAssociation, /,
            "eks:UpdatePodIdentityAssociation": /^updating EKS Pod Identity Association \(a-\w+\): /,
        };
        const withProvider = async (action: string) =>
            (await OwnAssociation.with(sandbox, without(action, FILE))).createAndChange(roleArn, anotherArn);

        /** Those of the live checks, with the files that every configuration needs. */
        async function liveChecks(action: string): Promise<AwsAccess> {
            const policies = without(action, "iam-live-checks.json", FILE);
            const { accessKeyId, secretAccessKey } = await sandbox.createUser("operator", policies);
            const all = sandbox.awsEndpoint;
            const endpoints = { iam: all, sts: all, ec2: all, eks: all, eksauth: all };
            return connectAws({ accessKeyId, secretAccessKey, endpoints, region: sandbox.region });
        }
        const ofLiveChecks: Record<string, (action: string) => Promise<void>> = {
            "eks:DeletePodIdentityAssociation": async (action) => {
                const [associationId = ""] = await associated();
                const aws = await liveChecks(action);
                await assert.rejects(aws.deleteAssociation(sandbox.clusterName, associationId), (error: Refusal) => {
                    assert.strictEqual(error.code, "aws-access-denied");
                    assert.strictEqual(error.means, `The identity that the live checks use lacks ${action}.`);
                    assert.ok(error.fix.startsWith(`Allow ${action} for this identity, or set other credentials with`));
                    return true;
                });
                assert.deepStrictEqual(await associationIds(), [associationId]);
            },
            // Optional, both: the canary decides then.
            "eks-auth:AssumeRoleForPodIdentity": async (action) => {
                await associated();
                const { proof, final } = await podSession(action);
                assert.deepStrictEqual([proof.verdict, final], ["undecided", true]);
                assert.ok(
                    "why" in proof && proof.why.includes(`is not authorized to perform: ${action}`),
                    JSON.stringify(proof),
                );
            },
            "iam:SimulatePrincipalPolicy": async (action) => {
                assert.deepStrictEqual(await agentRights(action), { [NODE_ROLE]: "unknown" });
            },
        };
        const agentRights = async (action: string) => {
            const clusterArn = `arn:aws:eks:${sandbox.region}:111122223333:cluster/${sandbox.clusterName}`;
            return (await liveChecks(action)).agentRights([NODE_ROLE], clusterArn);
        };
        /** The session of a pod that runs, by a token that is bound to it. */
        const podSession = async (action: string) => {
            const [{ name = "", uid = "" } = {}] = (
                await cluster.core.listNamespacedPod({ namespace: "kube-system", labelSelector: "k8s-app=aws-node" })
            ).items.map(({ metadata }) => metadata ?? {});
            const boundObjectRef = { apiVersion: "v1", kind: "Pod", name, uid };
            const { status } = await cluster.core.createNamespacedServiceAccountToken({
                ...AWS_NODE,
                body: { spec: { audiences: ["pods.eks.amazonaws.com"], boundObjectRef } },
            });
            const { clusterName } = sandbox;
            const asked = { clusterName, roleArn, token: status?.token ?? "", instanceId: undefined };
            return (await liveChecks(action)).provePodSession({ ...asked, ipFamily: "ipv4", depth: "assumeRole" });
        };
        async function associated(): Promise<string[]> {
            const { clusterName } = sandbox;
            const asked = { clusterName, namespace: "kube-system", serviceAccount: "aws-node", roleArn };
            await eks().send(new CreatePodIdentityAssociationCommand(asked));
            return associationIds();
        }

        it("with a row here for each one of the file and no other", () => {
            assert.deepStrictEqual(
                rights(FILE).flatMap(actionsOf).sort(),
                [...Object.keys(ofProvider), ...Object.keys(ofLiveChecks)].sort(),
            );
        });

        it("and nothing else is asked for", async () => {
            await withProvider("nothing:AtAll");
            const [associationId = ""] = await associationIds();
            const aws = await liveChecks("nothing:AtAll");
            const seen = await aws.associations(sandbox.clusterName, AWS_NODE);
            assert.deepStrictEqual(seen.is === "seen" ? seen.associations.map((one) => [one.id, one.roleArn]) : seen, [
                [associationId, anotherArn],
            ]);
            await aws.deleteAssociation(sandbox.clusterName, associationId);
            assert.deepStrictEqual(await associationIds(), []);
            await associated();
            // IAM enforces the trust policy of a new role only after a second.
            let { proof } = await podSession("nothing:AtAll");
            for (let attempt = 0; proof.verdict === "undecided" && attempt < 10; attempt += 1) {
                await new Promise((resolve) => setTimeout(resolve, 500));
                ({ proof } = await podSession("nothing:AtAll"));
            }
            assert.deepStrictEqual(proof, {
                verdict: "yes",
                evidence: [`EKS Auth issues a session of ${roleArn} for a pod of the service account`],
            });
            // Another user of the same name, whose keys take the place of those.
            assert.deepStrictEqual(await agentRights("nothing:AtAll"), { [NODE_ROLE]: "allowed" });
        });

        for (const [action, stopsAt] of Object.entries(ofProvider)) {
            it(`${action}: stops the provider, with EKS's words, which name it`, async () => {
                await assert.rejects(withProvider(action), ({ message }: Error) => {
                    assert.match(message, stopsAt);
                    assert.ok(message.includes(` is not authorized to perform: ${action} on resource: `), message);
                    return true;
                });
            });
        }

        for (const [action, check] of Object.entries(ofLiveChecks)) {
            it(`${action}: ${/^(?:iam|eks-auth):/.test(action) ? "goes on, and leaves the question open" : "stops, names it, and says how to give it"}`, () =>
                check(action));
        }

        for (const action of ["eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation"]) {
            it(`${action}: leaves the association unread, and names it`, async () => {
                await associated();
                const seen = await (await liveChecks(action)).associations(sandbox.clusterName, AWS_NODE);
                assert.strictEqual(seen.is, "unread");
                assert.deepStrictEqual([seen.call.action, seen.call.cause], [action, "denied"]);
            });
        }
    });
});
