import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { CniServiceAccountRole, Delivery } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { iamOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { failureOf, withStack } from "./support/stacks";

const ROLE_ARN = "eks.amazonaws.com/role-arn";
const FOREIGN = "arn:aws:iam::111122223333:role/another-owners";

describe("the delivery of the role to the service account", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        cluster = clusterOf(sandbox);
    });
    beforeEach(() => cluster.settled());
    afterEach(() => cluster.forgetKubectl());

    it("external makes the role and touches nothing in the cluster", async () => {
        const program = () => {
            const cni = new CniServiceAccountRole("cni", {
                oidcProviderArn: sandbox.oidcProviderArn,
                delivery: Delivery.External,
                liveChecks: false,
            });
            return { roleName: cni.roleName, annotations: cni.serviceAccountAnnotations, ready: cni.ready };
        };
        const [pods, annotations] = [await cluster.awsNodePods(), await cluster.annotations()];
        await withStack(sandbox, program, async (stack) => {
            const { summary, outputs } = await stack.up();
            assert.deepStrictEqual(summary.resourceChanges, { create: 4 });
            const role = await iamOf(sandbox).role(String(outputs["roleName"]?.value));
            assert.deepStrictEqual(outputs["annotations"]?.value, { [ROLE_ARN]: role?.Arn });
            assert.strictEqual(outputs["ready"]?.value, role?.Arn);
            assert.deepStrictEqual(await cluster.annotations(), annotations);
            assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
        });
    });

    it("with the rollout off, the account is annotated and the pods stay", async () => {
        const program = () => {
            const args = { clusterName: sandbox.clusterName, rollout: { enabled: false } };
            return { ready: new CniServiceAccountRole("cni", args).ready };
        };
        const pods = await cluster.awsNodePods();
        await withStack(sandbox, program, async (stack) => {
            const { outputs } = await stack.up();
            assert.strictEqual((await cluster.annotations())[ROLE_ARN], outputs["ready"]?.value);
            assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
        });
    });

    it("an annotation of kubectl's is refused by name, and taken over on request", async () => {
        let overrideExistingServiceAccount = false;
        const program = () => {
            const args = { clusterName: sandbox.clusterName, liveChecks: false, overrideExistingServiceAccount };
            return { ready: new CniServiceAccountRole("cni", args).ready };
        };
        await cluster.kubectl("annotate", "serviceaccount", "-n", "kube-system", "aws-node", `${ROLE_ARN}=${FOREIGN}`);
        const pods = await cluster.awsNodePods();
        await withStack(sandbox, program, async (stack) => {
            const failure = await failureOf(stack.up());
            assert.match(
                failure ?? "",
                /The field manager "kubectl-annotate" owns the annotation of this service account/,
            );
            assert.match(failure ?? "", /overrideExistingServiceAccount: true/);
            assert.strictEqual((await cluster.annotations())[ROLE_ARN], FOREIGN);
            assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));

            overrideExistingServiceAccount = true;
            const { outputs } = await stack.up();
            assert.strictEqual((await cluster.annotations())[ROLE_ARN], outputs["ready"]?.value);
            for (const { containers } of await cluster.awsNodePods()) {
                assert.ok(containers.every(({ roleArn }) => roleArn === outputs["ready"]?.value));
            }
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 6 });
        });
        assert.strictEqual((await cluster.annotations())[ROLE_ARN], undefined);
    });

    it("a second component on the same service account is refused by the first one's name", async () => {
        const args = () => ({ clusterName: sandbox.clusterName, liveChecks: false });
        const first = () => ({ ready: new CniServiceAccountRole("first", args()).ready });
        const second = () => ({ ready: new CniServiceAccountRole("second", args()).ready });
        await withStack(sandbox, first, async (stack) => {
            await stack.up();
            const project = (await stack.workspace.projectSettings()).name;
            await withStack(sandbox, second, async (other) => {
                const failure = await failureOf(other.up());
                assert.match(
                    failure ?? "",
                    new RegExp(
                        `Another CniServiceAccountRole annotates this service account: eks-cni/${project}/test/first `,
                    ),
                );
            });
            assert.deepStrictEqual((await stack.up()).summary.resourceChanges, { same: 6 });
        });
    });
});
