import type { Sandbox } from "local-eks";
import { loadKubeconfig } from "local-eks/kubernetes";
import type { Call } from "../../continuity/engine/calls";
import { startProxy } from "../../continuity/engine/proxy";
import type { PlainArgs } from "./handOver";

/** Counts the calls of the live checks only: they get the addresses of these proxies as arguments. */
export interface CountedCalls {
    /** The arguments that send the calls of the live checks through the proxies. */
    readonly args: PlainArgs & { readonly kubeconfig: string };
    /** The number of calls since the last `take`, by operation. */
    take(): Counted;
    close(): Promise<void>;
}

export interface Counted {
    readonly writes: Readonly<Record<string, number>>;
    readonly reads: Readonly<Record<string, number>>;
}

export async function countCalls({ kubeconfigPath, awsEndpoint }: Sandbox): Promise<CountedCalls> {
    let calls: Call[] = [];
    const gate = { before: (call: Call) => calls.push(call) > 0, after: () => true };
    const kubeconfig = loadKubeconfig(kubeconfigPath);
    const cluster = kubeconfig.getCurrentCluster();
    const ca = Buffer.from(cluster?.caData ?? "", "base64").toString();
    const kubernetes = await startProxy({ to: "kubernetes", target: cluster?.server ?? "", ca, gate });
    const aws = await startProxy({ to: "aws", target: awsEndpoint, gate });
    const through = kubeconfig.exportConfig().replaceAll(cluster?.server ?? "", kubernetes.url);
    const caData = Buffer.from(kubernetes.ca ?? "").toString("base64");
    return {
        args: {
            kubeconfig: through.replaceAll(cluster?.caData ?? "", caData),
            aws: { endpoints: { iam: aws.url, sts: aws.url, ec2: aws.url, eks: aws.url } },
        },
        take: () => {
            const taken = calls;
            calls = [];
            return {
                writes: count(taken.filter(({ write }) => write)),
                reads: count(taken.filter(({ write }) => !write)),
            };
        },
        close: async () => {
            await kubernetes.close();
            await aws.close();
        },
    };
}

function count(calls: readonly Call[]): Record<string, number> {
    const counts = new Map<string, number>();
    for (const call of calls) {
        const name = call.to === "aws" ? awsOperation(call) : kubernetesOperation(call);
        counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Service and action, without the name of the role or policy. */
function awsOperation({ operation }: Call): string {
    const [service = "", action = "", path = ""] = operation.split(" ");
    return action === "GET" ? `${service} GET ${path.split("/").slice(0, 4).join("/")}` : `${service} ${action}`;
}

/** The HTTP method, or LIST for a list, and the resource without the name of the object. */
function kubernetesOperation({ operation }: Call): string {
    const [verb = "", path = ""] = operation.split(" ");
    // /version is not a resource. Its path begins with a slash.
    const [resource = "", name, subresource] = path.replace(/^\//, "").split("/");
    const isList = verb === "GET" && name === undefined && !path.startsWith("/");
    return `${isList ? "LIST" : verb} ${[resource, subresource].filter((part) => part !== undefined).join("/")}`;
}
