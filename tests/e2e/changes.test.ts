import * as assert from "assert";
import * as aws from "@pulumi/aws";
import type { Sandbox } from "local-eks";
import { CniServiceAccountRole, CniServiceAccountRoleArgs, Delivery } from "../../index";
import { clusterOf, uids } from "./support/cluster";
import { assertOrder, recordEvents } from "./support/events";
import { iamOf, tagsOf } from "./support/iam";
import { sandboxOf } from "./support/sandboxes";
import { createStack, withStack } from "./support/stacks";

const CNI = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";
const LOGS = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";
const READ = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

describe("what a change of the arguments does to a stack that is in use", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Awaited<ReturnType<typeof createStack>>;
    let args: CniServiceAccountRoleArgs;
    let role: { arn: string; name: string };

    before(async () => {
        sandbox = await sandboxOf("ipv4");
        [cluster, iam] = [clusterOf(sandbox), iamOf(sandbox)];
        await cluster.settled();
        args = { clusterName: sandbox.clusterName, liveChecks: false, tags: { team: "network" } };
        stack = await createStack(sandbox, () => {
            const cni = new CniServiceAccountRole("cni", args);
            return { arn: cni.ready, name: cni.roleName };
        });
        await applyChange({});
    });
    after(() => stack.destroy());

    /** Runs an update with the change. Returns its steps, except the update of the component's own inputs. */
    async function applyChange(change: Partial<CniServiceAccountRoleArgs>) {
        args = { ...args, ...change };
        const { onEvent, steps, done } = recordEvents();
        const { outputs } = await stack.up({ onEvent });
        role = { arn: String(outputs["arn"]?.value), name: String(outputs["name"]?.value) };
        return { steps, done: done().filter((step) => step !== "update cni") };
    }

    it("tags, description, session length and boundary of the role: in place, and no pod restarts", async () => {
        const [before, pods] = [await iam.role(role.name), await cluster.awsNodePods()];
        const { done } = await applyChange({
            tags: { team: "platform", stage: "test" },
            roleDescription: "For aws-node",
            maxSessionDuration: 7200,
            permissionsBoundary: READ,
        });
        assert.deepStrictEqual(done, ["update cni-role"]);
        const after = await iam.role(role.name);
        assert.strictEqual(after?.RoleId, before?.RoleId);
        assert.deepStrictEqual(tagsOf(after), { team: "platform", stage: "test" });
        assert.strictEqual(after?.Description, "For aws-node");
        assert.strictEqual(after.MaxSessionDuration, 7200);
        assert.strictEqual(after.PermissionsBoundary?.PermissionsBoundaryArn, READ);
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
    });

    it("additional policies that come, go or change places leave the others attached", async () => {
        const pods = await cluster.awsNodePods();
        for (const additionalPolicyArns of [[LOGS, SSM], [READ, SSM, LOGS], [LOGS]]) {
            await applyChange({ additionalPolicyArns });
            assert.deepStrictEqual(await iam.attachedPolicies(role.name), [CNI, ...additionalPolicyArns].sort());
        }
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
    });

    it("a role that is replaced: the new one has its permissions before the annotation moves, the old one goes last", async () => {
        const old = role;
        const { steps, done } = await applyChange({ rolePath: "/cni/" });
        assert.deepStrictEqual(done, [
            "create-replacement cni-additional-policy-aws/CloudWatchAgentServerPolicy",
            "create-replacement cni-cni-policy",
            "create-replacement cni-role",
            "delete-replaced cni-additional-policy-aws/CloudWatchAgentServerPolicy",
            "delete-replaced cni-cni-policy",
            "delete-replaced cni-role",
            "update cni-daemon-set",
            "update cni-service-account",
        ]);
        for (const attachment of ["cni-cni-policy", "cni-additional-policy-aws/CloudWatchAgentServerPolicy"]) {
            assertOrder(
                steps,
                "create-replacement cni-role",
                `create-replacement ${attachment}`,
                "update cni-service-account",
                "update cni-daemon-set",
                `delete-replaced ${attachment}`,
                "delete-replaced cni-role",
            );
        }
        assert.notStrictEqual(role.name, old.name);
        assert.strictEqual(await iam.role(old.name), undefined);
        for (const { containers } of await cluster.awsNodePods()) {
            assert.ok(containers.every(({ roleArn }) => roleArn === role.arn));
        }
    });

    it("the rollout's limit: nothing is done in the cluster", async () => {
        const pods = await cluster.awsNodePods();
        const { done } = await applyChange({ rollout: { timeoutSeconds: 300 } });
        assert.deepStrictEqual(done, []);
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), uids(pods));
    });

    it("the rollout turned off: its annotation goes, which restarts the pods once more, with their role", async () => {
        const { done } = await applyChange({ rollout: { enabled: false } });
        assert.deepStrictEqual(done, ["delete cni-daemon-set"]);
        await cluster.settled();
        for (const { containers } of await cluster.awsNodePods()) {
            assert.ok(containers.every(({ roleArn }) => roleArn === role.arn));
        }
    });

    it("default tags of an explicit AWS provider: in place, alongside the role's own, which win", async () => {
        let defaults: Record<string, string> = { team: "everybody", cost: "1" };
        const program = () => {
            const provider = new aws.Provider("tagged", { region: "us-west-2", defaultTags: { tags: defaults } });
            const { oidcProviderArn } = sandbox;
            const tagged = {
                oidcProviderArn,
                delivery: Delivery.External,
                liveChecks: false,
                tags: { team: "network" },
            };
            return { name: new CniServiceAccountRole("cni", tagged, { providers: [provider] }).roleName };
        };
        await withStack(sandbox, program, async (other) => {
            const tags = async () => {
                const { outputs, summary } = await other.up();
                const role = await iam.role(String(outputs["name"]?.value));
                return { tags: tagsOf(role), summary };
            };
            assert.deepStrictEqual((await tags()).tags, { team: "network", cost: "1" });
            defaults = { team: "everybody", stage: "test" };
            const second = await tags();
            assert.deepStrictEqual(second.tags, { team: "network", stage: "test" });
            assert.deepStrictEqual(second.summary.resourceChanges, { same: 3, update: 2 });
        });
    });
});
