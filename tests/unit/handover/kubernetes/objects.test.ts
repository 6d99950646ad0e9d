import type {
    CoreV1Event,
    V1Container,
    V1ControllerRevision,
    V1DaemonSet,
    V1ManagedFieldsEntry,
    V1Pod,
    V1ValidatingAdmissionPolicy,
    V1ValidatingAdmissionPolicyBinding,
} from "@kubernetes/client-node";
import type { Plain } from "local-eks/kubernetes";
import * as assert from "node:assert/strict";
import { ClusterClock } from "../../../../handover/kubernetes/clusterClock";
import {
    currentHash,
    daemonSetSeen,
    isOwnedBy,
    labelSelector,
    maxUnavailable,
} from "../../../../handover/kubernetes/daemonSet";
import { lastTime } from "../../../../handover/kubernetes/events";
import { injectionGuardSpec } from "../../../../documents/injectionGuard";
import { guardSeen } from "../../../../handover/kubernetes/injectionGuard";
import { instanceId, nodeSeen } from "../../../../handover/kubernetes/nodes";
import { nodeOf, podSeen } from "../../../../handover/kubernetes/pods";
import { appliedBy, ownersOf, serviceAccountSeen } from "../../../../handover/kubernetes/serviceAccount";

describe("A DaemonSet as it is seen", () => {
    const daemonSet: Plain<V1DaemonSet> = {
        metadata: { uid: "ds", generation: 3 },
        status: {
            observedGeneration: 3,
            currentNumberScheduled: 0,
            desiredNumberScheduled: 0,
            numberMisscheduled: 0,
            numberReady: 0,
        },
        spec: {
            selector: { matchLabels: { "k8s-app": "aws-node" } },
            updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
            template: {
                metadata: { labels: { "k8s-app": "aws-node" }, annotations: { "eks-cni/role": "x" } },
                spec: {
                    serviceAccountName: "aws-node",
                    initContainers: [{ name: "aws-vpc-cni-init", image: "init:v1" }],
                    containers: [
                        {
                            name: "aws-node",
                            image: "cni:v1",
                        },
                        { name: "aws-eks-nodeagent", args: ["--enable-cloudwatch-logs=true"] },
                    ],
                },
            },
        },
    };

    it("has what decisions need, and nothing else", () => {
        assert.deepEqual(daemonSetSeen(daemonSet, 25), {
            serviceAccountName: "aws-node",
            updateStrategy: "RollingUpdate",
            maxUnavailable: 3,
            templateLabels: { "k8s-app": "aws-node" },
            templateAnnotations: { "eks-cni/role": "x" },
            images: { "aws-vpc-cni-init": "init:v1", "aws-node": "cni:v1", "aws-eks-nodeagent": "" },
            nodeAgentArguments: ["--enable-cloudwatch-logs=true"],
            observed: true,
            woken: false,
            patchFieldManager: undefined,
        });
    });

    it("is seen with the plugin's settings that are not the default", () => {
        const settings = (...containers: Plain<V1Container>[]) => {
            const template = { spec: { initContainers: [], containers } };
            return daemonSetSeen({ spec: { selector: {}, template } }, 0).settings;
        };
        const custom = { name: "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", value: "true" };
        const multiNic = { name: "ENABLE_MULTI_NIC", valueFrom: { configMapKeyRef: { name: "cni", key: "nic" } } };
        assert.deepEqual(settings({ name: "aws-node", env: [custom, multiNic] }), {
            AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: true,
            ENABLE_MULTI_NIC: "unknown",
        });
        assert.equal(settings({ name: "aws-node" }), undefined);
        assert.equal(settings({ name: "aws-eks-nodeagent", env: [custom] }), undefined);
    });

    it("is seen to have been woken by the mark of that", () => {
        const metadata = { annotations: { "eks-cni/woken-at": "" } };
        assert.equal(daemonSetSeen({ ...daemonSet, metadata }, 25).woken, true);
    });

    it("is seen with the field manager of the component's patch", () => {
        const metadata = { annotations: { "pulumi.com/patchFieldManager": "eks-cni/p/s/cni" } };
        assert.equal(daemonSetSeen({ ...daemonSet, metadata }, 25).patchFieldManager, "eks-cni/p/s/cni");
    });

    it("is seen with it by its fields alone, after the DaemonSet was created again", () => {
        const entry = (manager: string, annotation: string) => ({
            manager,
            operation: "Apply",
            fieldsV1: { "f:metadata": { "f:annotations": { [`f:${annotation}`]: {} } } },
        });
        const of = (...managedFields: object[]) =>
            daemonSetSeen({ ...daemonSet, metadata: { managedFields } }, 25).patchFieldManager;
        assert.equal(of(entry("helm", "a"), entry("eks-cni/p/s/cni", "eks-cni/delivered")), "eks-cni/p/s/cni");
        assert.equal(of(entry("eks-cni/p/s/cni", "eks-cni/woken-at")), undefined);
    });

    it("has the service account also by its old name", () => {
        const template = { spec: { serviceAccount: "old-name", containers: [] } };
        const old: Plain<V1DaemonSet> = { spec: { selector: {}, template } };
        assert.equal(daemonSetSeen(old, 0).serviceAccountName, "old-name");
    });

    it("is seen also when it says next to nothing", () => {
        const bare = { spec: { selector: {}, template: {}, updateStrategy: { type: "OnDelete" } } };
        assert.deepEqual(daemonSetSeen(bare, 0), {
            serviceAccountName: "default",
            updateStrategy: "OnDelete",
            maxUnavailable: 1,
            observed: true,
            woken: false,
            patchFieldManager: undefined,
            templateLabels: {},
            templateAnnotations: {},
            images: {},
            nodeAgentArguments: [],
        });
    });

    for (const [value, nodes, expected] of [
        [undefined, 12, 1],
        [1, 12, 1],
        [5, 12, 5],
        [0, 12, 1],
        ["0%", 12, 1],
        ["10%", 10, 1],
        ["10%", 11, 2],
        ["10%", 0, 1],
        ["100%", 12, 12],
        ["many", 12, 1],
    ] as const) {
        it(`may miss ${expected} of ${nodes} pods with maxUnavailable ${value ?? "left out"}`, () =>
            assert.equal(maxUnavailable(value, nodes), expected));
    }

    const revision = (number: number, hash: string, uid = "ds", controller = true): V1ControllerRevision => ({
        revision: number,
        metadata: {
            labels: { "controller-revision-hash": hash },
            ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "aws-node", uid, controller }],
        },
    });

    it("has the template of its newest revision, which may have come back from an older one", () => {
        const revisions = [revision(4, "again"), revision(12, "newest"), revision(9, "old")];
        assert.equal(currentHash(daemonSet, revisions), "newest");
    });

    it("has no revision of another DaemonSet, nor of one that it does not control", () => {
        const revisions = [revision(1, "own"), revision(2, "other", "another"), revision(3, "loose", "ds", false)];
        assert.equal(currentHash(daemonSet, revisions), "own");
        assert.equal(currentHash(daemonSet, [{ revision: 1 }]), undefined);
        assert.equal(currentHash(daemonSet, []), undefined);
    });

    it("has no current template while its controller has not seen it", () => {
        const newer = { ...daemonSet, metadata: { uid: "ds", generation: 4 } };
        assert.equal(currentHash(newer, [revision(1, "old")]), undefined);
        assert.equal(daemonSetSeen(newer, 1).observed, false);
        const unseen = { ...daemonSet, status: undefined };
        assert.equal(daemonSetSeen(unseen, 1).observed, false);
    });

    it("is asked for its pods in the words of a selector", () => {
        assert.equal(labelSelector({}), "");
        assert.equal(labelSelector({ matchLabels: { a: "1", b: "" } }), "a=1,b=");
        const matchExpressions = [
            { key: "c", operator: "In", values: ["1", "2"] },
            { key: "d", operator: "NotIn", values: ["3"] },
            { key: "e", operator: "Exists" },
            { key: "f", operator: "DoesNotExist" },
        ];
        assert.equal(labelSelector({ matchLabels: { a: "1" }, matchExpressions }), "a=1,c in (1,2),d notin (3),e,!f");
    });

    it("owns what names it as the controller", () => {
        assert.equal(isOwnedBy(undefined, "ds"), false);
        assert.equal(isOwnedBy([{ uid: "ds" }], "ds"), false);
        assert.equal(
            isOwnedBy(
                [
                    { uid: "x", controller: true },
                    { uid: "ds", controller: true },
                ],
                "ds",
            ),
            true,
        );
    });
});

