import {
    DescribePodIdentityAssociationCommand,
    EKSClient,
    ListPodIdentityAssociationsCommand,
} from "@aws-sdk/client-eks";
import type { Stack } from "@pulumi/pulumi/automation";
import * as assert from "assert";
import { readFileSync } from "fs";
import { resolve } from "path";
import type { Sandbox, SandboxOptions } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { type Example, resourcesOf, withExample } from "./support/examples";
import { refusals } from "./support/faults";
import { handOverSandbox, MANAGED_CNI_POLICY } from "./support/handOver";
import { iamOf } from "./support/iam";
import { planIn } from "./support/plan";
import { describeNightly } from "./support/quiet";

const NODE_ROLE = "sandbox-nodes";
const PAGE = resolve(__dirname, "../../docs/clusters-of-pod-identity.md");
const NEW_ROLE = /^arn:aws:iam::111122223333:role\/cni-role-/;
/** Both parts see an association late, as on EKS. */
const DELAYS = { webhooks: [3, 8], eksAuth: [2, 6] } as const;

/** As docs/clusters-of-pod-identity.md has it. */
const agentAddOn = ({ clusterName }: Sandbox) =>
    `const agent = new aws.eks.Addon("agent", { clusterName: "${clusterName}", addonName: "eks-pod-identity-agent" });\n`;

/** Of the node roles, by the EKS user guide's page. */
const IPV6_POLICY = "arn:aws:iam::111122223333:policy/AmazonEKS_CNI_IPv6_Policy";

describe("the example for Pod Identity", function () {
    this.timeout(6 * 60_000);
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;

    let nodePolicy: string;

    async function start(name: string, more: SandboxOptions = {}): Promise<void> {
        nodePolicy = more.ipFamily === "ipv6" ? IPV6_POLICY : MANAGED_CNI_POLICY;
        const delays = { podIdentityAgent: true, associationDelays: DELAYS };
        sandbox = await handOverSandbox(name, { ...delays, ...more });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        await cluster.settled();
    }

    const exampleOf = (more: Partial<Example> = {}): Example => ({
        name: "pod-identity",
        config: { clusterName: sandbox.clusterName, nodeRoleName: NODE_ROLE },
        ...more,
    });
    const holdsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(nodePolicy);
    /** Whether each pod has the credentials of an association, and nothing else. */
    const associatedPods = async () =>
        (await cluster.awsNodePods()).map(({ containers }) =>
            containers.every(({ podIdentity, roleArn }) => podIdentity !== undefined && roleArn === undefined),
        );
    const associations = async () => {
        const { awsEndpoint: endpoint, region, clusterName } = sandbox;
        const eks = new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
        const { associations: all = [] } = await eks.send(new ListPodIdentityAssociationsCommand({ clusterName }));
        const described = all.map(({ associationId }) =>
            eks.send(new DescribePodIdentityAssociationCommand({ clusterName, associationId })),
        );
        return (await Promise.all(described)).map(({ association }) => ({
            serviceAccount: association?.serviceAccount,
            roleArn: association?.roleArn,
        }));
    };

    describe("before its first update", () => {
        before(() => start("example-pod-identity-preview"));
        after(() => sandbox.stop());

        it("shows the plan that the page has, and creates nothing", async () => {
            const example = exampleOf({ withDefaultWaits: true });
            await withExample(sandbox, example, async (stack) => {
                const { diagnostics, onEvent } = recordEvents();
                await stack.preview({ onEvent });
                const [, onPage = ""] = /Plan for the cluster:\n([^`]+)```/.exec(readFileSync(PAGE, "utf8")) ?? [];
                assert.notDeepStrictEqual(planIn(onPage), []);
                assert.deepStrictEqual(planIn(diagnostics.join("\n")), planIn(onPage));
                assert.deepStrictEqual(
                    diagnostics.filter((one) => one.startsWith("warning")),
                    [],
                );
                assert.deepStrictEqual(await associations(), []);
            });
        });
    });

    describeNightly("from the first update to destroy", () => {
        const withAgents = { agents: true, failedStartFactor: 0.02 };

        async function live(example: Example, first?: (stack: Stack) => Promise<void>): Promise<void> {
            await withExample(sandbox, example, async (stack) => {
                await first?.(stack);
                await stack.up();
                const { associatedRoleArn, remainingSteps } = await stack.outputs();
                assert.match(associatedRoleArn?.value as string, NEW_ROLE);
                assert.deepStrictEqual(await associations(), [
                    { serviceAccount: "aws-node", roleArn: associatedRoleArn?.value as string },
                ]);
                assert.deepStrictEqual([await associatedPods(), await holdsPolicy()], [[true, true], false]);
                assert.deepStrictEqual(remainingSteps?.value, []);
                const pods = uids(await cluster.awsNodePods());
                await stack.up({ expectNoChanges: true });
                await stack.refresh({ expectNoChanges: true });
                assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
                await stack.destroy();
                await cluster.settled();
                assert.deepStrictEqual([await associatedPods(), await holdsPolicy()], [[false, false], true]);
                assert.deepStrictEqual([await associations(), await resourcesOf(stack)], [[], []]);
            });
            // Each pod had a path all the time, with the credentials that it had.
            assert.deepStrictEqual(refusals(sandbox), []);
        }

        describe("on IPv4", () => {
            before(() => start("example-pod-identity", withAgents));
            after(() => sandbox.stop());

            it("in TypeScript: the pods move to the association, and back on destroy", () => live(exampleOf()));

            it("in YAML: the same", () => live(exampleOf({ inYaml: true })));
        });

        describe("on IPv6", () => {
            before(() => start("example-pod-identity-ipv6", { ...withAgents, ipFamily: "ipv6" }));
            after(() => sandbox.stop());

            it("in YAML: the same", () => {
                const edited = (program: string) => program.replace(/^( +)delivery: .*$/m, "$&\n$1ipFamily: ipv6");
                return live(exampleOf({ inYaml: true, edited }));
            });
        });

        describe("on nodes without the agent", () => {
            before(() => start("example-pod-identity-agent", { ...withAgents, podIdentityAgent: false }));
            after(() => sandbox.stop());

            it("beside the agent's aws.eks.Addon: the preview warns, and the component comes after the add-on", () => {
                const edited = (program: string) =>
                    `import * as aws from "@pulumi/aws";\n${program}`
                        .replace(/^const cni = /m, `${agentAddOn(sandbox)}$&`)
                        .replace("PodIdentity,\n});", "PodIdentity,\n}, { dependsOn: agent });");
                return live(exampleOf({ edited }), async (stack) => {
                    const { diagnostics, onEvent } = recordEvents();
                    await stack.preview({ onEvent });
                    assert.match(diagnostics.join("\n"), /^warning: .*\[pod-identity-agent\]/ms);
                });
            });
        });
    });
});
