import { AdmissionregistrationV1Api } from "@kubernetes/client-node";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import type { Sandbox } from "local-eks";
import { setTimeout as sleep } from "timers/promises";
import { injectionGuardSpec } from "../../documents/injectionGuard";
import { clusterOf, uids } from "./support/cluster";
import { handOverSandbox, handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";
import { assertQuiet, describeNightly } from "./support/quiet";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
const ROLE_ARN = "eks.amazonaws.com/role-arn";
const PERSONS_ROLE = "role-of-a-person";
const argsOf = (roleName: string): PlainArgs => ({ detachFromNodeRoles: [NODE_ROLE], roleName });

describeNightly("two stacks, and a person, at the same aws-node at once", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stacks: readonly { readonly roleName: string; readonly stack: Stack }[];

    const roles = async () => [
        ...new Set(
            (await cluster.awsNodePods()).flatMap(({ containers }) =>
                containers.map(({ roleArn }) => roleArn?.split("/").at(-1)),
            ),
        ),
    ];
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY);
    const allReady = async () => (await cluster.awsNodePods()).every(({ ready }) => ready);
    const annotate = (roleArn: string) =>
        cluster.kubectl(
            "annotate",
            "serviceaccount",
            "aws-node",
            "-n",
            "kube-system",
            "--overwrite",
            `${ROLE_ARN}=${roleArn}`,
        );

    before(async () => {
        sandbox = await handOverSandbox("at-once", { agents: true, failedStartFactor: 0.02 });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        const names = ["cni-blue", "cni-green"];
        stacks = await Promise.all(names.map(async (roleName) => ({ roleName, stack: await handOverStack(sandbox) })));
        for (const { roleName, stack } of stacks) {
            await setArgs(stack, sandbox, argsOf(roleName));
        }
    });
    after(async () => {
        for (const { stack } of stacks) {
            await stack.workspace.removeStack(stack.name, { force: true });
        }
        await sandbox.stop();
    });

    it("do not undo each other: one stack hands over, the other is refused, and its destroy leaves the first as it is", async function () {
        this.timeout(600_000);
        const failures = await Promise.all(stacks.map(({ stack }) => failureOf(stack.up())));
        const winners = stacks.filter((_, index) => failures[index] === undefined);
        const losers = stacks.filter((_, index) => failures[index] !== undefined);
        assert.deepStrictEqual([winners.length, losers.length], [1, 1], failures.join("\n\n"));
        const [winner, loser] = [winners[0] ?? assert.fail(), losers[0] ?? assert.fail()];
        const reason = failures.find((failure) => failure !== undefined) ?? "";
        assert.match(reason, /\[(another-component|annotation-owned-by-another)\]|conflict/, reason);

        const pods = uids(await cluster.awsNodePods());
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[winner.roleName], false]);
        await loser.stack.destroy();
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[winner.roleName], false]);
        await assertQuiet(winner.stack, sandbox);

        await winner.stack.destroy();
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[undefined], true]);
        assert.deepStrictEqual(await cluster.annotations(), {});
    });

    it("leave a person's annotation alone that appears amid the rollout, and take it over as the message says", async function () {
        this.timeout(600_000);
        const [first = assert.fail()] = stacks;
        const { Arn: personsRole = "" } = await iam.createRole(PERSONS_ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY]);
        await setArgs(first.stack, sandbox, { ...argsOf(first.roleName), stableSeconds: 8 });
        const run = failureOf(first.stack.up());
        const isRunning = () => Promise.race([run.then(() => false), sleep(100, true)]);
        while (!(await roles()).includes(first.roleName) && (await isRunning()));
        await annotate(personsRole);
        const failure = (await run) ?? "";
        assert.match(failure, /\[annotation-owned-by-another\]/);
        assert.strictEqual((await cluster.annotations())[ROLE_ARN], personsRole);
        assert.deepStrictEqual([await allReady(), await holdsPolicy()], [true, true]);

        // As the message says.
        await setArgs(first.stack, sandbox, { ...argsOf(first.roleName), overrideExistingServiceAccount: true });
        await first.stack.up();
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[first.roleName], false]);
        await first.stack.destroy();
        assert.deepStrictEqual([await allReady(), await holdsPolicy()], [true, true]);
        assert.ok(!(await roles()).includes(first.roleName));
        await iam.removeRole(PERSONS_ROLE);
    });

    it("are refused where a stack that was lost has left its injection guard, until it is removed as the message says", async function () {
        this.timeout(600_000);
        const [first = assert.fail()] = stacks;
        const name = "eks-cni-lost";
        const spec = injectionGuardSpec({
            serviceAccount: { namespace: "kube-system", name: "aws-node" },
            roleArns: ["arn:aws:iam::111122223333:role/lost"],
        });
        const admission = cluster.config.makeApiClient(AdmissionregistrationV1Api);
        await admission.createValidatingAdmissionPolicy({ body: { metadata: { name }, spec } });
        await admission.createValidatingAdmissionPolicyBinding({
            body: { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"] } },
        });
        // API servers take up policies once a second.
        await sleep(3000);
        const pods = uids(await cluster.awsNodePods());
        await setArgs(first.stack, sandbox, argsOf(first.roleName));
        const failure = (await failureOf(first.stack.up())) ?? "";
        assert.match(failure, /\[another-injection-guard\]/);
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
        assert.deepStrictEqual(await cluster.annotations(), {});

        // As the message says.
        const [, remove = ""] = /remove its guard: kubectl ([^.]+)\./.exec(failure) ?? [];
        await cluster.kubectl(...remove.split(" "));
        await first.stack.up();
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[first.roleName], false]);
        await first.stack.destroy();
        assert.deepStrictEqual([await roles(), await holdsPolicy()], [[undefined], true]);
    });
});
