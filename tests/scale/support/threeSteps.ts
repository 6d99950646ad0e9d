/**
 * The three steps of AWS's page as a script, by hand, on a sandbox: https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html
 *
 * For the second step it uses `kubectl rollout restart`, which keeps to the DaemonSet's maxUnavailable. AWS's own command deletes all
 * pods at once.
 */
import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import { execFile } from "child_process";
import type { Sandbox } from "local-eks";
import { podCredentials, type PodCredentials } from "local-eks/kubernetes";
import { setTimeout as sleep } from "timers/promises";
import { promisify } from "util";
import { MANAGED_CNI_POLICY } from "../../e2e/support/handOver";
import { iamOf, trustOf } from "../../e2e/support/iam";

const exec = promisify(execFile);

const ROLE = "cni-by-hand";
const ANNOTATION = "eks.amazonaws.com/role-arn";

async function kubectl({ environment }: Sandbox, ...args: string[]): Promise<void> {
    await exec("kubectl", ["--namespace", "kube-system", ...args], { env: environment });
}

/** `kubectl rollout restart`, until all pods are restarted and Ready. */
export async function rollingRestart(sandbox: Sandbox): Promise<void> {
    await kubectl(sandbox, "rollout", "restart", "daemonset/aws-node");
    await kubectl(sandbox, "rollout", "status", "daemonset/aws-node", "--timeout=30m");
}

/** Creates the role and annotates the service account, restarts and checks the pods, and detaches the policy from the node roles. */
export async function threeSteps(sandbox: Sandbox): Promise<void> {
    const iam = iamOf(sandbox);
    const { Arn = "" } = await iam.createRole(ROLE, trustOf(sandbox), [MANAGED_CNI_POLICY]);
    await kubectl(sandbox, "annotate", "serviceaccount", "aws-node", `${ANNOTATION}=${Arn}`);
    await rollingRestart(sandbox);
    for (let missed = await podsWithout(sandbox, Arn); missed.length > 0; missed = await podsWithout(sandbox, Arn)) {
        await kubectl(sandbox, "delete", "pods", "--ignore-not-found", ...missed);
        await sleep(1000);
    }
    for (const nodeRole of sandbox.nodeRoleNames) {
        await iam.client.send(new DetachRolePolicyCommand({ RoleName: nodeRole, PolicyArn: MANAGED_CNI_POLICY }));
    }
}

/** The pods that the webhook has missed. */
async function podsWithout({ kubeconfigPath }: Sandbox, arn: string): Promise<string[]> {
    return (await podCredentials(kubeconfigPath)).filter((pod) => !carries(pod, arn)).map(({ pod }) => pod);
}

/** The way back, until the pods use the node roles again. Resolves with the seconds that the rolling restart took. */
export async function undoThreeSteps(sandbox: Sandbox): Promise<number> {
    const iam = iamOf(sandbox);
    for (const nodeRole of sandbox.nodeRoleNames) {
        await iam.attachPolicy(nodeRole, MANAGED_CNI_POLICY);
    }
    await kubectl(sandbox, "annotate", "serviceaccount", "aws-node", `${ANNOTATION}-`);
    const startedAt = Date.now();
    await rollingRestart(sandbox);
    const seconds = (Date.now() - startedAt) / 1000;
    await iam.removeRole(ROLE);
    return seconds;
}

/** Whether each container has the role, as AWS's page asks to check in one pod. */
export function carries({ containers }: PodCredentials, arn: string | undefined): boolean {
    return containers.every(({ roleArn }) => roleArn === arn);
}
