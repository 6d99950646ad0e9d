import type { DaemonSetSeen } from "./world";

/** Whether aws-eks-nodeagent writes network policy logs to CloudWatch, with the permissions of the pod. */
export function writesNetworkPolicyLogs(daemonSet: DaemonSetSeen | undefined): boolean {
    return daemonSet?.nodeAgentArguments.includes("--enable-cloudwatch-logs=true") ?? false;
}
