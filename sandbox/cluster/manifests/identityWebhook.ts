import type { V1MutatingWebhookConfiguration } from "@kubernetes/client-node";
import type { Plain } from "./plain";

/**
 * As `kubectl get mutatingwebhookconfiguration pod-identity-webhook -o yaml` shows it on EKS, where the webhook runs
 * next to the API server: https://repost.aws/knowledge-center/eks-troubleshoot-irsa-errors. The rules are also those of
 * amazon-eks-pod-identity-webhook deploy/mutatingwebhook.yaml.
 */
export function identityWebhookConfiguration(webhook: {
    url: string;
    caBundle: string;
}): Plain<V1MutatingWebhookConfiguration> {
    return {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "pod-identity-webhook" },
        webhooks: [
            {
                name: "iam-for-pods.amazonaws.com",
                clientConfig: { url: webhook.url, caBundle: webhook.caBundle },
                // If the webhook does not answer, the pod is admitted without its identity.
                failurePolicy: "Ignore",
                matchPolicy: "Equivalent",
                namespaceSelector: {},
                objectSelector: {
                    matchExpressions: [
                        { key: "eks.amazonaws.com/skip-pod-identity-webhook", operator: "DoesNotExist" },
                    ],
                },
                reinvocationPolicy: "IfNeeded",
                rules: [
                    { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], scope: "*" },
                ],
                sideEffects: "None",
                admissionReviewVersions: ["v1beta1"],
                timeoutSeconds: 10,
            },
        ],
    };
}
