import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { DescribeAddonCommand, EKSClient } from "@aws-sdk/client-eks";
import { loadYaml } from "@kubernetes/client-node";
import * as assert from "assert";
import { readFileSync } from "fs";
import { writeFile } from "fs/promises";
import { join, resolve } from "path";
import type { Sandbox } from "local-eks";
import { clusterOf, uids } from "./support/cluster";
import { recordEvents } from "./support/events";
import { type Example, resourcesOf, withExample, withShortWaits } from "./support/examples";
import { handOverSandbox } from "./support/handOver";
import { iamOf } from "./support/iam";
import { itNightly } from "./support/quiet";

const NODE_ROLE = "sandbox-nodes";
const ROLE_NAME = "my-cluster-cni";
const ROLE_ARN = "eks.amazonaws.com/role-arn";
const NEW_ROLE = /^arn:aws:iam::111122223333:role\/cni-role-/;
/** Of the argument `timeouts.deliverySeconds`, which the examples leave at its default: a deadlock must fail the test earlier. */
const LIMIT_MILLISECONDS = 6 * 60_000;

interface ChartValues {
    serviceAccount: { annotations: Record<string, string> };
}

/** The examples for clusters on which another writer than the component annotates the service account. */
describe("the examples for the managed add-on, and for GitOps", function () {
    this.timeout(LIMIT_MILLISECONDS);
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    /** The CNI policy of the node role, which the sandbox has before the component. */
    let nodePolicy: string;

    before(async () => {
        await useSandbox(await handOverSandbox("example-deliveries"));
    });
    beforeEach(() => sandbox.reset());
    after(() => sandbox.stop());

    async function useSandbox(another: Sandbox): Promise<void> {
        sandbox = another;
        cluster = clusterOf(another);
        iam = iamOf(another);
        nodePolicy = (await iam.attachedPolicies(NODE_ROLE)).find((arn) => arn.includes("CNI")) ?? "";
        assert.notStrictEqual(nodePolicy, "");
    }

    const exampleOf = (name: string, more: Partial<Example> = {}): Example => ({
        name,
        ...more,
        config: { clusterName: sandbox.clusterName, nodeRoleName: NODE_ROLE, ...more.config },
    });
    const nodeRoleHoldsPolicy = async () => (await iam.attachedPolicies(NODE_ROLE)).includes(nodePolicy);
    const carriedRoles = async () => [
        ...new Set((await cluster.awsNodePods()).flatMap(({ containers }) => containers.map(({ roleArn }) => roleArn))),
    ];
    const addOnRole = async (): Promise<string | undefined> => {
        const { awsEndpoint: endpoint, region, clusterName } = sandbox;
        const eks = new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
        const { addon } = await eks.send(new DescribeAddonCommand({ clusterName, addonName: "vpc-cni" }));
        return addon?.serviceAccountRoleArn;
    };
    /** The field managers whose fields have the role annotation. */
    const ownersOfAnnotation = async (): Promise<string[]> => {
        const account = ["get", "serviceaccount", "aws-node", "-n", "kube-system"];
        const text = await cluster.kubectl(...account, "--show-managed-fields", "-o", "json");
        const { metadata } = JSON.parse(text) as { metadata: { managedFields?: { manager: string }[] } };
        return (metadata.managedFields ?? [])
            .filter((entry) => JSON.stringify(entry).includes(`"f:${ROLE_ARN}"`))
            .map(({ manager }) => manager);
    };

    async function assertHandedOver(stack: Stack, expected: RegExp): Promise<string> {
        const outputs = await stack.outputs();
        const [roleArn = "", ...others] = await carriedRoles();
        assert.match(roleArn, expected);
        assert.deepStrictEqual(others, []);
        assert.strictEqual(await nodeRoleHoldsPolicy(), false);
        assert.deepStrictEqual(outputs["remainingSteps"]?.value, []);
        return roleArn;
    }

    async function assertHandedBack(stack: Stack): Promise<void> {
        assert.deepStrictEqual(await carriedRoles(), [undefined]);
        assert.strictEqual(await nodeRoleHoldsPolicy(), true);
        assert.strictEqual((await cluster.annotations())[ROLE_ARN], undefined);
        assert.deepStrictEqual(await resourcesOf(stack), []);
    }

    async function assertNothingToDo(stack: Stack): Promise<void> {
        const pods = uids(await cluster.awsNodePods());
        await stack.up({ expectNoChanges: true });
        assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
    }

    /** The managed add-on of the console, of eksctl or of Terraform, without a role. */
    async function runManagedAddOn(example: Example): Promise<void> {
        await sandbox.addOn.create();
        await withExample(sandbox, example, async (stack) => {
            const { diagnostics, onEvent } = recordEvents();
            await stack.preview({ onEvent });
            assert.match(
                diagnostics.join("\n"),
                /\[add-on\] Once every pod carries the role, the managed add-on vpc-cni gets it /,
            );
            assert.match(
                diagnostics.join("\n"),
                /In an aws\.eks\.Addon of this program, set serviceAccountRoleArn: cni\.ready\./,
            );
            await stack.up();
            const roleArn = await assertHandedOver(stack, NEW_ROLE);
            assert.strictEqual((await stack.outputs())["serviceAccountRoleArn"]?.value, roleArn);
            assert.strictEqual(await addOnRole(), roleArn);
            assert.deepStrictEqual(await ownersOfAnnotation(), ["eks"]);
            await assertNothingToDo(stack);
            await stack.destroy();
            await assertHandedBack(stack);
            assert.strictEqual(await addOnRole(), undefined);
        });
    }

    it("managed-addon: the add-on gets the role when every pod carries it, and loses it on destroy", () =>
        runManagedAddOn(exampleOf("managed-addon")));

    itNightly("managed-addon, in YAML: the same", () => runManagedAddOn(exampleOf("managed-addon", { inYaml: true })));

    itNightly("managed-addon, on IPv6: the same", async () => {
        const ipv4 = sandbox;
        await useSandbox(await handOverSandbox("example-deliveries-ipv6", { ipFamily: "ipv6" }));
        try {
            const inYaml = true;
            const edited = (program: string) => program.replace(/^( +)delivery: .*$/m, "$&\n$1ipFamily: ipv6");
            await runManagedAddOn(exampleOf("managed-addon", { inYaml, edited }));
        } finally {
            await sandbox.stop();
            await useSandbox(ipv4);
        }
    });

    itNightly(
        "managed-addon: a refresh finds an update of the add-on that does not state the role, and up gives it again",
        async () => {
            await sandbox.addOn.create();
            await withExample(sandbox, exampleOf("managed-addon"), async (stack) => {
                await stack.up();
                const roleArn = await assertHandedOver(stack, NEW_ROLE);
                const pods = uids(await cluster.awsNodePods());
                await sandbox.addOn.update({});
                assert.strictEqual((await cluster.annotations())[ROLE_ARN], undefined);
                const { diagnostics, onEvent } = recordEvents();
                await stack.up({ refresh: true, onEvent });
                assert.match(
                    diagnostics.join("\n"),
                    /The managed add-on vpc-cni has no role any more\. .* \(in an aws\.eks\.Addon: serviceAccountRoleArn: "arn:\S+"\)\./,
                );
                assert.strictEqual(await addOnRole(), roleArn);
                assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
            });
        },
    );

    /** An `aws.eks.Addon` of the add-on that the cluster has. */
    const addOn = (more: string, options = "{}") =>
        `import * as aws from "@pulumi/aws";\n` +
        `new aws.eks.Addon("vpc-cni", { clusterName: "${sandbox.clusterName}", addonName: "vpc-cni", preserve: true, ${more} }, ${options});\n`;

    async function upWith(stack: Stack, program: string, options: { refresh?: boolean } = {}) {
        await writeFile(join(stack.workspace.workDir, "index.ts"), program);
        return stack.up(options);
    }

    /** The program imports the add-on in its first update, and has the component in its second. */
    async function withAddOnOfProgram(use: (stack: Stack, component: string) => Promise<void>): Promise<void> {
        await sandbox.addOn.create();
        let component = "";
        const edited = (original: string) => {
            component = withShortWaits(original);
            return addOn("", `{ import: "${sandbox.clusterName}:vpc-cni" }`);
        };
        await withExample(sandbox, exampleOf("managed-addon", { edited }), async (stack) => {
            await stack.up();
            await upWith(stack, `${component}${addOn("serviceAccountRoleArn: cni.ready")}`);
            await use(stack, component);
        });
    }

    /** The option of an add-on that no longer states a role, until the next refresh. */
    const WITHOUT_ROLE = `{ ignoreChanges: ["serviceAccountRoleArn"] }`;

    /** The add-on stays in the program, and no longer states a role. */
    async function assertWithoutRole(stack: Stack, program: string): Promise<void> {
        assert.strictEqual(await addOnRole(), undefined);
        const { summary } = await upWith(stack, program, { refresh: true });
        assert.strictEqual(summary.resourceChanges?.update, undefined);
        assert.strictEqual(await addOnRole(), undefined);
    }

    itNightly(
        "managed-addon beside an aws.eks.Addon of the same program: the add-on is imported, takes ready, and is deleted first",
        async () => {
            await withAddOnOfProgram(async (stack) => {
                const roleArn = await assertHandedOver(stack, NEW_ROLE);
                assert.strictEqual(await addOnRole(), roleArn);
                await assertNothingToDo(stack);
                await stack.refresh({ expectNoChanges: true });
                await stack.destroy();
                await assertHandedBack(stack);
                assert.strictEqual((await cluster.awsNodePods()).length, 2);
            });
        },
    );

    itNightly("managed-addon: the component leaves a program that keeps its aws.eks.Addon", async () => {
        await withAddOnOfProgram(async (stack) => {
            await assertHandedOver(stack, NEW_ROLE);
            await upWith(stack, addOn("", WITHOUT_ROLE));
            assert.deepStrictEqual(await carriedRoles(), [undefined]);
            assert.strictEqual(await nodeRoleHoldsPolicy(), true);
            await assertWithoutRole(stack, addOn(""));
            assert.deepStrictEqual(
                (await resourcesOf(stack)).map(({ name }) => name),
                ["vpc-cni"],
            );
        });
    });

    itNightly("managed-addon: the component takes the annotation from an aws.eks.Addon of the program", async () => {
        await withAddOnOfProgram(async (stack, component) => {
            const roleArn = await assertHandedOver(stack, NEW_ROLE);
            const pods = uids(await cluster.awsNodePods());
            const annotating = component.replace(/^ +delivery: .*\n/m, "");
            assert.notStrictEqual(annotating, component);
            const { diagnostics, onEvent } = recordEvents();
            await writeFile(join(stack.workspace.workDir, "index.ts"), `${annotating}${addOn("", WITHOUT_ROLE)}`);
            await stack.preview({ onEvent });
            assert.ok(
                diagnostics.join("\n").includes(`In an aws.eks.Addon, set ignoreChanges: ["serviceAccountRoleArn"]`),
                diagnostics.join("\n"),
            );
            await stack.up();
            assert.strictEqual(await assertHandedOver(stack, NEW_ROLE), roleArn);
            await assertWithoutRole(stack, `${annotating}${addOn("")}`);
            assert.deepStrictEqual(
                (await ownersOfAnnotation()).map((owner) => owner.startsWith("eks-cni/")),
                [true],
            );
            assert.deepStrictEqual(uids(await cluster.awsNodePods()), pods);
            await assertNothingToDo(stack);
            await stack.destroy();
            await assertHandedBack(stack);
        });
    });

    itNightly("managed-addon-same-program: the component leaves the program, first with eksAddon", async () => {
        let original = "";
        const edited = (text: string) => (original = text);
        await withExample(sandbox, exampleOf("managed-addon-same-program", { edited }), async (stack) => {
            await stack.up();
            await assertHandedOver(stack, NEW_ROLE);
            const ofAddOn = withShortWaits(original)
                .replace("Delivery.External", "Delivery.EksAddon")
                .replace("cni.provedRoleArn", "cni.ready");
            await upWith(stack, ofAddOn);
            const roleArn = await assertHandedOver(stack, NEW_ROLE);
            assert.strictEqual(await addOnRole(), roleArn);
            const addOnAlone = (options: string) =>
                addOn(`resolveConflictsOnCreate: "OVERWRITE", resolveConflictsOnUpdate: "PRESERVE"`, options);
            await upWith(stack, addOnAlone(WITHOUT_ROLE));
            assert.deepStrictEqual(await carriedRoles(), [undefined]);
            assert.strictEqual(await nodeRoleHoldsPolicy(), true);
            await assertWithoutRole(stack, addOnAlone("{}"));
        });
    });

    it("managed-addon-same-program: the add-on takes the role after the proof, and the pods follow in waves", async () => {
        await withExample(sandbox, exampleOf("managed-addon-same-program"), async (stack) => {
            const { steps, onEvent } = recordEvents();
            await stack.up({ onEvent });
            const roleArn = await assertHandedOver(stack, NEW_ROLE);
            assert.strictEqual(await addOnRole(), roleArn);
            assert.deepStrictEqual(await ownersOfAnnotation(), ["eks"]);
            const at = (step: string) => steps.indexOf(step);
            assert.ok(at("end create cni-credential-guard") < at("begin create vpc-cni"), steps.join("\n"));
            // EKS writes the annotation before the add-on is ACTIVE, so the pods may move before the resource is created.
            assert.ok(at("begin create vpc-cni") < at("end create cni-canary"), steps.join("\n"));
            await assertNothingToDo(stack);
            await stack.destroy();
            await assertHandedBack(stack);
            // `preserve`: the DaemonSet stays, as a self-managed plugin.
            assert.strictEqual((await cluster.awsNodePods()).length, 2);
            await assert.rejects(addOnRole(), /No addon|ResourceNotFound/i);
        });
    });

    /** Argo CD or Flux: applies the service account of the chart, with these annotations, under its own field manager. */
    async function sync(annotations: Record<string, string>): Promise<void> {
        const file = join(sandbox.directory, "service-account.json");
        const metadata = { name: "aws-node", namespace: "kube-system", annotations };
        await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata }));
        await cluster.kubectl("apply", "--server-side", "--field-manager=argocd-controller", "--filename", file);
    }

    /** Runs an operation, and commits to the GitOps repository when the operation waits for it. */
    async function committing(
        operate: (onEvent: (event: EngineEvent) => void) => Promise<unknown>,
        waits: RegExp,
        annotations: Record<string, string>,
    ): Promise<void> {
        let synced: Promise<void> | undefined;
        await operate(({ diagnosticEvent }) => {
            if (waits.test(diagnosticEvent?.message ?? "")) {
                synced ??= sync(annotations);
            }
        });
        assert.ok(synced !== undefined, "the operation did not wait for the other writer");
        await synced;
    }

    async function runGitOps(more: Partial<Example>): Promise<void> {
        const file = resolve(__dirname, "../../examples/gitops/values.yaml");
        const { annotations } = loadYaml<ChartValues>(readFileSync(file, "utf8")).serviceAccount;
        await sync({});
        await withExample(sandbox, exampleOf("gitops", { ...more, config: { roleName: ROLE_NAME } }), async (stack) => {
            const waits = /waiting for another writer to deliver /;
            await committing((onEvent) => stack.up({ onEvent }), waits, annotations);
            const roleArn = await assertHandedOver(stack, /role\/my-cluster-cni$/);
            assert.deepStrictEqual((await stack.outputs())["serviceAccountAnnotations"]?.value, annotations);
            assert.deepStrictEqual(annotations, { [ROLE_ARN]: roleArn });
            assert.deepStrictEqual(await ownersOfAnnotation(), ["argocd-controller"]);
            await assertNothingToDo(stack);
            const waitsAgain = /waiting until argocd-controller no longer gives /;
            await committing((onEvent) => stack.destroy({ onEvent }), waitsAgain, {});
            await assertHandedBack(stack);
        });
    }

    itNightly(
        "gitops: the pods move once the other tool has applied values.yaml, and back once it has removed the annotation",
        () => runGitOps({}),
    );

    itNightly("gitops, in YAML: the same", () => runGitOps({ inYaml: true }));
});
