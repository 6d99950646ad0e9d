import {
    AdmissionregistrationV1Api,
    AppsV1Api,
    CoreV1Api,
    type KubernetesObject,
    PatchStrategy,
    setHeaderOptions,
    type V1Pod,
    type V1ServiceAccount,
} from "@kubernetes/client-node";
import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { AddOnWrite } from "../../../aws/eks/addOns/behavior";
import { restartAnnotation, roleAnnotation } from "../../../cluster/addOn/objects";
import { Client } from "../../../cluster/client";
import { loadKubeconfig } from "../../../kubeconfigs";
import { type Sandbox, startSandbox } from "../../../sandbox";

const namespace = "kube-system";
const awsNode = { namespace, name: "aws-node" };
const nodes = 2;
const [roleA, roleB] = ["a", "b"].map((name) => `arn:aws:iam::111122223333:role/${name}`) as [string, string];

/** The field managers of an object that own a field, with their operations: "eks Apply". */
function owners({ metadata }: KubernetesObject, ...path: string[]): string[] {
    const owns = (fields: unknown) =>
        path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[`f:${key}`], fields) !==
        undefined;
    return (metadata?.managedFields ?? [])
        .filter(({ fieldsV1 }) => owns(fieldsV1))
        .map(({ manager, operation }) => `${manager ?? ""} ${operation ?? ""}`)
        .sort();
}

