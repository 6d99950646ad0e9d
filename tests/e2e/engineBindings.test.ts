import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import * as assert from "assert";
import * as fs from "fs";
import { type Sandbox, startSandbox } from "local-eks";
import { podCredentials } from "local-eks/kubernetes";
import { type Properties, text } from "local-eks/providerClient";
import { clusterOf, uids } from "./support/cluster";
import { dynamicBinding, EngineBinding, Kind, pluginBinding } from "./support/engineBindings";
import { MANAGED_CNI_POLICY } from "./support/handOver";
import { iamOf, trustOf } from "./support/iam";

const NODE_ROLE = "sandbox-nodes";
const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";

/** One table for both bindings. It calls the three live checks over the provider protocol, for one hand-over and hand-back. */
describe("the live checks", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let roleArn: string;
    /** The states that each binding returned. They must be equal. */
    const statesByBinding: Record<string, Partial<Record<Kind, Properties>>> = {};

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-bindings-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        roleArn = (await iam.createRole("cni", trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
    });
    after(() => sandbox.stop());

    function common(): Properties {
        return {
            subject: {
                component: "cni",
                fieldManager: "eks-cni/bindings/test/cni",
                serviceAccount: { namespace: "kube-system", name: "aws-node" },
                daemonSetName: "aws-node",
                injectionGuardName: "eks-cni-bindings",
                ipFamily: "ipv4",
                roleArn,
                issuers: [sandbox.issuer.replace("https://", "")],
                clusterName: sandbox.clusterName,
                annotations: { [ROLE_ANNOTATION]: roleArn },
            },
            iamPropagationSeconds: 2,
            timeouts: {
                proofSeconds: 30,
                canarySeconds: 90,
                verificationSeconds: 90,
                handBackSeconds: 90,
            },
            kubeconfig: fs.readFileSync(sandbox.kubeconfigPath, "utf8"),
            aws: { accessKeyId: "test", secretAccessKey: "test" },
            region: sandbox.region,
            forceDestroy: false,
            drift: "none",
        };
    }

    function guardInputs(): Properties {
        return {
            ...common(),
            proof: "full",
            overrideExistingServiceAccount: false,
            detachFromNodeRoles: [NODE_ROLE],
            injectionGuard: false,
            policyArns: [MANAGED_CNI_POLICY],
            additionalPolicies: false,
            roleUniqueId: "",
        };
    }

    const bindings = { "by dynamic providers": dynamicBinding, "by the plugin": pluginBinding };
    for (const [title, open] of Object.entries(bindings)) {
        describe(title, () => {
            let binding: EngineBinding;
            const states: Partial<Record<Kind, Properties>> = {};
            const state = (kind: Kind): Properties => states[kind] ?? {};
            const inputs: Partial<Record<Kind, Properties>> = {};
            const create = async (kind: Kind, properties: Properties) => {
                inputs[kind] = properties;
                const created = await binding.create(kind, properties);
                states[kind] = created.state;
                return created;
            };
            const carriedRoles = async () => [
                ...new Set(
                    (await podCredentials(sandbox.kubeconfigPath)).flatMap(({ containers }) =>
                        containers.map((container) => container.roleArn),
                    ),
                ),
            ];

            before(async () => {
                binding = await open(sandbox);
                statesByBinding[title] = states;
            });
            after(() => binding.stop());

            it("what is refused is said by its code, with what fixes it, and without a stack", async () => {
                const valid = guardInputs();
                const subject = { ...(valid["subject"] as Properties), daemonSetName: "no-such" };
                await assert.rejects(binding.create("CredentialGuard", { ...valid, subject }), ({ message }: Error) => {
                    assert.match(message, /^\[daemon-set-missing\] .*no-such/);
                    assert.doesNotMatch(message, /^ +at /m);
                    return true;
                });
            });

            it("create of the credential guard records what is there, and moves nothing", async () => {
                const before = uids(await cluster.awsNodePods());
                const { id, state: saved } = await create("CredentialGuard", guardInputs());
                assert.strictEqual(id, "eks-cni/bindings/test/cni");
                const { clusterUid, serviceAccountUid, ...record } = saved["record"] as Properties;
                assert.match(`${text(clusterUid)} ${text(serviceAccountUid)}`, /^[0-9a-f-]{36} [0-9a-f-]{36}$/);
                assert.deepStrictEqual(record, {
                    serviceAccounts: [{ namespace: "kube-system", name: "aws-node" }],
                    fieldManager: "eks-cni/bindings/test/cni",
                    injectionGuardName: "eks-cni-bindings",
                    originalAnnotations: {},
                    approvedRoleArns: [roleArn],
                    namedNodeRoles: [NODE_ROLE],
                    nodeRolePolicies: { [NODE_ROLE]: [MANAGED_CNI_POLICY] },
                });
                assert.deepStrictEqual([saved["approvedRole"], saved["formerAnnotations"]], [roleArn, {}]);
                assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
                const shown = binding.shown();
                assert.ok(
                    shown.some((line) => line.endsWith(`can use ${roleArn}`)),
                    shown.join("\n"),
                );
            });

            it("create of the canary proves the role, annotates the service account and has every pod take the role", async () => {
                const { record, approvedRole, formerAnnotations } = state("CredentialGuard");
                const { state: saved } = await create("Canary", {
                    ...common(),
                    record: record ?? null,
                    approvedRole: approvedRole ?? null,
                    formerAnnotations: formerAnnotations ?? null,
                    serviceAccountUid: (record as Properties)["serviceAccountUid"] ?? null,
                    proof: "full",
                    stableSeconds: 0,
                    delivered: "digest",
                });
                assert.strictEqual(typeof saved["shown"], "string");
                assert.strictEqual(saved["rollouts"], 1);
                assert.strictEqual((await cluster.annotations())[ROLE_ANNOTATION], roleArn);
                assert.deepStrictEqual(await carriedRoles(), [roleArn]);
                const shown = binding.shown();
                assert.ok(
                    shown.some((line) =>
                        /canary aws-node-\S+ on ip-\S+ of sandbox-nodes in subnet-\w+: restarts first, with the role/.test(
                            line,
                        ),
                    ),
                    shown.join(),
                );
            });

            it("create of the detachment verifies all, and takes the policy off", async () => {
                const { record, approvedRole } = state("CredentialGuard");
                const { state: saved } = await create("Detachment", {
                    ...common(),
                    record: record ?? null,
                    approvedRole: approvedRole ?? null,
                    detachFromNodeRoles: [NODE_ROLE],
                    injectionGuard: false,
                    stableSeconds: 0,
                    maxNotReadyNodes: 0,
                    delivered: "digest",
                });
                assert.strictEqual(saved["verifiedPods"], 3);
                assert.deepStrictEqual(saved["detachedFrom"], [NODE_ROLE]);
                assert.deepStrictEqual(await carriedRoles(), [roleArn]);
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            for (const kind of ["CredentialGuard", "Canary", "Detachment"] as const) {
                it(`diff of ${kind} sees a change of an input, one that came, one that went, and no other`, async () => {
                    const current = inputs[kind] ?? {};
                    const { region, ...withoutRegion } = current;
                    assert.strictEqual(await binding.diff(kind, state(kind), current), false);
                    assert.strictEqual(await binding.diff(kind, state(kind), { ...current, drift: "a reason" }), true);
                    assert.strictEqual(await binding.diff(kind, state(kind), withoutRegion), true);
                    assert.strictEqual(await binding.diff(kind, { ...state(kind), region: null }, current), true);
                    assert.strictEqual(region, sandbox.region);
                });

                it(`read of ${kind} keeps its id and finds the world as the state has it`, async () => {
                    const read = await binding.read(kind, state(kind));
                    assert.strictEqual(read.id, "eks-cni/bindings/test/cni");
                    assert.deepStrictEqual(read.state, state(kind));
                });

                it(`update of ${kind} by a new kubeconfig alone reaches for no cluster`, async () => {
                    const news = { ...(inputs[kind] ?? {}), kubeconfig: "{}", forceDestroy: true };
                    const updated = await binding.update(kind, state(kind), news);
                    assert.deepStrictEqual(updated, { ...state(kind), kubeconfig: "{}", forceDestroy: true });
                });
            }

            it("read of the detachment reports a policy that was attached again, and the next update detaches it", async () => {
                await iam.client.send(
                    new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }),
                );
                const { state: read } = await binding.read("Detachment", state("Detachment"));
                assert.match(text(read["drift"]), /polic/);
                const current = inputs["Detachment"] ?? {};
                assert.strictEqual(await binding.diff("Detachment", read, current), true);
                const updated = await binding.update("Detachment", read, current);
                assert.deepStrictEqual(updated, state("Detachment"));
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            it("delete that cannot reach the cluster is refused, and nothing is taken away", async () => {
                const saved = { ...state("Detachment"), kubeconfig: "{}" };
                await assert.rejects(
                    binding.delete("Detachment", saved),
                    ({ message }: Error) => /^\[kubeconfig-invalid\]/.test(message) && !/^ +at /m.test(message),
                );
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            it("delete of all three gives everything back", async () => {
                // The delete of the detachment changes nothing. The delete of the credential guard is the hand-back.
                await binding.delete("Detachment", state("Detachment"));
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
                await binding.delete("Canary", state("Canary"));
                assert.deepStrictEqual(await carriedRoles(), [roleArn]);
                await binding.delete("CredentialGuard", state("CredentialGuard"));
                assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
                assert.deepStrictEqual(await carriedRoles(), [undefined]);
                assert.strictEqual((await cluster.annotations())[ROLE_ANNOTATION], undefined);
                assert.ok(binding.shown().some((line) => /use their former credentials again/.test(line)));
            });
        });
    }

    describe("by both bindings", () => {
        it("make the same states", () => {
            const [dynamic, plugin] = Object.values(statesByBinding);
            assert.deepStrictEqual(Object.keys(plugin ?? {}).sort(), ["Canary", "CredentialGuard", "Detachment"]);
            assert.deepStrictEqual(plugin, dynamic);
        });
    });
});
