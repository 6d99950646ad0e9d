import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { writeFileSync } from "fs";
import type { Sandbox } from "local-eks";
import { loadKubeconfig, requestToken } from "local-eks/kubernetes";
import * as path from "path";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { credentialCommand, expiredToken, kubeconfigWith, setEnvironment, watchGaps } from "./support/faults";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { assertQuiet, describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
/** As IAM Identity Center names and places it: https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html */
const SSO = {
    RoleName: "AWSReservedSSO_PowerUser_0123456789abcdef",
    Path: "/aws-reserved/sso.amazonaws.com/us-west-2/",
};

const document = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

describeNightly("the credentials of people", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let watching: Awaited<ReturnType<typeof watchGaps>>;
    let workingEnvironment: Record<string, string>;
    let deployer: string;

    const arnOf = (name: string, rolePath = "/") => `arn:aws:iam::${sandbox.accountId}:role${rolePath}${name}`;
    const isHandedOver = async () => {
        assert.deepStrictEqual((await stack.outputs())["detachedFrom"]?.value, [NODE_ROLE]);
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    };
    const isHandedBack = async () => {
        const pods = await cluster.awsNodePods();
        assert.ok(pods.every(({ containers }) => containers.every(({ roleArn }) => roleArn === undefined)));
        assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.deepStrictEqual(watching.gaps(), []);
    };
    const giveRole = async (role: { RoleName: string; Path?: string }, trust: string, ...statements: object[]) => {
        await iam.client.send(new CreateRoleCommand({ ...role, AssumeRolePolicyDocument: trust }));
        for (const [index, statement] of statements.entries()) {
            const PolicyDocument = document(statement);
            await iam.client.send(
                new PutRolePolicyCommand({ RoleName: role.RoleName, PolicyName: `p${String(index)}`, PolicyDocument }),
            );
        }
    };

    before(async () => {
        sandbox = await handOverSandbox("people");
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        // The programs' own resources need IAM and EKS. Only the deployer may do what the live checks do.
        const own = { Action: ["iam:*", "eks:Describe*", "sts:AssumeRole"], Resource: "*" };
        const operator = { AWS: `arn:aws:iam::${sandbox.accountId}:user/operator` };
        await giveRole(SSO, document({ Principal: operator, Action: "sts:AssumeRole" }), own);
        const pipeline = JSON.stringify(trustOf(sandbox)).replace("kube-system:aws-node", "default:default");
        await giveRole({ RoleName: "pipeline" }, pipeline, own);
        const people = { AWS: [arnOf(SSO.RoleName, SSO.Path), arnOf("pipeline")] };
        const all = { Action: "*", Resource: "*" };
        await giveRole({ RoleName: "deployer" }, document({ Principal: people, Action: "sts:AssumeRole" }), all);
        deployer = arnOf("deployer");
        // IAM enforces the roles after a second.
        await new Promise((resolve) => setTimeout(resolve, 2000));
        watching = await watchGaps(sandbox);
        stack = await handOverStack(sandbox);
        workingEnvironment = {
            ...stack.workspace.envVars,
            AWS_SESSION_TOKEN: "",
            AWS_WEB_IDENTITY_TOKEN_FILE: "",
            AWS_ROLE_ARN: "",
        };
    });
    beforeEach(() => setEnvironment(stack, workingEnvironment));
    after(async () => {
        watching.stop();
        await stack.workspace.removeStack(stack.name, { force: true });
        await sandbox.stop();
    });

    it("a session of IAM Identity Center that assumes another role: the whole job, quiet, and back", async () => {
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const sts = new STSClient({ endpoint: sandbox.awsEndpoint, region: sandbox.region, credentials });
        // In the place of the access portal, which would ask for a login.
        const RoleArn = arnOf(SSO.RoleName, SSO.Path);
        const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "jane@example.com" }));
        const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
        setEnvironment(stack, {
            AWS_ACCESS_KEY_ID: AccessKeyId,
            AWS_SECRET_ACCESS_KEY: SecretAccessKey,
            AWS_SESSION_TOKEN: SessionToken,
        });
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE] });
        assert.match((await failureOf(stack.up())) ?? "", /\[aws-access-denied\].*AWSReservedSSO_PowerUser/s);
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], aws: { roleArn: deployer } });
        await stack.up();
        await isHandedOver();
        await assertQuiet(stack, sandbox);
        await stack.destroy();
        await isHandedBack();
    }).timeout(600_000);

    it("a session of an OIDC provider, as a pipeline has it, that assumes another role: the whole job, and back", async () => {
        const file = path.join(sandbox.directory, "pipeline-token");
        const of = { namespace: "default", serviceAccount: "default" };
        writeFileSync(file, await requestToken(loadKubeconfig(sandbox.kubeconfigPath), of));
        setEnvironment(stack, {
            AWS_ACCESS_KEY_ID: "",
            AWS_SECRET_ACCESS_KEY: "",
            AWS_WEB_IDENTITY_TOKEN_FILE: file,
            AWS_ROLE_ARN: arnOf("pipeline"),
        });
        await setArgs(stack, sandbox, { detachFromNodeRoles: [NODE_ROLE], aws: { roleArn: deployer } });
        await stack.up();
        await isHandedOver();
        await stack.destroy();
        await isHandedBack();
    }).timeout(600_000);

    describe("a kubeconfig with a token", () => {
        const first = () => loadKubeconfig(sandbox.kubeconfigPath).getCurrentUser()?.token ?? "";
        const withToken = (token: string) =>
            setArgs(stack, sandbox, {
                detachFromNodeRoles: [NODE_ROLE],
                kubeconfig: kubeconfigWith(sandbox, { token }),
            });

        before(async function () {
            this.timeout(600_000);
            // The hook of each test comes later.
            setEnvironment(stack, workingEnvironment);
            // For the Kubernetes provider, which is not under test.
            await stack.setConfig("kubernetes:kubeconfig", { value: sandbox.kubeconfigPath });
            await withToken(first());
            await stack.up();
            await isHandedOver();
        });

        it("that differs in each run: no diff in any resource, the component included", async () => {
            const { kubectl } = cluster;
            await kubectl("create", "serviceaccount", "deployer", "-n", "default");
            const binding = ["--clusterrole=cluster-admin", "--serviceaccount=default:deployer"];
            await kubectl("create", "clusterrolebinding", "deployer", ...binding);
            const of = { namespace: "default", serviceAccount: "deployer", audience: sandbox.issuer };
            const token = await requestToken(loadKubeconfig(sandbox.kubeconfigPath), of);
            assert.notStrictEqual(token, first());
            await withToken(token);
            await stack.preview({ expectNoChanges: true });
            const { done, onEvent } = recordEvents();
            await stack.up({ expectNoChanges: true, onEvent });
            // The test's program takes its arguments from the stack's configuration, and the engine gives all of it to the provider of dynamic
            // resources: github.com/pulumi/pulumi pkg/resource/deploy/target.go, GetPackageConfig.
            const ofEngine = "update default";
            assert.deepStrictEqual(
                done().filter((step) => step !== ofEngine),
                [],
            );
            await stack.up({ expectNoChanges: true, refresh: true });
        }).timeout(600_000);

        it("that is over by destroy: says which command gets another one, and with it the same command goes on", async () => {
            const state = await stack.exportStack();
            const text = JSON.stringify(state.deployment);
            assert.ok(text.includes(first()), "the state has the token of the last update that changed something");
            const deployment = JSON.parse(text.replaceAll(first(), expiredToken())) as object;
            await stack.importStack({ ...state, deployment });
            const pods = uids(await cluster.awsNodePods());
            const file = path.join(sandbox.directory, "of-the-operator");
            setEnvironment(stack, { KUBECONFIG: file });

            for (const failure of [await failureOf(stack.refresh()), await failureOf(stack.destroy())]) {
                assert.match(failure ?? "", /\[cluster-credentials-expired\] .*expired at 2023-11-14T22:13:20.000Z/s);
                assert.match(
                    failure ?? "",
                    /Run `aws eks update-kubeconfig --name sandbox`, and then the same Pulumi command/,
                );
                assert.match(failure ?? "", /`kubectl create token deployer --namespace ci` prints one/);
                assert.ok(!failure?.includes(expiredToken()));
            }
            assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
            await isHandedOver();

            // As `aws eks update-kubeconfig` writes it.
            writeFileSync(file, kubeconfigWith(sandbox, credentialCommand(sandbox, 60).user));
            const { stdout } = await stack.destroy();
            assert.match(stdout, /refuses the token of the kubeconfig in the state: going on as the user/);
            await isHandedBack();
        }).timeout(600_000);
    });
});
