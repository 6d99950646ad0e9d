import type { KubeConfig } from "@kubernetes/client-node";

/**
 * The options with which a credential command gets the name of the EKS cluster.
 *
 * `aws eks get-token`: https://docs.aws.amazon.com/cli/latest/reference/eks/get-token.html (a cluster on an Outpost has an ID
 * instead). `aws-iam-authenticator token`: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/cmd/aws-iam-authenticator/token.go
 */
const NAME_OPTIONS = /^(?:--cluster-name|--cluster-id|-i)(?:=(.*))?$/;

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html (name) */
const NAME = /^[0-9A-Za-z][\w-]{0,99}$/;

/** `aws eks update-kubeconfig` calls cluster, user and context by the ARN, unless --alias or --user-alias is set. */
const ARN = /^arn:[\w-]+:eks:[^:]*:\d{12}:cluster\/([\w-]+)$/;

/** The names that the EKS cluster may have according to the current context of a kubeconfig, the most reliable one first. */
export function clustersInKubeconfig(config: KubeConfig): string[] {
    const { args } = (config.getCurrentUser()?.exec ?? {}) as { args?: unknown };
    const words = Array.isArray(args) ? args.filter((word) => typeof word === "string") : [];
    const inCommand = words.flatMap((word, at) => {
        const option = NAME_OPTIONS.exec(word);
        return option === null ? [] : (option[1] ?? words[at + 1] ?? []);
    });
    const called = [config.getCurrentCluster()?.name, config.currentContext as string | undefined];
    const inArns = called.flatMap((name) => ARN.exec(name ?? "")?.[1] ?? []);
    return [...new Set([...inCommand, ...inArns])].filter((name) => NAME.test(name));
}
