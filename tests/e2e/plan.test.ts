import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { type Sandbox, startSandbox } from "local-eks";
import { injectionGuardName } from "../../components/live/injectionGuardName";
import { countCalls, Counted, CountedCalls } from "./support/calls";
import { clusterOf } from "./support/cluster";
import { handOverStack, MANAGED_CNI_POLICY, PlainArgs, setArgs } from "./support/handOver";
import { iamOf } from "./support/iam";
import { joinNodeWith } from "./support/nodeGroups";
import { failureOf } from "./support/stacks";

const NODE_ROLE = "sandbox-nodes";
/** The role of a node group that is added later. */
const LATE_NODE_ROLE = "late-nodes";
const TITLE = "Plan for the cluster:";
const DETACH = `[detach] ${MANAGED_CNI_POLICY} is detached from ${NODE_ROLE} once every pod carries the role.`;
const NODE_ROLE_LOSES =
    `[node-role] With the policies, ${NODE_ROLE} also loses ec2:DescribeNetworkInterfaces, ec2:DescribeTags. Other programs on its nodes that use ` +
    "this role lose them, too: pods with host network, and pods that reach the instance metadata.";
const ATTACH = `[attach] ${MANAGED_CNI_POLICY} is attached again to ${NODE_ROLE}, before the service account gets another role.`;
/** QUICK sets iamPropagationSeconds. */
const PROPAGATION = "[attach] The update then waits 3 s until IAM enforces the attached policies.";
const NO_RESTART = "[no-restart] No pod restarts.";
const ANNOTATE = "[annotate] The service account kube-system/aws-node is annotated with the role.";
/** Enough for a busy machine. */
const SECONDS = "120";
const IN_KUBE_SYSTEM = ["--namespace", "kube-system"];
const NO_PLAN = "There is no plan for the hand-over yet:";

