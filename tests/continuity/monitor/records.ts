/** Extracts the fields of Kubernetes objects that the monitor records. Pure. */
import type { V1Node, V1Pod, V1ServiceAccount } from "@kubernetes/client-node";
import type { AgentRecord, NodeRecord, PodRecord } from "./recording";

export function podRecord({ metadata, spec, status }: V1Pod): PodRecord {
    const container = spec?.containers.find(({ name }) => name === "aws-node");
    const value = (variable: string) => container?.env?.find(({ name }) => name === variable)?.value;
    const tokenFile = value("AWS_WEB_IDENTITY_TOKEN_FILE");
    const mount = container?.volumeMounts?.find(({ mountPath }) => tokenFile?.startsWith(`${mountPath}/`));
    const volume = spec?.volumes?.find(({ name }) => name === mount?.name);
    const token = volume?.projected?.sources?.find(({ serviceAccountToken }) => serviceAccountToken !== undefined);
    return {
        uid: metadata?.uid ?? "",
        name: metadata?.name ?? "",
        node: spec?.nodeName ?? "",
        running: status?.phase === "Running",
        ready: isReady(status?.conditions),
        terminating: metadata?.deletionTimestamp !== undefined,
        createdAt: metadata?.creationTimestamp ? new Date(metadata.creationTimestamp).getTime() : 0,
        serviceAccount: spec?.serviceAccountName ?? "default",
        ipFamily: value("ENABLE_IPv6") === "true" ? "ipv6" : "ipv4",
        tokenFile: tokenFile !== undefined,
        containerCredentials: value("AWS_CONTAINER_CREDENTIALS_FULL_URI") !== undefined,
        roleArn: value("AWS_ROLE_ARN"),
        audience: token?.serviceAccountToken?.audience,
    };
}

export function nodeRecord({ metadata, spec, status }: V1Node): NodeRecord {
    return {
        name: metadata?.name ?? "",
        ready: isReady(status?.conditions),
        // aws:///<zone>/<instance id>: https://github.com/kubernetes/cloud-provider-aws
        instanceId: /^aws:\/\/\/[^/]*\/(i-[0-9a-f]+)$/.exec(spec?.providerID ?? "")?.[1],
    };
}

/** A pod that is being deleted has received its termination signal. */
export function agentRecord({ metadata, spec, status }: V1Pod): AgentRecord {
    const containers = status?.containerStatuses ?? [];
    return {
        uid: metadata?.uid ?? "",
        node: spec?.nodeName ?? "",
        serving:
            metadata?.deletionTimestamp === undefined &&
            status?.phase === "Running" &&
            containers.every(({ ready }) => ready),
    };
}

/** Whether aws-node runs on a node at all, by its node affinity: amazon-vpc-cni-k8s config/master/aws-k8s-cni.yaml */
export function runsAwsNode({ metadata }: V1Node): boolean {
    const labels = metadata?.labels ?? {};
    return (
        labels["kubernetes.io/os"] === "linux" &&
        !["auto", "fargate", "hybrid"].includes(labels["eks.amazonaws.com/compute-type"] ?? "")
    );
}

export function roleOf({ metadata }: V1ServiceAccount): string | undefined {
    return metadata?.annotations?.["eks.amazonaws.com/role-arn"];
}

export function isReady(conditions: readonly { type: string; status: string }[] | undefined): boolean {
    return conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}
