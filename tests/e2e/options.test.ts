import * as assert from "assert";
import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole, Delivery } from "../../index";
import { kubeconfigWith, uids } from "./support/cluster";
import { assertOrder, nameOf, recordEvents } from "./support/events";
import { tagsOf } from "./support/iam";
import { resourcesOf } from "./support/states";
import { failureOf, createStack, withStack } from "./support/stacks";
import { useSandbox } from "./support/useSandbox";

const ROLE_ARN = "eks.amazonaws.com/role-arn";

describe("Pulumi's options on the component", () => {
    const on = useSandbox("ipv4");
    afterEach(() => on.cluster.settled());

    /** Annotates the service account, and restarts no pod. */
    const withoutRollout = (opts: pulumi.ComponentResourceOptions) => {
        const args = { clusterName: on.sandbox.clusterName, rollout: { enabled: false } };
        const cni = new CniServiceAccountRole("cni", args, opts);
        return { arn: cni.ready, name: cni.roleName };
    };

    it("protect: destroy is refused until it is taken off", async () => {
        let protect = true;
        await withStack(
            on.sandbox,
            () => withoutRollout({ protect }),
            async (stack) => {
                const { outputs } = await stack.up();
                assert.match((await failureOf(stack.destroy())) ?? "", /cannot be deleted/);
                assert.ok(await on.iam.role(String(outputs["name"]?.value)));
                assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], outputs["arn"]?.value);
                protect = false;
                const { onEvent, done } = recordEvents();
                await stack.up({ onEvent });
                assert.deepStrictEqual(done(), []);
            },
        );
    });

    it("retainOnDelete: destroy forgets the role and the annotation, and leaves them", async () => {
        const outputs = await withStack(
            on.sandbox,
            () => withoutRollout({ retainOnDelete: true }),
            async (stack) => (await stack.up()).outputs,
        );
        try {
            assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], outputs["arn"]?.value);
            assert.deepStrictEqual(await on.iam.attachedPolicies(String(outputs["name"]?.value)), [
                "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
            ]);
        } finally {
            const left = [ROLE_ARN, "eks-cni/live-checks", "pulumi.com/patchFieldManager"].map((key) => `${key}-`);
            await on.cluster.kubectl("annotate", "serviceaccount", "-n", "kube-system", "aws-node", ...left);
            await on.cluster.forgetKubectl();
            await on.iam.removeRole(String(outputs["name"]?.value));
        }
    });

    it("transforms: one that ignores changes of the role's tags", async () => {
        let team = "network";
        const ignoreTags: pulumi.ResourceTransform = ({ type, props, opts }) =>
            type === "aws:iam/role:Role"
                ? { props, opts: pulumi.mergeOptions(opts, { ignoreChanges: ["tags"] }) }
                : undefined;
        const program = () => {
            const args = {
                oidcProviderArn: on.sandbox.oidcProviderArn,
                delivery: Delivery.External,
                liveChecks: false,
                tags: { team },
            };
            return { name: new CniServiceAccountRole("cni", args, { transforms: [ignoreTags] }).roleName };
        };
        await withStack(on.sandbox, program, async (stack) => {
            await stack.up();
            team = "platform";
            const { onEvent, done } = recordEvents();
            const { outputs } = await stack.up({ onEvent });
            assert.deepStrictEqual(done(), ["update cni"]);
            assert.deepStrictEqual(tagsOf(await on.iam.role(String(outputs["name"]?.value))), { team: "network" });
        });
    });

    describe("aliases", () => {
        let stack: Awaited<ReturnType<typeof createStack>>;
        let construct: () => CniServiceAccountRole;
        let tokenExpirationSeconds = 3600;
        const args = () => ({ clusterName: on.sandbox.clusterName, liveChecks: false, tokenExpirationSeconds });

        before(async () => {
            construct = () => new CniServiceAccountRole("cni", args());
            stack = await createStack(on.sandbox, () => ({ arn: construct().ready }));
            await stack.up();
        });
        after(() => stack.destroy());

        async function upWithoutRestart() {
            const [pods, annotations] = [await on.cluster.awsNodePods(), await on.cluster.annotations()];
            const { onEvent, done } = recordEvents();
            const { outputs } = await stack.up({ onEvent });
            assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], annotations[ROLE_ARN]);
            assert.strictEqual(outputs["arn"]?.value, annotations[ROLE_ARN]);
            assert.deepStrictEqual(uids(await on.cluster.awsNodePods()), uids(pods), "a pod was restarted");
            return done();
        }

        it("a renamed component keeps its role and its pods, and goes on under one field manager", async () => {
            construct = () => new CniServiceAccountRole("renamed", args(), { aliases: [{ name: "cni" }] });
            assert.deepStrictEqual(await upWithoutRestart(), []);
            tokenExpirationSeconds = 7200;
            const { onEvent, done } = recordEvents();
            await stack.up({ onEvent });
            const changed = ["update renamed", "update renamed-daemon-set", "update renamed-service-account"];
            assert.deepStrictEqual(done(), changed);
            const managers = (await on.cluster.managers()).filter((manager) => manager.startsWith("eks-cni/"));
            assert.strictEqual(managers.length, 1, managers.join(", "));
        });

        it("a component that moves to another parent stays as it is", async () => {
            construct = () => {
                const parent = new pulumi.ComponentResource("e2e:index:Platform", "platform");
                return new CniServiceAccountRole("renamed", args(), {
                    parent,
                    aliases: [{ parent: pulumi.rootStackResource }],
                });
            };
            assert.deepStrictEqual(await upWithoutRestart(), ["create platform"]);
        });
    });

    describe("providers and dependsOn", () => {
        let stack: Awaited<ReturnType<typeof createStack>>;
        const recorded = recordEvents();

        before(async () => {
            stack = await createStack(on.sandbox, () => {
                const providers = [
                    new aws.Provider("own-aws", { region: "us-west-2" }),
                    new kubernetes.Provider("own-kubernetes", { kubeconfig: on.sandbox.kubeconfigPath }),
                ];
                const [provider] = providers;
                const first = new aws.iam.InstanceProfile("before", {}, { provider });
                const args = { clusterName: on.sandbox.clusterName, liveChecks: false };
                const cni = new CniServiceAccountRole("cni", args, { providers, dependsOn: [first] });
                new aws.iam.InstanceProfile("after-the-component", {}, { provider, dependsOn: [cni] });
                new aws.iam.InstanceProfile("after-ready", { tags: { role: cni.ready } }, { provider });
                return {};
            });
            await stack.up({ onEvent: recorded.onEvent });
        });
        after(() => stack.destroy());

        it("every child and every lookup uses the explicit providers", async () => {
            const resources = await resourcesOf(stack);
            const providers = resources.filter(({ type }) => type.startsWith("pulumi:providers:"));
            assert.deepStrictEqual(providers.map(({ urn }) => nameOf(urn)).sort(), ["own-aws", "own-kubernetes"]);
            const used = resources
                .filter(({ urn }) => nameOf(urn).startsWith("cni-"))
                .map(({ urn, provider }) => `${nameOf(urn)}: ${/::(own-\w+)::/.exec(provider ?? "")?.[1] ?? "none"}`);
            assert.deepStrictEqual(used.sort(), [
                "cni-cni-policy: own-aws",
                "cni-daemon-set: own-kubernetes",
                "cni-role: own-aws",
                "cni-service-account: own-kubernetes",
            ]);
        });

        it("the component's children come after what it depends on", () => {
            assertOrder(recorded.steps, "create before", "create cni-role");
        });

        for (const [how, name] of [
            ["depends on the component", "after-the-component"],
            ["takes an input from `ready`", "after-ready"],
        ] as const) {
            it(`what ${how} comes after the last pod has been restarted`, () => {
                assertOrder(recorded.steps, "create cni-daemon-set", `create ${name}`);
            });
        }
    });

    describe("a Kubernetes provider that is replaced, without live checks", () => {
        const STOPPED = /run pulumi up again: the annotation and the pods stay as they are/;
        let provider: Partial<kubernetes.ProviderArgs>;
        let pods: string[];

        const kubeconfig = (disableCompression: boolean) => kubeconfigWith(on.sandbox, disableCompression);
        const program = () => {
            const args = { clusterName: on.sandbox.clusterName, liveChecks: false };
            const providers = { kubernetes: new kubernetes.Provider("own-kubernetes", provider) };
            const cni = new CniServiceAccountRole("cni", args, { providers });
            return { arn: cni.ready };
        };
        const managers = async () => (await on.cluster.managers()).filter((manager) => manager.startsWith("eks-cni/"));
        const up = async (stack: Awaited<ReturnType<typeof createStack>>) => {
            const { onEvent, done } = recordEvents();
            await stack.up({ onEvent });
            return done();
        };
        /** The role stays on the service account and on every pod, and no pod restarts. */
        const assertUntouched = async (arn: unknown) => {
            assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], arn);
            assert.deepStrictEqual(uids(await on.cluster.awsNodePods()), pods);
        };
        /** Pods restart some seconds after the last command. */
        const settled = () => on.cluster.settled();

        beforeEach(() => {
            provider = { kubeconfig: kubeconfig(true) };
        });

        it("stops the update before anything changes, and the next one goes on with annotation and pods as they are", async () => {
            await withStack(on.sandbox, program, async (stack) => {
                const { arn } = (await stack.up()).outputs;
                pods = uids(await on.cluster.awsNodePods());
                const manager = await managers();
                provider = { kubeconfig: kubeconfig(false) };
                assert.match((await failureOf(stack.up())) ?? "", STOPPED);
                await settled();
                await assertUntouched(arn?.value);
                assert.deepStrictEqual(await up(stack), ["delete-replaced own-kubernetes"]);
                await settled();
                await assertUntouched(arn?.value);
                assert.deepStrictEqual(await managers(), manager);
            });
            assert.strictEqual((await on.cluster.annotations())[ROLE_ARN], undefined);
        });

        it("is not replaced with a clusterIdentifier that was there before", async () => {
            await withStack(on.sandbox, program, async (stack) => {
                const { arn } = (await stack.up()).outputs;
                pods = uids(await on.cluster.awsNodePods());
                const clusterIdentifier = on.sandbox.issuer;
                // An endpoint that changes in the update that adds it still replaces.
                provider = { kubeconfig: kubeconfig(false), clusterIdentifier };
                assert.strictEqual((await stack.preview()).changeSummary.replace, 3);
                provider = { kubeconfig: kubeconfig(true), clusterIdentifier };
                assert.deepStrictEqual(await up(stack), ["update own-kubernetes"]);
                provider = { kubeconfig: kubeconfig(false), clusterIdentifier };
                assert.deepStrictEqual(await up(stack), ["update own-kubernetes"]);
                await settled();
                await assertUntouched(arn?.value);
            });
        });

        it("stops the update in the same way if it is the default provider of the stack's configuration", async () => {
            const byDefault = () => {
                const args = { clusterName: on.sandbox.clusterName, liveChecks: false };
                return { arn: new CniServiceAccountRole("cni", args).ready };
            };
            await withStack(on.sandbox, byDefault, async (stack) => {
                const use = (text: string) => stack.setConfig("kubernetes:kubeconfig", { value: text, secret: true });
                await use(kubeconfig(true));
                const { arn } = (await stack.up()).outputs;
                pods = uids(await on.cluster.awsNodePods());
                await use(kubeconfig(false));
                assert.match((await failureOf(stack.up())) ?? "", STOPPED);
                await stack.up();
                await settled();
                await assertUntouched(arn?.value);
            });
        });
    });
});