describe("a preview", () => {
    let sandbox: Sandbox;
    let calls: CountedCalls;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let stack: Stack;
    let named: PlainArgs & { readonly kubeconfig: string };
    const names = async () => (await cluster.awsNodePods()).map(({ pod }) => pod).sort();

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-plan-${String(process.pid)}`,
            ownerPid: process.pid,
            subnets: 2,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
            agents: true,
            failedStartFactor: 0.02,
        });
        calls = await countCalls(sandbox);
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        stack = await handOverStack(sandbox);
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = SECONDS;
        named = { ...calls.args, detachFromNodeRoles: [NODE_ROLE] };
    });
    after(async () => {
        await stack.workspace.removeStack(stack.name, { force: true });
        await calls.close();
        await sandbox.stop();
    });

    /** Runs a preview. Returns the lines that it shows for the component, and the calls that it made. */
    async function preview(args: PlainArgs, of = stack): Promise<{ lines: string[]; counted: Counted }> {
        await setArgs(of, sandbox, args);
        calls.take();
        const lines: string[] = [];
        await of.preview({ onEvent: (event) => lines.push(...messagesOfComponent(event)) });
        return { lines, counted: calls.take() };
    }

    it("of a cluster that is to be made says in one line what is not known yet", async () => {
        const other = await handOverStack(sandbox, "cluster-to-be-made");
        other.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = SECONDS;
        const { lines } = await preview({}, other);
        await other.workspace.removeStack(other.name, { force: true });
        assert.deepStrictEqual(lines, [`${NO_PLAN} oidcProviderArn, region are not known yet`]);
    });

    it("of a cluster that does not answer says so in one line, with what to do, and does not fail", async () => {
        const kubeconfig = named.kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/g, "https://127.0.0.1:9");
        const { lines } = await preview({ ...named, kubeconfig });
        assert.strictEqual(lines.length, 1);
        const reached =
            "The API server at 127\\.0\\.0\\.1:9 could not be reached: \\d+ attempts, the last failed with: ECONNREFUSED\\.";
        assert.match(
            lines[0] ?? "",
            new RegExp(`^${NO_PLAN} \\[cluster-unreachable\\] ${reached} .* Check \`kubeconfig\` .*$`),
        );
    });

    it("reaches nothing and says nothing where the run is to look at nothing", async () => {
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = "0";
        assert.deepStrictEqual(await preview(named), { lines: [], counted: { writes: {}, reads: {} } });
        stack.workspace.envVars["EKS_CNI_PREVIEW_SECONDS"] = SECONDS;
    });

    it("lists every reason for which the update would refuse, and so does the update", async () => {
        const { lines } = await preview({
            ...named,
            detachFromNodeRoles: ["other-nodes"],
            existingRoleArn: "arn:aws:iam::999999999999:role/theirs",
        });
        const [title, ...reasons] = lines;
        assert.strictEqual(title, "The update would stop, for 3 reasons:");
        const codes = reasons.map((line) => /^\[([a-z-]+)\]/.exec(line)?.[1]);
        assert.deepStrictEqual(codes, ["wrong-account", "node-role-missing", "node-role-not-named"]);
        const failure = (await failureOf(stack.up())) ?? "";
        for (const reason of reasons) {
            assert.ok(failure.includes(reason), failure);
        }
    });

    it("of a first hand-over tells what it may do to network policies, and to the legacy controller for Windows pods", async () => {
        const setArguments = async (args: readonly string[]) => {
            const patch = [{ op: "replace", path: "/spec/template/spec/containers/1/args", value: args }];
            await cluster.kubectl(
                ...IN_KUBE_SYSTEM,
                "patch",
                "daemonset/aws-node",
                "--type=json",
                `-p=${JSON.stringify(patch)}`,
            );
            await cluster.settled();
        };
        const [, agent] = (await cluster.daemonSet()).spec?.template.spec?.containers ?? [];
        assert.strictEqual(agent?.name, "aws-eks-nodeagent");
        const controller = {
            metadata: { labels: { app: "vpc-resource-controller" } },
            spec: {
                hostNetwork: true,
                nodeName: (await cluster.awsNodePods())[0]?.node,
                tolerations: [{ operator: "Exists" }],
            },
        };
        const pod = ["vpc-resource-controller", "--image=controller", `--overrides=${JSON.stringify(controller)}`];
        await cluster.kubectl(...IN_KUBE_SYSTEM, "run", ...pod);
        await setArguments([...(agent.args ?? []), "--enable-network-policy=true"]);
        const { lines } = await preview(named);
        assert.match(
            lines.find((line) => line.startsWith("[vpc-resource-controller]")) ?? "",
            new RegExp(`runs on ${controller.spec.nodeName ?? ""} with ${NODE_ROLE}, and loses the policies, too`),
        );
        assert.match(lines.at(-1) ?? "", /^\[network-policy\] This cluster enforces network policies\./);

        await cluster.kubectl(...IN_KUBE_SYSTEM, "delete", "pod/vpc-resource-controller", "--now");
        await setArguments(agent.args ?? []);
        const without = (await preview(named)).lines.join("\n");
        assert.match(without, /\[restart\]/);
        assert.doesNotMatch(without, /\[(vpc-resource-controller|network-policy)\]/);
    });

    it("of a first hand-over reads only, and tells what the update then does", async () => {
        const before = await names();
        const { lines, counted } = await preview(named);
        const found = lines.flatMap((line) => {
            const [, pod = "", node = ""] = /^\[canary\] (\S+) on (\S+), a node of sandbox-nodes/.exec(line) ?? [];
            return pod === "" ? [] : [{ pod, node }];
        });
        // One for each of the two subnets.
        assert.strictEqual(found.length, 2);
        const others = before.filter((name) => !found.some(({ pod }) => pod === name));
        assert.deepStrictEqual(lines, [
            TITLE,
            ANNOTATE,
            ...found.map(
                ({ pod, node }) =>
                    `[canary] ${pod} on ${node}, a node of ${NODE_ROLE}, restarts first and is watched for 1 s.`,
            ),
            `[restart] 1 more pod restarts in waves of up to 1, about 1 minute in all: ${others.join(", ")}.`,
            `[guard] The admission policy ${injectionGuardName(`eks-cni/hand-over/${stack.name}/cni`)} is created. From then on it refuses new pods without the role.`,
            DETACH,
            NODE_ROLE_LOSES,
        ]);
        assert.deepStrictEqual(counted.writes, {});
        assert.deepStrictEqual(
            Object.keys(counted.reads).filter(
                (call) => !/^(GET|LIST|ec2 Describe|iam (Get|List)|eks GET|sts GetCaller)/.test(call),
            ),
            [],
        );
        // The DaemonSet's, those of the service account that are not, and the legacy controller's.
        assert.strictEqual(counted.reads["LIST pods"], 3);

        const progress: string[] = [];
        await stack.up({ onEvent: ({ diagnosticEvent }) => void progress.push(diagnosticEvent?.message ?? "") });
        const shown = progress.join("");
        const canaries = shown.matchAll(
            /canary aws-node-\S+ on (\S+) of (\S+) in subnet-\w+: restarts first, with the role/g,
        );
        assert.deepStrictEqual(
            [...canaries].map(([, on, role]) => [on, role]),
            found.map(({ node }) => [node, NODE_ROLE]),
        );
        assert.match(shown, /3 pods carry the role: detaching the policies from sandbox-nodes/);
        assert.deepStrictEqual(
            (await names()).filter((name) => before.includes(name)),
            [],
        );
        assert.deepStrictEqual(calls.take().writes, {
            "DELETE pods": 3,
            "PATCH validatingadmissionpolicies": 1,
            "PATCH validatingadmissionpolicybindings": 1,
            "iam DetachRolePolicy": 1,
        });
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
    });

    it("of an update that changes nothing looks once, and says nothing", async () => {
        const { lines, counted } = await preview(named);
        assert.deepStrictEqual([lines, counted.writes], [[], {}]);
        // The DaemonSet's, and those of the service account that are not.
        assert.strictEqual(counted.reads["LIST pods"], 2);
        assert.strictEqual(counted.reads["iam GetRole"], 1);
        assert.strictEqual(counted.reads["ec2 DescribeRegions"], undefined);
    });

    it("of another role shows that the policy is attached again first, and then detached", async () => {
        const { lines, counted } = await preview({ ...named, roleName: "another" });
        assert.deepStrictEqual(
            lines.filter((line) => !/^\[(canary|restart)\]/.test(line)),
            [TITLE, ATTACH, PROPAGATION, ANNOTATE, DETACH],
        );
        assert.deepStrictEqual(counted.writes, {});
    });

    it("of more policies says that no pod restarts, and what the role gets", async () => {
        const added = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";
        const { lines } = await preview({ ...named, additionalPolicyArns: [added] });
        assert.deepStrictEqual(lines, [TITLE, NO_RESTART, `[policies] The role gets 1 policy: ${added}.`]);
    });

    it("of a node role that is no longer listed gives it the policy back, also without an injection guard", async () => {
        const back = `[attach] ${MANAGED_CNI_POLICY} is attached again to ${NODE_ROLE}, since detachFromNodeRoles no longer lists it.`;
        assert.deepStrictEqual((await preview({ ...named, detachFromNodeRoles: undefined })).lines.slice(0, 3), [
            TITLE,
            NO_RESTART,
            back,
        ]);
    });

    it("of an update that turns the live checks off tells that every pod restarts", async () => {
        await setArgs(stack, sandbox, { ...named, detachFromNodeRoles: undefined });
        await stack.up();
        const { lines } = await preview({ liveChecks: false });
        await setArgs(stack, sandbox, named);
        await stack.up();
        assert.deepStrictEqual(
            lines.map((line) => /^\[[a-z-]+\]/.exec(line)?.[0] ?? line),
            [TITLE, "[restart]", "[live-checks-off]"],
        );
    });

    it("after a refresh tells how the update fixes what it has shown", async () => {
        await setArgs(stack, sandbox, named);
        await iam.client.send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await stack.refresh();
        assert.deepStrictEqual((await preview(named)).lines, [TITLE, NO_RESTART, DETACH, NODE_ROLE_LOSES]);
        await stack.up();
        assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
        assert.deepStrictEqual((await preview(named)).lines, []);
    });

    it("of a new name refuses, and with the former one as an alias says nothing, since nothing moves", async () => {
        await stack.setConfig("name", { value: "network" });
        const [title = "", reason = ""] = (await preview(named)).lines;
        assert.strictEqual(title, "The update would stop, for this reason:");
        assert.match(reason, /^\[another-component\]/);
        await stack.setConfig("aliases", { value: JSON.stringify([{ name: "cni" }]) });
        assert.deepStrictEqual((await preview(named)).lines, [TITLE, NO_RESTART]);
        const before = await names();
        await stack.up();
        assert.deepStrictEqual(await names(), before);
    });

    it("of an update that changes nothing tells of a node role that joined later, until remainingSteps has it", async () => {
        const step = `To detach it, set detachFromNodeRoles: ["${NODE_ROLE}", "${LATE_NODE_ROLE}"]`;
        await joinNodeWith(sandbox, LATE_NODE_ROLE);
        assert.deepStrictEqual((await preview(named)).lines, [
            `The node role ${LATE_NODE_ROLE} still holds the CNI policy. ${step}. Run pulumi up --refresh: it updates the output remainingSteps.`,
        ]);
        const { outputs } = await stack.up({ refresh: true });
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, [
            `[detach] The node role ${LATE_NODE_ROLE} still holds the CNI policy. ${step}`,
        ]);
        assert.deepStrictEqual((await preview(named)).lines, []);
    });

    it("of an update that changes nothing tells all that others have changed, at once", async () => {
        await iam.client.send(new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }));
        await cluster.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "--all");
        const { lines } = await preview(named);
        assert.match(
            lines.join(),
            new RegExp(
                `The injection guard \\S+ is gone\\..*${MANAGED_CNI_POLICY} is attached to ${NODE_ROLE} again\\.`,
            ),
        );
        // The update would stop before it detaches, so that is not promised.
        assert.match(lines.join(), new RegExp(`Add "${LATE_NODE_ROLE}" to detachFromNodeRoles\\.`));
        assert.match(lines.join(), /Run pulumi up --refresh: it creates the injection guard again\.$/);

        named = { ...named, detachFromNodeRoles: [NODE_ROLE, LATE_NODE_ROLE] };
        await setArgs(stack, sandbox, named);
        await stack.up({ refresh: true });
        assert.deepStrictEqual((await preview(named)).lines, []);
        const roles = await Promise.all([NODE_ROLE, LATE_NODE_ROLE].map((role) => iam.attachedPolicies(role)));
        assert.ok(!roles.flat().includes(MANAGED_CNI_POLICY));
    });

    it("of the destroy, which runs no program and calls no provider, tells nothing", async () => {
        const lines: string[] = [];
        calls.take();
        await stack.destroy({ previewOnly: true, onEvent: (event) => lines.push(...messagesOfComponent(event)) });
        assert.deepStrictEqual([lines, calls.take()], [[], { writes: {}, reads: {} }]);
        await stack.destroy();
    });
});

function messagesOfComponent({ diagnosticEvent }: EngineEvent): string[] {
    return /::eks-cni:index:CniServiceAccountRole::[a-z]+$/.test(diagnosticEvent?.urn ?? "")
        ? (diagnosticEvent?.message ?? "")
              .replace(/<\{%.*?%\}>/g, "")
              .split("\n")
              .map((line) => line.trim())
              .filter((line) => line !== "")
        : [];
}