describe("A pod as it is seen", () => {
    const created = new Date("2026-01-01T00:00:00Z");
    const since = new Date("2026-01-01T00:01:00Z");
    const pod: Plain<V1Pod> = {
        metadata: {
            name: "aws-node-1",
            uid: "pod",
            creationTimestamp: created,
            labels: { "controller-revision-hash": "hash" },
        },
        spec: { nodeName: "node", containers: [{ name: "aws-node" }] },
        status: {
            conditions: [
                { type: "Initialized", status: "True", lastTransitionTime: created },
                { type: "Ready", status: "True", lastTransitionTime: since },
            ],
            initContainerStatuses: [{ name: "i", restartCount: 1, image: "", imageID: "", ready: true }],
            containerStatuses: [
                { name: "a", restartCount: 2, image: "", imageID: "", ready: true },
                { name: "b", restartCount: 4, image: "", imageID: "", ready: true },
            ],
        },
    };
    const context = {
        currentHash: "hash",
        missingPermissions: new Map([["other", { at: 0, message: "no", count: 1 }]]),
        clock: new ClusterClock(),
    };

    it("has what decisions need, and nothing else", () => {
        assert.deepEqual(podSeen(pod, context), {
            name: "aws-node-1",
            uid: "pod",
            node: "node",
            ready: true,
            terminating: false,
            current: true,
            createdAt: created.getTime(),
            readySince: since.getTime(),
            unreadySince: undefined,
            credentials: { kind: "nodeRole" },
            missingPermissions: undefined,
            restarts: 7,
        });
    });

    it("has its resource version, with which a change since the look shows", () => {
        const metadata = { ...pod.metadata, resourceVersion: "7" };
        assert.equal(podSeen({ ...pod, metadata }, context).resourceVersion, "7");
    });

    it("is not Ready when its condition says so or is missing, and since when its condition says", () => {
        const unready = { type: "Ready", status: "False" };
        for (const [conditions, unreadySince] of [
            [[{ ...unready, lastTransitionTime: since }], since.getTime()],
            [[unready], undefined],
            [[], undefined],
            [undefined, undefined],
        ] as const) {
            const seen = podSeen({ ...pod, status: { conditions: conditions && [...conditions] } }, context);
            assert.deepEqual([seen.ready, seen.readySince, seen.unreadySince], [false, undefined, unreadySince]);
        }
    });

    it("is terminating from when it is deleted", () => {
        const metadata = { ...pod.metadata, deletionTimestamp: since };
        assert.equal(podSeen({ ...pod, metadata }, context).terminating, true);
    });

    it("is not current with another hash, nor when the current one is unknown", () => {
        assert.equal(podSeen(pod, { ...context, currentHash: "newer" }).current, false);
        assert.equal(podSeen(pod, { ...context, currentHash: undefined }).current, false);
        const unlabelled = { ...pod, metadata: { ...pod.metadata, labels: undefined } };
        assert.equal(podSeen(unlabelled, { ...context, currentHash: undefined }).current, false);
    });

    it("has its images as long as it has another template", () => {
        const containers = [{ name: "aws-node", image: "cni:v1" }, { name: "agent" }];
        const initContainers = [{ name: "init", image: "init:v1" }];
        const imagesOf = (currentHash: string) =>
            podSeen({ ...pod, spec: { containers, initContainers } }, { ...context, currentHash }).images;
        assert.deepEqual(imagesOf("newer"), { init: "init:v1", "aws-node": "cni:v1", agent: "" });
        assert.equal(imagesOf("hash"), undefined);
    });

    it("has the message about its own missing permissions", () => {
        const missingPermissions = new Map([["pod", { at: 5, message: "Unauthorized operation", count: 2 }]]);
        const seen = podSeen(pod, { ...context, missingPermissions });
        assert.deepEqual(
            [seen.missingPermissions, seen.missingPermissionsAt, seen.missingPermissionsCount],
            ["Unauthorized operation", 5, 2],
        );
    });

    it("is seen also before anything is known of it", () => {
        assert.deepEqual(podSeen({}, context), {
            name: "",
            uid: "",
            node: "",
            ready: false,
            terminating: false,
            current: false,
            createdAt: 0,
            readySince: undefined,
            unreadySince: undefined,
            missingPermissions: undefined,
            restarts: 0,
            credentials: { kind: "nodeRole" },
            images: {},
        });
    });

    it("names its node by its affinity until it is scheduled", () => {
        const matching = (key: string, operator: string, values?: string[]): Plain<V1Pod> => ({
            spec: {
                containers: [],
                affinity: {
                    nodeAffinity: {
                        requiredDuringSchedulingIgnoredDuringExecution: {
                            nodeSelectorTerms: [{ matchExpressions: [] }, { matchFields: [{ key, operator, values }] }],
                        },
                    },
                },
            },
        });
        assert.equal(nodeOf(matching("metadata.name", "In", ["node-2"])), "node-2");
        assert.equal(nodeOf(matching("metadata.name", "NotIn", ["node-2"])), "");
        assert.equal(nodeOf(matching("spec.x", "In", ["node-2"])), "");
        assert.equal(nodeOf(matching("metadata.name", "In")), "");
        assert.equal(
            nodeOf({ spec: { ...matching("metadata.name", "In", ["a"]).spec, containers: [], nodeName: "b" } }),
            "b",
        );
    });
});

