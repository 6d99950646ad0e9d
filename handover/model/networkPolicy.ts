import type { DaemonSetSeen } from "./world";

/** Whether aws-eks-nodeagent writes network policy logs to CloudWatch, with the permissions of the pod. */
export function writesNetworkPolicyLogs(daemonSet: DaemonSetSeen | undefined): boolean {
    return isOn("enable-cloudwatch-logs", daemonSet);
}

/** Whether aws-eks-nodeagent enforces network policies. */
export function enforcesNetworkPolicies(daemonSet: DaemonSetSeen | undefined): boolean {
    return isOn("enable-network-policy", daemonSet);
}

/**
 * The last argument counts. A flag without a value is on.
 *
 * Source: https://github.com/aws/aws-network-policy-agent/blob/main/pkg/config/controller_config.go (BindFlags: BoolVar of spf13/pflag, by default false)
 */
function isOn(flag: string, daemonSet: DaemonSetSeen | undefined): boolean {
    const given = daemonSet?.nodeAgentArguments.filter((one) => one === `--${flag}` || one.startsWith(`--${flag}=`));
    const last = given?.at(-1);
    return last !== undefined && ON.includes(last.slice(`--${flag}`.length));
}

/** https://pkg.go.dev/strconv#ParseBool */
const ON = ["", "=1", "=t", "=T", "=TRUE", "=true", "=True"];
