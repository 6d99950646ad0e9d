import { CreatePolicyCommand, DeletePolicyCommand, DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as kubernetes from "@pulumi/kubernetes";
import * as assert from "assert";
import { rmSync, truncateSync } from "fs";
import { join } from "path";
import { CniServiceAccountRole, CniServiceAccountRoleArgs } from "../../index";
import { uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { apiServerProxy } from "./support/proxy";
import { failureOf, withStack } from "./support/stacks";
import { filesOf, stateOf } from "./support/states";
import { useSandbox } from "./support/useSandbox";

const ROLE_ARN = "eks.amazonaws.com/role-arn";
const CNI = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

describe("an update that something goes wrong with", () => {
    const on = useSandbox("ipv4");
    beforeEach(() => on.cluster.settled());
    afterEach(() => on.cluster.forgetKubectl());

    const programOf = (more: () => Partial<CniServiceAccountRoleArgs>) => () => {
        const cni = new CniServiceAccountRole("cni", {
            clusterName: on.sandbox.clusterName,
            liveChecks: false,
            ...more(),
        });
        return { ready: cni.ready, name: cni.roleName };
    };

    async function assertRoleOfPods(arn: unknown): Promise<void> {
        for (const { containers, ready } of await on.cluster.awsNodePods()) {
            assert.ok(ready && containers.every(({ roleArn }) => roleArn === arn));
        }
    }

    it("IAM refuses one policy: nothing is annotated, the pods go on, and the next up goes on from there", async () => {
        const missing = "arn:aws:iam::111122223333:policy/not-there-yet";
        const pods = await on.cluster.awsNodePods();
        await withStack(
            on.sandbox,
            programOf(() => ({ additionalPolicyArns: [missing] })),
            async (stack) => {
                assert.match((await failureOf(stack.up())) ?? "", /NoSuchEntity/);
                assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], undefined);
                assert.deepStrictEqual(uids(await on.cluster.awsNodePods()), uids(pods));

                const PolicyDocument = JSON.stringify({
                    Version: "2012-10-17",
                    Statement: [{ Effect: "Allow", Action: "logs:PutLogEvents", Resource: "*" }],
                });
                await on.iam.client.send(new CreatePolicyCommand({ PolicyName: "not-there-yet", PolicyDocument }));
                const { onEvent, done } = recordEvents();
                const { outputs } = await stack.up({ onEvent });
                const created = done().filter((step) => step.includes("cni-"));
                assert.deepStrictEqual(created, [
                    "create cni-additional-policy-111122223333/not-there-yet",
                    "create cni-daemon-set",
                    "create cni-service-account",
                ]);
                await assertRoleOfPods(outputs["ready"]?.value);
            },
        );
        await on.iam.client.send(new DeletePolicyCommand({ PolicyArn: missing }));
    });

    it("a kill leaves an empty file beside the state: the next up works once it is deleted", async () => {
        const program = programOf(() => ({}));
        await withStack(on.sandbox, program, async (stack) => {
            await stack.up();
            const [attributes = "", ...others] = await filesOf(on.sandbox, stack)
                .then((files) => files.map(({ file }) => join(stateOf(on.sandbox), file)))
                .then((files) => files.filter((file) => file.includes("stacks") && file.endsWith(".json.attrs")));
            assert.deepStrictEqual(others, []);
            truncateSync(attributes);
            assert.match((await failureOf(stack.up())) ?? "", /failed to load checkpoint: EOF/);
            rmSync(attributes);
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges?.["update"], undefined);
        });
    });

    it("the API server is out of reach while the role is replaced: the old role stays in use until the next up", async () => {
        const proxy = await apiServerProxy(on.sandbox);
        let rolePath = "/";
        const program = () => {
            const provider = new kubernetes.Provider("cut", { kubeconfig: proxy.kubeconfig });
            const args = { clusterName: on.sandbox.clusterName, liveChecks: false, rolePath };
            const cni = new CniServiceAccountRole("cni", args, { providers: [provider] });
            return { ready: cni.ready, name: cni.roleName };
        };
        try {
            await withStack(on.sandbox, program, async (stack) => {
                const before = (await stack.up()).outputs;
                const pods = await on.cluster.awsNodePods();
                rolePath = "/cni/";
                proxy.cut();
                try {
                    assert.match((await failureOf(stack.up())) ?? "", /cni-service-account[^]*(unreachable|failed)/);
                } finally {
                    proxy.reconnect();
                }
                assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], before["ready"]?.value);
                assert.deepStrictEqual(await on.iam.attachedPolicies(String(before["name"]?.value)), [CNI]);
                assert.deepStrictEqual(uids(await on.cluster.awsNodePods()), uids(pods));

                const { onEvent, done } = recordEvents();
                const { outputs } = await stack.up({ onEvent });
                assert.deepStrictEqual(
                    done().filter((step) => /create/.test(step)),
                    [],
                    "the new role is created twice",
                );
                assert.match(String(outputs["ready"]?.value), /:role\/cni\//);
                await assertRoleOfPods(outputs["ready"]?.value);
                assert.strictEqual(await on.iam.role(String(before["name"]?.value)), undefined);
            });
        } finally {
            await proxy.close();
        }
    });

    it("the webhook is down: up does not notice, the pods have no role, and deleting them gives it to them", async () => {
        await withStack(
            on.sandbox,
            programOf(() => ({})),
            async (stack) => {
                await on.sandbox.webhook.stop();
                try {
                    await stack.up();
                    await assertRoleOfPods(undefined);
                } finally {
                    await on.sandbox.webhook.start();
                }
                const { outputs } = await stack.up({ expectNoChanges: true });
                await assertRoleOfPods(undefined);
                await on.cluster.kubectl("delete", "pods", "-n", "kube-system", "-l", "k8s-app=aws-node");
                await on.cluster.settled();
                await assertRoleOfPods(outputs["ready"]?.value);
            },
        );
    });

    it("a policy detached by hand: refresh shows it, and up --refresh attaches it again and restarts nothing", async () => {
        await withStack(
            on.sandbox,
            programOf(() => ({})),
            async (stack) => {
                const { outputs } = await stack.up();
                const RoleName = String(outputs["name"]?.value);
                const pods = await on.cluster.awsNodePods();
                await on.iam.client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: CNI }));
                const { changeSummary } = await stack.previewRefresh();
                assert.deepStrictEqual(changeSummary, { delete: 1, same: 5 });
                const { onEvent, done } = recordEvents();
                await stack.up({ refresh: true, onEvent });
                assert.deepStrictEqual(await on.iam.attachedPolicies(RoleName), [CNI]);
                assert.ok(done().includes("create cni-cni-policy"));
                assert.deepStrictEqual(uids(await on.cluster.awsNodePods()), uids(pods));
            },
        );
    });

    it("an annotation changed by hand: up --refresh names who did it, and takes it back on request", async () => {
        let overrideExistingServiceAccount = false;
        await withStack(
            on.sandbox,
            programOf(() => ({ overrideExistingServiceAccount })),
            async (stack) => {
                const { outputs } = await stack.up();
                const byHand = `${ROLE_ARN}=arn:aws:iam::111122223333:role/by-hand`;
                const account = ["serviceaccount", "-n", "kube-system", "aws-node"];
                await on.cluster.kubectl("annotate", "--overwrite", ...account, byHand);
                const failure = await failureOf(stack.up({ refresh: true }));
                assert.match(failure ?? "", /The field manager "kubectl-annotate" owns the annotation/);
                overrideExistingServiceAccount = true;
                await stack.up({ refresh: true });
                assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], outputs["ready"]?.value);
                await assertRoleOfPods(outputs["ready"]?.value);
            },
        );
    });
});
