import { setTimeout as sleep } from "node:timers/promises";
import type { CallsFromNodes } from "../aws/inside";
import type { Instance } from "./nodes";

/**
 * The calls of EC2 without which a node of Amazon Linux 2023 does not join: nodeadm asks EC2 for the private DNS name, which becomes the node's
 * name, with the role of the instance profile (amazon-eks-ami nodeadm/internal/api/status.go, getPrivateDNSName). With the feature gate
 * InstanceIdNodeName the node is named after its instance, and asks nothing (amazon-eks-ami nodeadm/internal/api/featuregates.go, InstanceIdNodeName).
 *
 * It asks for the type of its instance only if its own file does not have it, and joins without the answer
 * (nodeadm/internal/kubelet/config.go, withDefaultReservedResources).
 */
function bootCalls({
    id,
    instanceIdNodeName = false,
}: Instance): { action: string; parameters: Record<string, string> }[] {
    return instanceIdNodeName ? [] : [{ action: "DescribeInstances", parameters: { "InstanceId.1": id } }];
}

/**
 * How long nodeadm tries again after a denial (amazon-eks-ami nodeadm/internal/api/status.go, privateDNSNameAvailableTimeout;
 * nodeadm/internal/aws/ec2/instance_waiter.go, instanceRetryable). Its unit is not started again
 * (templates/al2023/runtime/rootfs/etc/systemd/system/nodeadm-config.service).
 */
export const bootLimitSeconds = 600;

/** nodeadm pauses for 15 s and more. Here, an instance starts within a second, too. */
const pauseMilliseconds = 500;

/** So long a caller waits for a node that may join later. It outlasts the delay of IAM, unless a test sets a longer one. */
const reportSeconds = 10;

interface Boot {
    isEnded: boolean;
    problem: unknown;
    readonly done: Promise<boolean>;
}

/**
 * Boots the instances that are to be nodes. One whose role lacks a right runs in EC2, and joins only if the role gets the right in time.
 *
 * These are the nodes on which aws-node runs. The node role of EKS Auto Mode needs no such right
 * (https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html), and the source of the image for Windows is not public.
 */
export class Boots {
    private readonly boots = new Map<string, Boot>();

    public constructor(
        private readonly aws: Pick<CallsFromNodes, "instanceCredentials" | "ec2">,
        private readonly waitSeconds = reportSeconds,
        private readonly limitSeconds = bootLimitSeconds,
    ) {}

    /** Resolves when the instance has registered its node. Rejects with the last refusal after a while, and goes on until the limit. */
    public async join(instance: Instance, register: () => Promise<void>): Promise<void> {
        const boot: Boot = { isEnded: false, problem: undefined, done: Promise.resolve(false) };
        this.boots.set(instance.id, Object.assign(boot, { done: this.run(boot, instance, register) }));
        const wait = new AbortController();
        const late = sleep(this.waitSeconds * 1000, false, { signal: wait.signal }).catch(() => false);
        const hasJoined = await Promise.race([boot.done, late]);
        wait.abort();
        if (!hasJoined) {
            throw new Error(
                `The instance ${instance.id} runs, and has not joined the cluster: ${String(boot.problem)}`,
            );
        }
    }

    /** Whether the instance has not joined yet. */
    public has(id: string): boolean {
        return this.boots.has(id);
    }

    /** Ends the boots of these instances, as when they are terminated, or of all. None of them registers a node afterwards. */
    public async end(ids: readonly string[] = [...this.boots.keys()]): Promise<void> {
        for (const id of ids) {
            const boot = this.boots.get(id);
            if (boot !== undefined) {
                boot.isEnded = true;
                await boot.done;
            }
        }
    }

    private async run(boot: Boot, instance: Instance, register: () => Promise<void>): Promise<boolean> {
        const deadline = Date.now() + this.limitSeconds * 1000;
        try {
            while (!boot.isEnded && Date.now() < deadline) {
                try {
                    await this.callAws(instance);
                    await register();
                    return true;
                } catch (error) {
                    boot.problem = error;
                }
                await sleep(pauseMilliseconds);
            }
            return false;
        } finally {
            this.boots.delete(instance.id);
        }
    }

    private async callAws(instance: Instance): Promise<void> {
        const calls = bootCalls(instance);
        const session = calls.length > 0 ? await this.aws.instanceCredentials(instance.id) : undefined;
        for (const { action, parameters } of calls) {
            if (session === undefined) {
                throw new Error("no EC2 IMDS role found");
            }
            await this.aws.ec2(session, action, parameters);
        }
    }
}