describe("A node as it is seen", () => {
    for (const [providerId, expected] of [
        ["aws:///us-west-2a/i-0123456789abcdef0", "i-0123456789abcdef0"],
        ["aws:///i-0123456789abcdef0", "i-0123456789abcdef0"],
        ["aws:///us-west-2a/fargate-ip-10-0-1-4", undefined],
        ["eks-hybrid:///us-west-2/prod/mi-0123", undefined],
        ["gce://project/zone/i-0123", undefined],
        ["", undefined],
        [undefined, undefined],
    ] as const) {
        it(`is ${expected ?? "no instance"} with the provider id ${providerId ?? "left out"}`, () =>
            assert.equal(instanceId(providerId), expected));
    }

    it("is Ready when its condition says so", () => {
        const named = { name: "n" };
        const seen = (conditions?: { type: string; status: string }[]) =>
            nodeSeen({ metadata: named, status: { conditions } }).ready;
        assert.equal(
            seen([
                { type: "DiskPressure", status: "False" },
                { type: "Ready", status: "True" },
            ]),
            true,
        );
        assert.equal(
            seen([
                { type: "Ready", status: "Unknown" },
                { type: "DiskPressure", status: "True" },
            ]),
            false,
        );
        assert.equal(seen(), false);
        assert.deepEqual(nodeSeen({}), { name: "", ready: false, instanceId: undefined });
    });
});

