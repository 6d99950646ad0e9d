import * as assert from "node:assert/strict";
import type { V1ClusterRoleBinding, V1DaemonSet } from "@kubernetes/client-node";
import { awsNode } from "../../../cluster/manifests/awsNode";
import { identityWebhookConfiguration } from "../../../cluster/manifests/identityWebhook";
import { kubeProxy } from "../../../cluster/manifests/kubeProxy";
import type { IpFamily } from "../../../cluster/programs";

const options = { region: "us-west-2", clusterName: "sandbox", ipFamily: "ipv4" } as const;

function daemonSet(ipFamily: IpFamily = "ipv4"): V1DaemonSet {
    return awsNode({ ...options, ipFamily }).find(({ kind }) => kind === "DaemonSet") as V1DaemonSet;
}

function settings(ipFamily: IpFamily): Record<string, string | undefined> {
    const main = daemonSet(ipFamily).spec?.template.spec?.containers[0];
    return Object.fromEntries((main?.env ?? []).map(({ name, value }) => [name, value]));
}

describe("aws-node in the sandbox", () => {
    it("consists of the objects of the upstream manifest, in its order", () => {
        assert.deepEqual(
            awsNode(options).map(({ kind, metadata }) => `${kind ?? ""} ${metadata?.name ?? ""}`),
            [
                "ServiceAccount aws-node",
                "ConfigMap amazon-vpc-cni",
                "ClusterRole aws-node",
                "ClusterRoleBinding aws-node",
                "DaemonSet aws-node",
            ],
        );
    });

    it("has two containers and an init container, which share its service account", () => {
        const pod = daemonSet().spec?.template.spec;
        assert.deepEqual(
            pod?.containers.map(({ name }) => name),
            ["aws-node", "aws-eks-nodeagent"],
        );
        assert.deepEqual(
            pod.initContainers?.map(({ name }) => name),
            ["aws-vpc-cni-init"],
        );
        assert.equal(pod.serviceAccountName, "aws-node");
        assert.equal(pod.hostNetwork, true);
    });

    it("is restarted a tenth of the nodes at a time, and selected by the label that people use", () => {
        const { updateStrategy, selector, template } = daemonSet().spec ?? assert.fail();
        assert.deepEqual(updateStrategy, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } });
        assert.deepEqual(selector.matchLabels, { "k8s-app": "aws-node" });
        assert.equal(template.metadata?.labels?.["k8s-app"], "aws-node");
    });

    it("mounts only volumes that the pod has", () => {
        const pod = daemonSet().spec?.template.spec;
        const volumes = pod?.volumes?.map(({ name }) => name);
        const mounted = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].flatMap(
            ({ volumeMounts }) => volumeMounts?.map(({ name }) => name) ?? [],
        );
        assert.deepEqual([...new Set(mounted)].sort(), [...(volumes ?? [])].sort());
    });

    it("carries no trace of a role: that is what the package adds", () => {
        const text = JSON.stringify(awsNode(options));
        assert.ok(!text.includes("eks.amazonaws.com/role-arn") && !text.includes("AWS_ROLE_ARN"));
    });

    it("is set to the family of the cluster", () => {
        const family = ({ ENABLE_IPv4, ENABLE_IPv6, ENABLE_PREFIX_DELEGATION }: Record<string, string | undefined>) => [
            ENABLE_IPv4,
            ENABLE_IPv6,
            ENABLE_PREFIX_DELEGATION,
        ];
        assert.deepEqual(family(settings("ipv4")), ["true", "false", "false"]);
        assert.deepEqual(family(settings("ipv6")), ["false", "true", "true"]);
        assert.deepEqual(daemonSet("ipv6").spec?.template.spec?.containers[1]?.args?.[0], "--enable-ipv6=true");
    });

    it("binds the cluster role to its own service account alone", () => {
        const binding = awsNode(options).find(({ kind }) => kind === "ClusterRoleBinding") as V1ClusterRoleBinding;
        assert.deepEqual(binding.subjects, [{ kind: "ServiceAccount", name: "aws-node", namespace: "kube-system" }]);
    });
});

describe("kube-proxy in the sandbox", () => {
    it("has nothing in common with aws-node", () => {
        const text = JSON.stringify(kubeProxy("us-west-2"));
        assert.ok(!text.includes("aws-node"));
        assert.deepEqual(
            kubeProxy("us-west-2").map(({ kind }) => kind),
            ["ServiceAccount", "DaemonSet"],
        );
    });
});

describe("The registration of the identity webhook", () => {
    const [webhook] =
        identityWebhookConfiguration({ url: "https://127.0.0.1:1/mutate", caBundle: "Y2E=" }).webhooks ?? [];

    it("lets pods pass when the webhook does not answer", () => assert.equal(webhook?.failurePolicy, "Ignore"));

    it("concerns the creation of pods, and nothing else", () => {
        assert.deepEqual(webhook?.rules, [
            { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], scope: "*" },
        ]);
    });

    it("leaves out pods that say so, whatever the value of the label", () => {
        assert.deepEqual(webhook?.objectSelector?.matchExpressions, [
            { key: "eks.amazonaws.com/skip-pod-identity-webhook", operator: "DoesNotExist" },
        ]);
    });

    it("names address and authority of the webhook", () => {
        assert.deepEqual(webhook?.clientConfig, { url: "https://127.0.0.1:1/mutate", caBundle: "Y2E=" });
    });
});
