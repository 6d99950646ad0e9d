import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import type { V1DaemonSet } from "@kubernetes/client-node";

import { podIdentityAgent, withoutAgentLabel } from "../../../../cluster/manifests/podIdentityAgent";

/**
 * The SHA-256 of the DaemonSet, as JSON with sorted keys: https://github.com/aws/eks-pod-identity-agent at
 * d4dc0f3fedd795b26ac88755238867a2110c7460, hack/testdata/expected_eks_pod_identity_agent_default_helm_template.yaml
 */
const upstream = "b1044f6a6308ce480d8a2c01d031f4013b62165b3522ac90f1746b0b02a54ae5";

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(sorted);
    }
    return typeof value === "object" && value !== null
        ? Object.fromEntries(
              Object.entries(value)
                  .sort(([a], [b]) => (a < b ? -1 : 1))
                  .map(([key, of]) => [key, sorted(of)]),
          )
        : value;
}

const hashOf = (object: unknown) =>
    createHash("sha256")
        .update(JSON.stringify(sorted(object)))
        .digest("hex");

describe("the DaemonSet of the Pod Identity agent", () => {
    it("is that of upstream's chart, but for names and for the nodes that a test takes it from", () => {
        const own = structuredClone(podIdentityAgent("us-west-2", "EKS_CLUSTER_NAME")) as V1DaemonSet;
        const spec = own.spec?.template.spec;
        const [term] =
            spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
        const [container] = spec?.containers ?? [];
        assert.ok(own.metadata && own.spec && term && container);
        own.metadata.namespace = "default";
        container.env = [{ name: "AWS_REGION", value: "AWS_REGION_NAME" }];
        term.matchExpressions = term.matchExpressions?.filter(({ key }) => key !== withoutAgentLabel);
        const instance = "app.kubernetes.io/instance";
        for (const labels of [own.metadata.labels, own.spec.selector.matchLabels, own.spec.template.metadata?.labels]) {
            Object.assign(labels ?? {}, { [instance]: "release-name" });
        }
        assert.equal(hashOf(own), upstream);
    });
});