describe("A service account as it is seen", () => {
    const fields = (...annotations: string[]) => ({
        "f:metadata": {
            "f:annotations": { ".": {}, ...Object.fromEntries(annotations.map((key) => [`f:${key}`, {}])) },
            "f:labels": { "f:app": {} },
        },
    });
    const roleArn = "eks.amazonaws.com/role-arn";
    const clock = new ClusterClock();

    it("has the annotations of EKS, of the Kubernetes provider and of the component", () => {
        const annotations = {
            [roleArn]: "arn",
            "eks.amazonaws.com/audience": "aud",
            "pulumi.com/patchForce": "true",
            ours: "1",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
        };
        assert.deepEqual(serviceAccountSeen({ metadata: { uid: "sa", annotations } }, ["ours"], clock), {
            uid: "sa",
            annotations: {
                [roleArn]: "arn",
                "eks.amazonaws.com/audience": "aud",
                "pulumi.com/patchForce": "true",
                ours: "1",
            },
            roleArnOwners: [],
        });
        assert.deepEqual(serviceAccountSeen({}, [], clock), { uid: "", annotations: {}, roleArnOwners: [] });
    });

    const managedFields = [
        { manager: "eksctl", operation: "Update", fieldsV1: fields(roleArn, "other") },
        { manager: "eks-cni", operation: "Apply", fieldsV1: fields(roleArn, "pulumi.com/patchForce") },
        { manager: "eks-cni", operation: "Update", fieldsV1: fields(roleArn, "updated") },
        { manager: "kubectl", operation: "Update", fieldsV1: fields("other") },
        { manager: "without-fields", operation: "Update" },
        { operation: "Update", fieldsV1: { "f:metadata": {} } },
    ];

    it("names each owner of the role annotation once", () => {
        assert.deepEqual(ownersOf(managedFields, roleArn), ["eksctl", "eks-cni"]);
        const seen = serviceAccountSeen({ metadata: { managedFields } }, [], clock);
        assert.deepEqual(seen.roleArnOwners, ["eksctl", "eks-cni"]);
        assert.deepEqual(ownersOf(managedFields, "."), []);
    });

    it("tells those that own it by server-side apply from those that have updated it", () => {
        assert.deepEqual(serviceAccountSeen({ metadata: { managedFields } }, [], clock).roleArnAppliers, ["eks-cni"]);
        const updated = managedFields.filter(({ operation }) => operation === "Update");
        assert.equal(
            "roleArnAppliers" in serviceAccountSeen({ metadata: { managedFields: updated } }, [], clock),
            false,
        );
    });

    it("has the other annotations of the webhook that a field manager applies", () => {
        const of = (name: string, operation: string) => ({
            manager: "eks-cni",
            operation,
            fieldsV1: {
                "f:metadata": { "f:annotations": { [`f:${name}`]: {}, "f:pulumi.com/patchFieldManager": {}, ".": {} } },
            },
        });
        const regional = "eks.amazonaws.com/sts-regional-endpoints";
        const settings = (name: string, operation: string, manager?: string) =>
            serviceAccountSeen({ metadata: { managedFields: [of(name, operation)] } }, [], clock, manager);
        assert.deepEqual(settings(regional, "Apply", "eks-cni").ownSettings, [regional]);
        for (const seen of [
            settings(regional, "Apply", "another"),
            settings(regional, "Update", "eks-cni"),
            settings(roleArn, "Apply", "eks-cni"),
            settings(regional, "Apply"),
        ]) {
            assert.equal("ownSettings" in seen, false);
        }
    });

    it("has the time of the first of its owners, by this machine's clock", () => {
        const at = (second: number) => new Date(1_700_000_000_000 + second * 1000);
        const timed = [
            { manager: "eksctl", operation: "Update", time: at(7), fieldsV1: fields(roleArn) },
            { manager: "eks", operation: "Apply", time: at(5), fieldsV1: fields(roleArn) },
            { manager: "kubectl", operation: "Update", time: at(1), fieldsV1: fields("other") },
            { manager: "helm", operation: "Update", fieldsV1: fields(roleArn) },
        ];
        const ahead = { here: (time: Date) => time.getTime() - 2000 };
        const seen = serviceAccountSeen({ metadata: { managedFields: timed } }, [], ahead);
        assert.equal(seen.roleArnSince, at(3).getTime());
        assert.equal("roleArnSince" in serviceAccountSeen({ metadata: { managedFields } }, [], clock), false);
    });

    it("tells the labels that a manager applied from its annotations", () => {
        const fieldsV1 = { "f:metadata": { "f:annotations": { "f:a": {} }, "f:labels": { "f:b": {}, ".": {} } } };
        const entries = [{ manager: "eks-cni", operation: "Apply", fieldsV1 }];
        assert.deepEqual(appliedBy(entries, "eks-cni", "f:labels"), ["b"]);
        assert.deepEqual(appliedBy(entries, "eks-cni"), ["a"]);
        assert.deepEqual(appliedBy([{ manager: "eks-cni", operation: "Apply" }], "eks-cni", "f:labels"), []);
    });

    it("tells what a manager applied from what it updated", () => {
        assert.deepEqual(appliedBy(managedFields, "eks-cni"), [roleArn, "pulumi.com/patchForce"]);
        assert.deepEqual(appliedBy(managedFields, "eksctl"), []);
    });
});

