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

/** The same table for both: the three live checks by the protocol between engine and provider, one hand-over and back. */
describe("the live checks", () => {
    let sandbox: Sandbox;
    let cluster: ReturnType<typeof clusterOf>;
    let iam: ReturnType<typeof iamOf>;
    let roleArn: string;
    /** What each binding made of the resources: it has to be the same. */
    const made: Record<string, Partial<Record<Kind, Properties>>> = {};

    before(async () => {
        sandbox = await startSandbox({
            name: `e2e-doors-${String(process.pid)}`,
            ownerPid: process.pid,
            podReadySeconds: 0.5,
            enforcementDelaySeconds: 1,
        });
        cluster = clusterOf(sandbox);
        iam = iamOf(sandbox);
        roleArn = (await iam.makeRole("cni", trustOf(sandbox), [MANAGED_CNI_POLICY])).Arn ?? "";
    });
    after(() => sandbox.stop());

    function common(): Properties {
        return {
            subject: {
                component: "cni",
                fieldManager: "eks-cni/doors/test/cni",
                serviceAccount: { namespace: "kube-system", name: "aws-node" },
                daemonSetName: "aws-node",
                injectionGuardName: "eks-cni-doors",
                ipFamily: "ipv4",
                roleArn,
                issuers: [sandbox.issuer.replace("https://", "")],
                clusterName: sandbox.clusterName,
                annotations: { [ROLE_ANNOTATION]: roleArn },
            },
            iamPropagationSeconds: 2,
            timeouts: {
                proofSeconds: 30,
                canarySeconds: 60,
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
            const create = async (kind: Kind, given: Properties) => {
                inputs[kind] = given;
                const created = await binding.create(kind, given);
                states[kind] = created.state;
                return created;
            };
            const carried = async () => [
                ...new Set(
                    (await podCredentials(sandbox.kubeconfigPath)).flatMap(({ containers }) =>
                        containers.map((container) => container.roleArn),
                    ),
                ),
            ];

            before(async () => {
                binding = await open(sandbox);
                made[title] = states;
            });
            after(() => binding.stop());

            it("what is refused is said by its code, with what fixes it, and without a stack", async () => {
                const given = guardInputs();
                const subject = { ...(given["subject"] as Properties), daemonSetName: "no-such" };
                await assert.rejects(binding.create("CredentialGuard", { ...given, subject }), ({ message }: Error) => {
                    assert.match(message, /^\[daemon-set-missing\] .*no-such/);
                    assert.doesNotMatch(message, /^ +at /m);
                    return true;
                });
            });

            it("create of the credential guard records what is there, and moves nothing", async () => {
                const before = uids(await cluster.awsNodePods());
                const { id, state: kept } = await create("CredentialGuard", guardInputs());
                assert.strictEqual(id, "eks-cni/doors/test/cni");
                const { clusterUid, serviceAccountUid, ...record } = kept["record"] as Properties;
                assert.match(`${text(clusterUid)} ${text(serviceAccountUid)}`, /^[0-9a-f-]{36} [0-9a-f-]{36}$/);
                assert.deepStrictEqual(record, {
                    fieldManager: "eks-cni/doors/test/cni",
                    injectionGuardName: "eks-cni-doors",
                    originalAnnotations: {},
                    approvedRoleArns: [roleArn],
                    namedNodeRoles: [NODE_ROLE],
                    nodeRolePolicies: { [NODE_ROLE]: [MANAGED_CNI_POLICY] },
                });
                assert.deepStrictEqual([kept["approvedRole"], kept["formerAnnotations"]], [roleArn, {}]);
                assert.deepStrictEqual(uids(await cluster.awsNodePods()), before);
                assert.ok(binding.shown().some((line) => line.endsWith(`can use ${roleArn}`)));
            });

            it("create of the canary annotates the service account and has one pod take the role", async () => {
                const { record, approvedRole, formerAnnotations } = state("CredentialGuard");
                const { state: kept } = await create("Canary", {
                    ...common(),
                    record: record ?? null,
                    approvedRole: approvedRole ?? null,
                    formerAnnotations: formerAnnotations ?? null,
                    serviceAccountUid: (record as Properties)["serviceAccountUid"] ?? null,
                    stableSeconds: 0,
                    delivered: "digest",
                });
                assert.strictEqual(typeof kept["shown"], "string");
                assert.strictEqual((await cluster.annotations())[ROLE_ANNOTATION], roleArn);
                assert.deepStrictEqual((await carried()).sort(), [roleArn, undefined]);
                const shown = binding.shown();
                assert.ok(
                    shown.some((line) => /canary on ip-\S+ of sandbox-nodes: restarts first, with the role/.test(line)),
                    shown.join(),
                );
            });

            it("create of the detachment restarts the rest, verifies all, and takes the policy off", async () => {
                const { record, approvedRole } = state("CredentialGuard");
                const { state: kept } = await create("Detachment", {
                    ...common(),
                    record: record ?? null,
                    approvedRole: approvedRole ?? null,
                    detachFromNodeRoles: [NODE_ROLE],
                    injectionGuard: false,
                    stableSeconds: 0,
                    maxNotReadyNodes: 0,
                    delivered: "digest",
                });
                assert.strictEqual(kept["verifiedPods"], 3);
                assert.deepStrictEqual(kept["detachedFrom"], [NODE_ROLE]);
                assert.deepStrictEqual(await carried(), [roleArn]);
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            for (const kind of ["CredentialGuard", "Canary", "Detachment"] as const) {
                it(`diff of ${kind} sees a change of an input, one that came, one that went, and no other`, async () => {
                    const given = inputs[kind] ?? {};
                    const { region, ...without } = given;
                    assert.strictEqual(await binding.diff(kind, state(kind), given), false);
                    assert.strictEqual(await binding.diff(kind, state(kind), { ...given, drift: "a reason" }), true);
                    assert.strictEqual(await binding.diff(kind, state(kind), without), true);
                    assert.strictEqual(await binding.diff(kind, { ...state(kind), region: null }, given), true);
                    assert.strictEqual(region, sandbox.region);
                });

                it(`read of ${kind} keeps its id and finds the world as the state has it`, async () => {
                    const read = await binding.read(kind, state(kind));
                    assert.strictEqual(read.id, "eks-cni/doors/test/cni");
                    assert.deepStrictEqual(read.state, state(kind));
                });

                it(`update of ${kind} by a new kubeconfig alone reaches for no cluster`, async () => {
                    const news = { ...(inputs[kind] ?? {}), kubeconfig: "{}", forceDestroy: true };
                    const updated = await binding.update(kind, state(kind), news);
                    assert.deepStrictEqual(updated, { ...state(kind), kubeconfig: "{}", forceDestroy: true });
                });
            }

            it("read of the detachment tells of a policy that came back, and the update after it takes it off again", async () => {
                await iam.client.send(
                    new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: MANAGED_CNI_POLICY }),
                );
                const { state: read } = await binding.read("Detachment", state("Detachment"));
                assert.match(text(read["drift"]), /polic/);
                const given = inputs["Detachment"] ?? {};
                assert.strictEqual(await binding.diff("Detachment", read, given), true);
                const updated = await binding.update("Detachment", read, given);
                assert.deepStrictEqual(updated, state("Detachment"));
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            it("delete that cannot reach the cluster is refused, and nothing is taken away", async () => {
                const kept = { ...state("Detachment"), kubeconfig: "{}" };
                await assert.rejects(
                    binding.delete("Detachment", kept),
                    ({ message }: Error) => /^\[kubeconfig-invalid\]/.test(message) && !/^ +at /m.test(message),
                );
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
            });

            it("delete of all three gives everything back", async () => {
                // It leaves the state before anything moves: what was recorded goes back with the guard.
                await binding.delete("Detachment", state("Detachment"));
                assert.ok(!(await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
                await binding.delete("Canary", state("Canary"));
                assert.deepStrictEqual(await carried(), [roleArn]);
                await binding.delete("CredentialGuard", state("CredentialGuard"));
                assert.ok((await iam.attachedPolicies(NODE_ROLE)).includes(MANAGED_CNI_POLICY));
                assert.deepStrictEqual(await carried(), [undefined]);
                assert.strictEqual((await cluster.annotations())[ROLE_ANNOTATION], undefined);
                assert.ok(binding.shown().some((line) => /back on their old path/.test(line)));
            });
        });
    }

    describe("by both doors", () => {
        it("make the same states", () => {
            const [dynamic, plugin] = Object.values(made);
            assert.deepStrictEqual(Object.keys(plugin ?? {}).sort(), ["Canary", "CredentialGuard", "Detachment"]);
            assert.deepStrictEqual(plugin, dynamic);
        });
    });
});