describe("The managed add-on vpc-cni of a sandbox", function () {
    this.timeout(180_000);
    let sandbox: Sandbox;
    let core: CoreV1Api;
    let apps: AppsV1Api;
    let client: Client;

    before(async () => {
        sandbox = await startSandbox({
            name: `add-on-test-${process.pid}`,
            nodes,
            podReadySeconds: 0.2,
            ownerPid: process.pid,
            onProgress: () => undefined,
        });
        const config = loadKubeconfig(sandbox.kubeconfigPath);
        core = config.makeApiClient(CoreV1Api);
        apps = config.makeApiClient(AppsV1Api);
        client = new Client(sandbox.kubeconfigPath);
    });
    after(() => sandbox.stop());
    afterEach(() => sandbox.reset());

    const quick = (write: AddOnWrite = "apply") => sandbox.addOn.setBehavior({ write, seconds: 0 });
    const account = () => core.readNamespacedServiceAccount(awsNode);
    const daemonSet = () => apps.readNamespacedDaemonSet(awsNode);

    /** The role on the service account, and the managers that own it. */
    async function role(): Promise<[value: string | undefined, ...owners: string[]]> {
        const found = await account();
        const name = (arn: string | undefined) => arn?.split("/").at(-1);
        return [
            name(found.metadata?.annotations?.[roleAnnotation]),
            ...owners(found, "metadata", "annotations", roleAnnotation),
        ];
    }

    /** Another tool sets the role by server-side apply. */
    const annotate = (roleArn: string) => client.apply(withRole(roleArn), "other");
    const withRole = (roleArn: string) => ({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { ...awsNode, annotations: { [roleAnnotation]: roleArn } },
    });

    /** A person sets the role by `kubectl annotate --overwrite`. */
    async function annotateByHand(roleArn: string): Promise<void> {
        const body: Partial<V1ServiceAccount> = { metadata: { annotations: { [roleAnnotation]: roleArn } } };
        const headers = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
        await core.patchNamespacedServiceAccount({ ...awsNode, body, fieldManager: "kubectl-annotate" }, headers);
    }

    /** Resolves when the policy is in force. */
    async function denyChangesOfServiceAccounts(): Promise<void> {
        const api = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(AdmissionregistrationV1Api);
        const metadata = { name: "deny" };
        const rule = { apiGroups: [""], apiVersions: ["v1"], resources: ["serviceaccounts"], operations: ["UPDATE"] };
        const validations = [{ expression: "object.metadata.name != 'aws-node'" }];
        await api.createValidatingAdmissionPolicy({
            body: { metadata, spec: { matchConstraints: { resourceRules: [rule] }, validations } },
        });
        const spec = { policyName: metadata.name, validationActions: ["Deny"] };
        await api.createValidatingAdmissionPolicyBinding({ body: { metadata, spec } });
        const headers = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
        const body = { metadata: { labels: { tried: "" } } };
        const isDenied = () =>
            core.patchNamespacedServiceAccount({ ...awsNode, body, dryRun: "All" }, headers).then(
                () => false,
                () => true,
            );
        while (!(await isDenied())) {
            await sleep(100);
        }
    }

    const pods = async (): Promise<V1Pod[]> =>
        (await core.listNamespacedPod({ namespace, labelSelector: "k8s-app=aws-node" })).items;
    const uids = (list: V1Pod[]) => list.map(({ metadata }) => metadata?.uid ?? "").sort();

    /** Resolves with the pods once the DaemonSet has finished a rolling update. */
    async function settledPods(): Promise<V1Pod[]> {
        for (;;) {
            const { metadata, status } = await daemonSet();
            const isSeen = status?.observedGeneration === metadata?.generation;
            if (isSeen && status?.updatedNumberScheduled === nodes && status.numberReady === nodes) {
                const found = await pods();
                if (found.length === nodes) {
                    return found;
                }
            }
            await sleep(50);
        }
    }

    it("takes over the objects that EKS has installed, without a change of the pods and of a field's owner", async () => {
        await quick();
        const before = [await daemonSet(), await account()] as const;
        const running = uids(await settledPods());
        const { status, health } = await sandbox.addOn.create();
        assert.deepEqual([status, health.issues], ["ACTIVE", []]);
        const fieldsOf = ({ metadata }: KubernetesObject) =>
            metadata?.managedFields
                ?.filter(({ manager }) => manager === "eks")
                .map(({ fieldsV1 }): unknown => fieldsV1);
        const after = [await daemonSet(), await account()] as const;
        assert.deepEqual(after.map(fieldsOf), before.map(fieldsOf));
        assert.equal(after[0].metadata?.generation, before[0].metadata?.generation);
        assert.deepEqual(uids(await settledPods()), running);
    });

    interface Steps {
        /** The role and its owners after: the add-on gets role a; another tool applies the same; the add-on loses it. */
        readonly set: string[];
        readonly coOwned: string[];
        readonly removed: (string | undefined)[];
        /** After: another tool has set role a; the add-on gets the same; the other tool leaves it out. */
        readonly joined: string[];
        readonly released: (string | undefined)[];
    }
    const asApplier = {
        set: ["a", "eks Apply"],
        coOwned: ["a", "eks Apply", "other Apply"],
        joined: ["a", "eks Apply", "other Apply"],
        released: ["a", "eks Apply"],
    };
    const expected: Record<Exclude<AddOnWrite, "nothing">, Steps> = {
        apply: { ...asApplier, removed: ["a", "other Apply"] },
        forcedApply: { ...asApplier, removed: ["a", "other Apply"] },
        // An Update owns only the values that it changes, so that the other tool's release deletes the role.
        update: {
            set: ["a", "eks Update"],
            coOwned: ["a", "eks Update", "other Apply"],
            removed: [undefined],
            joined: ["a", "other Apply"],
            released: [undefined],
        },
        updateThenApply: {
            ...asApplier,
            set: ["a", "eks Apply", "eks Update"],
            coOwned: ["a", "eks Apply", "eks Update", "other Apply"],
            removed: ["a", "eks Update", "other Apply"],
        },
        removesThoughCoOwned: { ...asApplier, removed: [undefined] },
    };
    for (const [write, steps] of Object.entries(expected) as [AddOnWrite, Steps][]) {
        it(`owns the role as "${write}" does, beside another tool, and when it loses it`, async () => {
            await quick(write);
            await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
            assert.deepEqual(await role(), steps.set);
            await annotate(roleA);
            assert.deepEqual(await role(), steps.coOwned);
            assert.equal((await sandbox.addOn.update({})).status, "Successful");
            assert.deepEqual(await role(), steps.removed);
        });

        it(`gets the role of another tool as "${write}" does, and keeps or loses it when the tool lets go`, async () => {
            await quick(write);
            await annotate(roleA);
            await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
            assert.deepEqual(await role(), steps.joined);
            await client.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: awsNode }, "other");
            assert.deepEqual(await role(), steps.released);
        });

        it(`has conflicts of "${write}" resolved as asked: NONE, PRESERVE and OVERWRITE`, async () => {
            await quick(write);
            await sandbox.addOn.create();
            await annotate(roleB);
            const update = (resolveConflicts: "NONE" | "PRESERVE" | "OVERWRITE") =>
                sandbox.addOn.update({ serviceAccountRoleArn: roleA, resolveConflicts });
            const theirs = ["b", "other Apply"];
            if (write !== "forcedApply") {
                const { status, errors } = await update("NONE");
                assert.deepEqual(
                    [status, errors.map(({ errorCode }) => errorCode)],
                    ["Failed", ["ConfigurationConflict"]],
                );
                assert.equal(
                    errors[0]?.errorMessage,
                    "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:\n" +
                        `ServiceAccount aws-node - .metadata.annotations.${roleAnnotation}`,
                );
                assert.deepEqual(await role(), theirs);
                assert.equal((await update("PRESERVE")).status, "Successful");
                assert.deepEqual(await role(), theirs);
            }
            assert.equal((await update(write === "forcedApply" ? "NONE" : "OVERWRITE")).status, "Successful");
            assert.deepEqual(await role(), steps.set);
        });
    }

    it("leaves the role of another tool alone if it has none itself", async () => {
        await quick();
        await annotate(roleB);
        await sandbox.addOn.create({ resolveConflicts: "OVERWRITE" });
        await sandbox.addOn.update({ resolveConflicts: "OVERWRITE" });
        await sandbox.addOn.revertDrift();
        assert.deepEqual(await role(), ["b", "other Apply"]);
    });

    it("is not created over the values of others, which creation overwrites on request", async () => {
        await quick();
        await annotateByHand(roleB);
        const failed = await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
        assert.deepEqual([failed.status, failed.health.issues[0]?.code], ["CREATE_FAILED", "ConfigurationConflict"]);
        assert.deepEqual(await role(), ["b", "kubectl-annotate Update"]);
        await sandbox.addOn.delete({ preserve: true });
        await sandbox.addOn.create({ serviceAccountRoleArn: roleA, resolveConflicts: "OVERWRITE" });
        assert.deepEqual(await role(), ["a", "eks Apply"]);
    });

    it("changes the role from the one kind of write to another, without a conflict with its own entry", async () => {
        await quick("update");
        await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
        await quick("apply");
        assert.equal((await sandbox.addOn.update({ serviceAccountRoleArn: roleB })).status, "Successful");
        assert.deepEqual(await role(), ["b", "eks Apply"]);
    });

    it("writes after half of an update, during which EKS shows it as UPDATING", async () => {
        await quick();
        await sandbox.addOn.create();
        await sandbox.addOn.setBehavior({ seconds: 4 });
        const update = sandbox.addOn.update({ serviceAccountRoleArn: roleA });
        await sleep(800);
        assert.deepEqual(await role(), [undefined]);
        await sleep(2400);
        assert.deepEqual(await role(), ["a", "eks Apply"]);
        assert.equal((await update).status, "Successful");
    });

    it("reverts the changes of others, on request and from time to time", async () => {
        await quick();
        await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
        await annotateByHand(roleB);
        assert.deepEqual(await role(), ["b", "kubectl-annotate Update"]);
        await sandbox.addOn.revertDrift();
        assert.deepEqual(await role(), ["a", "eks Apply"]);
        await apps.deleteNamespacedDaemonSet({ ...awsNode, propagationPolicy: "Background" });
        await sandbox.addOn.setBehavior({ driftRevertSeconds: 1 });
        await sleep(2500);
        assert.deepEqual(owners(await daemonSet(), "spec", "template"), ["eks Apply"]);
        await sandbox.addOn.setBehavior({ driftRevertSeconds: null });
        await annotateByHand(roleB);
        await sleep(1500);
        assert.deepEqual((await role())[0], "b");
    });

    it("restarts the pods for a changed role on request alone, with a mark that it keeps", async () => {
        await quick();
        await sandbox.addOn.create();
        const running = uids(await settledPods());
        await sandbox.addOn.update({ serviceAccountRoleArn: roleA });
        assert.deepEqual(uids(await settledPods()), running);
        await sandbox.addOn.setBehavior({ restartsPods: true });
        await sandbox.addOn.update({ serviceAccountRoleArn: roleB });
        const restarted = await settledPods();
        assert.ok(restarted.every(({ metadata }) => !running.includes(metadata?.uid ?? "")));
        const path = ["spec", "template", "metadata", "annotations", restartAnnotation];
        assert.deepEqual(owners(await daemonSet(), ...path), ["eks Apply"]);
        await sandbox.addOn.update({ serviceAccountRoleArn: roleB });
        assert.deepEqual(uids(await settledPods()), uids(restarted));
    });

    it("has its version and its environment in the DaemonSet, and keeps or resets the environment", async () => {
        await quick();
        const main = async () => (await daemonSet()).spec?.template.spec?.containers[0];
        const target = async () => (await main())?.env?.find(({ name }) => name === "WARM_ENI_TARGET")?.value;
        await sandbox.addOn.create({
            configurationValues: '{"env":{"WARM_ENI_TARGET":"2"}}',
            serviceAccountRoleArn: roleA,
        });
        assert.equal(await target(), "2");
        await sandbox.addOn.upgrade("v1.24.0-eksbuild.1");
        assert.match((await main())?.image ?? "", /amazon-k8s-cni:v1\.24\.0$/);
        assert.deepEqual([await target(), await role()], ["2", ["a", "eks Apply"]]);
        await sandbox.addOn.setBehavior({ configurationLeftOut: "reset" });
        await sandbox.addOn.update({ serviceAccountRoleArn: roleA });
        assert.equal(await target(), "1");
        await settledPods();
    });

    it("preserves a variable of the DaemonSet that a person has set, on request", async () => {
        await quick();
        await sandbox.addOn.create();
        const body = {
            spec: {
                template: {
                    spec: { containers: [{ name: "aws-node", env: [{ name: "WARM_ENI_TARGET", value: "5" }] }] },
                },
            },
        };
        const headers = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
        await apps.patchNamespacedDaemonSet({ ...awsNode, body, fieldManager: "kubectl-set" }, headers);
        const target = async () =>
            (await daemonSet()).spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === "WARM_ENI_TARGET")
                ?.value;
        const { errors } = await sandbox.addOn.update({ serviceAccountRoleArn: roleA });
        assert.match(
            errors[0]?.errorMessage ?? "",
            /\nDaemonSet\.apps aws-node - \.spec\.template\.spec\.containers\[name="aws-node"\]\.env\[name="WARM_ENI_TARGET"\]\.value$/,
        );
        assert.deepEqual([await target(), await role()], ["5", [undefined]]);
        await sandbox.addOn.update({ serviceAccountRoleArn: roleA, resolveConflicts: "PRESERVE" });
        assert.deepEqual([await target(), await role()], ["5", ["a", "eks Apply"]]);
        await sandbox.addOn.update({ serviceAccountRoleArn: roleA, resolveConflicts: "OVERWRITE" });
        assert.equal(await target(), "1");
        await settledPods();
    });

    it("leaves its objects and its fields when it is deleted with preserve, and takes the objects along without", async () => {
        await quick();
        await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
        const running = uids(await settledPods());
        await sandbox.addOn.delete({ preserve: true });
        assert.deepEqual(await role(), ["a", "eks Apply"]);
        assert.deepEqual(uids(await settledPods()), running);
        await sandbox.addOn.create({ serviceAccountRoleArn: roleA });
        await sandbox.addOn.delete();
        await assert.rejects(account(), { code: 404 });
        await assert.rejects(daemonSet(), { code: 404 });
        for (let left = await pods(); left.length > 0; left = await pods()) {
            await sleep(50);
        }
    });

    it("fails with the words of an admission policy that denies its write, and changes nothing", async () => {
        await quick();
        await sandbox.addOn.create();
        await denyChangesOfServiceAccounts();
        const { status, errors } = await sandbox.addOn.update({ serviceAccountRoleArn: roleA });
        assert.deepEqual([status, errors.map(({ errorCode }) => errorCode)], ["Failed", ["AdmissionRequestDenied"]]);
        assert.match(errors[0]?.errorMessage ?? "", /ValidatingAdmissionPolicy 'deny' .* denied request/);
        assert.deepEqual(await role(), [undefined]);
    });

    it("loses a pod of a former DaemonSet, whose owner is another object, and keeps its own", async () => {
        const namespace = "kube-system";
        const names = async () =>
            (await core.listNamespacedPod({ namespace, labelSelector: "k8s-app=aws-node" })).items
                .map(({ metadata: { name = "" } = {} }) => name)
                .sort();
        const own = await names();
        // The garbage collector would delete a pod whose owner does not exist, and the DaemonSet controller would adopt one without an owner.
        const { metadata: { name = "", uid = "" } = {} } = await core.readNamespacedConfigMap({
            namespace,
            name: "kube-root-ca.crt",
        });
        const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name, uid, controller: true }];
        const metadata = { name: "aws-node-former", labels: { "k8s-app": "aws-node" }, ownerReferences };
        const spec = { automountServiceAccountToken: false, containers: [{ name: "aws-node", image: "former" }] };
        await core.createNamespacedPod({ namespace, body: { metadata, spec } });
        assert.deepEqual(await names(), ["aws-node-former", ...own].sort());
        await client.deletePodsOfFormerAwsNode();
        assert.deepEqual(await names(), own);
    });

    it("is written again while the API server restarts", async () => {
        await sandbox.addOn.setBehavior({ seconds: 1 });
        await sandbox.addOn.create();
        const [update] = await Promise.all([
            sandbox.addOn.update({ serviceAccountRoleArn: roleA }),
            sandbox.restartApiServer(),
        ]);
        assert.equal(update.status, "Successful");
        assert.deepEqual(await role(), ["a", "eks Apply"]);
    });
});