describe("The injection guard as it is seen", () => {
    const serviceAccount = { namespace: "kube-system", name: "aws-node" };
    const subject = { serviceAccount, fieldManager: "eks-cni/p/s/cni" };
    const roleArns = ["a", "b"];
    const managedFields = [
        { manager: "kube-apiserver", operation: "Update" },
        { manager: subject.fieldManager, operation: "Apply" },
    ];
    const policy: Plain<V1ValidatingAdmissionPolicy> = {
        metadata: { name: "guard", generation: 2, managedFields },
        spec: injectionGuardSpec({ serviceAccount, roleArns }),
        status: { observedGeneration: 2, typeChecking: { expressionWarnings: [] } },
    };
    const binding: Plain<V1ValidatingAdmissionPolicyBinding> = {
        metadata: { name: "guard", managedFields },
        spec: { policyName: "guard", validationActions: ["Deny", "Audit"] },
    };
    const inForce = (p: typeof policy | undefined, b: typeof binding | undefined) => guardSeen(p, b, subject).inForce;

    it("is in force with policy and binding", () => {
        assert.deepEqual(guardSeen(policy, binding, subject), { present: true, inForce: true, roleArns });
        assert.equal(inForce({ metadata: { name: "guard", generation: 1, managedFields } }, binding), true);
    });

    it("is there but not in force with one of them only", () => {
        assert.deepEqual(guardSeen(policy, undefined, subject), {
            present: true,
            inForce: false,
            roleArns,
            unbound: true,
        });
        assert.deepEqual(guardSeen(undefined, binding, subject), { present: true, inForce: false });
        assert.deepEqual(guardSeen(undefined, undefined, subject), { present: false, inForce: false });
    });

    it("admits no role that is known, with a policy that says nothing", () =>
        assert.deepEqual(guardSeen({ metadata: { name: "guard", managedFields } }, undefined, subject).roleArns, []));

    for (const [what, others, managers] of [
        [
            "another manager has created",
            [
                { manager: "validatingadmissionpolicy-status", operation: "Update", subresource: "status" },
                { manager: "kubectl-create", operation: "Update" },
            ],
            ["kubectl-create"],
        ],
        // pulumi-kubernetes provider/pkg/await/await.go, Creation: a POST under this name.
        [
            "Pulumi's provider has created",
            [{ manager: "pulumi-kubernetes", operation: "Update" }],
            ["pulumi-kubernetes"],
        ],
        [
            "the component's manager has only updated",
            [{ manager: subject.fieldManager, operation: "Update" }],
            [subject.fieldManager],
        ],
        ["no manager owns", [], []],
        ["hides its managers", undefined, []],
    ] as [string, V1ManagedFieldsEntry[] | undefined, string[]][]) {
        it(`is not the component's if ${what} it`, () => {
            const theirs = { name: "guard", ...(others === undefined ? {} : { managedFields: others }) };
            const theirPolicy = { ...policy, metadata: theirs };
            assert.deepEqual(guardSeen(theirPolicy, { ...binding, metadata: theirs }, subject), {
                present: false,
                inForce: false,
                othersManagers: managers,
            });
            assert.deepEqual(guardSeen(theirPolicy, binding, subject), {
                present: true,
                inForce: false,
                othersManagers: managers,
            });
        });
    }

    const deletionTimestamp = new Date();
    const expressionWarnings = [{ fieldRef: "spec.validations[0].expression", warning: "no such key" }];
    for (const [why, p, b] of [
        [
            "the policy is being deleted",
            { ...policy, metadata: { name: "guard", deletionTimestamp, managedFields } },
            binding,
        ],
        ["the policy has not been looked at", { ...policy, status: { observedGeneration: 1 } }, binding],
        [
            "the policy has an expression with a fault",
            { ...policy, status: { observedGeneration: 2, typeChecking: { expressionWarnings } } },
            binding,
        ],
        ["the binding is being deleted", policy, { ...binding, metadata: { deletionTimestamp, managedFields } }],
        [
            "the binding is another policy's",
            policy,
            { ...binding, spec: { policyName: "x", validationActions: ["Deny"] } },
        ],
        ["the binding only warns", policy, { ...binding, spec: { policyName: "guard", validationActions: ["Warn"] } }],
        ["the binding says nothing", policy, { metadata: { managedFields } }],
    ] as [string, Plain<V1ValidatingAdmissionPolicy>, Plain<V1ValidatingAdmissionPolicyBinding>][]) {
        it(`is not in force while ${why}`, () => {
            const { present, inForce: enforced } = guardSeen(p, b, subject);
            assert.deepEqual([present, enforced], [true, false]);
        });
    }
});

