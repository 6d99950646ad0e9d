import { IAMClient, ListAttachedRolePoliciesCommand } from "@aws-sdk/client-iam";
import type { Sandbox } from "local-eks";
import { podCredentials, type PodCredentials } from "local-eks/kubernetes";

/** The node role of a sandbox's nodes. */
export const NODE_ROLE = "sandbox-nodes";

const LOOK_EVERY_MILLISECONDS = 500;

/** Prints a line for each change of aws-node's pods or the node role's policy, until it is stopped. */
export function watchPods(sandbox: Sandbox, say: (line: string) => void): { stop(): Promise<void> } {
    const started = Date.now();
    const state = { isStopped: false };
    const watching = (async () => {
        let shown = "";
        while (!state.isStopped) {
            const line = await stateLine(sandbox).catch(() => shown);
            if (line !== shown) {
                say(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s │ ${line}`);
                shown = line;
            }
            await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MILLISECONDS));
        }
    })();
    return {
        stop: () => {
            state.isStopped = true;
            return watching;
        },
    };
}

async function stateLine(sandbox: Sandbox): Promise<string> {
    const [pods, holds] = await Promise.all([podCredentials(sandbox.kubeconfigPath), nodeRoleHoldsPolicy(sandbox)]);
    return [...pods.map(podCell), `node role: ${holds ? "has the CNI policy" : "NO CNI policy"}`].join(" │ ");
}

/** The list is sorted by node, so a pod's successor is in the same place. */
function podCell({ pod, ready, containers }: PodCredentials): string {
    const roleArn = containers[0]?.roleArn;
    const path = roleArn === undefined ? "node role" : (roleArn.split("/").at(-1) ?? "");
    return `${pod} ${path.padEnd("cni-role-0000000".length)} ${ready ? "Ready" : "…    "}`;
}

async function nodeRoleHoldsPolicy({ awsEndpoint, region }: Sandbox): Promise<boolean> {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const iam = new IAMClient({ endpoint: awsEndpoint, region, credentials });
    const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: NODE_ROLE }));
    return AttachedPolicies.some(({ PolicyName }) => PolicyName === "AmazonEKS_CNI_Policy");
}