describe("The time of an event", () => {
    const at = (seconds: number) => new Date(seconds * 1000);
    const event = (more: Partial<CoreV1Event>): CoreV1Event => ({ involvedObject: {}, metadata: {}, ...more });

    it("is when it was seen last, whichever API reported it", () => {
        const series = { lastObservedTime: at(4) };
        const all = { series, lastTimestamp: at(3), eventTime: at(2), metadata: { creationTimestamp: at(1) } };
        assert.deepEqual(lastTime(event(all)), at(4));
        assert.deepEqual(lastTime(event({ ...all, series: undefined })), at(3));
        assert.deepEqual(lastTime(event({ ...all, series: {}, lastTimestamp: undefined })), at(2));
        assert.deepEqual(lastTime(event({ metadata: { creationTimestamp: at(1) } })), at(1));
        assert.deepEqual(lastTime(event({})), at(0));
    });
});

describe("The cluster's clock", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    const shifted = (seconds: number) => new Date(now + seconds * 1000).toUTCString();
    const clock = new ClusterClock(() => now);

    it("is taken for ours until it tells otherwise", () => {
        assert.equal(new ClusterClock(() => now).here(new Date(5)), 5);
        clock.heard(undefined);
        clock.heard("yesterday");
        assert.equal(clock.here(new Date(now)), now);
    });

    it("is ours up to a difference of two seconds", () => {
        const other = new ClusterClock(() => now + 2500);
        other.heard(shifted(0));
        assert.equal(other.here(new Date(now)), now);
        const further = new ClusterClock(() => now + 2501);
        further.heard(shifted(0));
        assert.equal(further.here(new Date(now)), now + 2001);
    });

    it("is translated when it is ahead of or behind ours", () => {
        clock.heard(shifted(60));
        assert.equal(clock.here(new Date(now + 60_000)), now - 500);
        clock.heard(shifted(-60));
        assert.equal(clock.here(new Date(now - 60_000)), now - 500);
    });

    it("is ours within what a header can tell", () => {
        for (const seconds of [-2, -1, 0, 1]) {
            clock.heard(shifted(seconds));
            assert.equal(clock.here(new Date(now)), now, `${seconds} s`);
        }
        clock.heard(shifted(2));
        assert.notEqual(clock.here(new Date(now)), now);
    });
});
