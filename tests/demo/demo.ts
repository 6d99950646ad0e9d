import { spawn } from "child_process";
import * as path from "path";
import { assumeRole, installedPluginsOnly, mayDescribeNetworkInterfaces, type Sandbox, startSandbox } from "local-eks";
import { loadKubeconfig, podCredentials, requestToken } from "local-eks/kubernetes";
import { podTable } from "./podTable";
import { NODE_ROLE, watchPods } from "./watchPods";

/**
 * `npm run demo`: the whole hand-over on a local EKS, by a real `pulumi up`, with a line for each change of a pod or the node role.
 * Then the checks of the pods from AWS's page, a second `up` without changes, and the hand-back by `destroy`.
 */
const EXAMPLE = path.resolve(__dirname, "../../examples/hand-over");
/** On a real account, IAM gets 120 s to enforce a policy that is attached again. The local EKS takes three seconds. */
const SETTINGS = { iamPropagationSeconds: "6", stableSeconds: "4", nodeRoleName: NODE_ROLE };
const STACK = "demo";

async function main(): Promise<void> {
    const times: [string, number][] = [];
    const step = async <T>(title: string, act: () => Promise<T>): Promise<T> => {
        const started = Date.now();
        console.log(`\n━━ ${title}`);
        const result = await act();
        times.push([title, Date.now() - started]);
        return result;
    };

    const sandbox = await step("A local EKS: real Kubernetes control plane, AWS stand-ins", () =>
        startSandbox({
            name: `demo-${String(process.pid)}`,
            ownerPid: process.pid,
            // Two canaries, and one wave after them.
            subnets: 2,
            // The permissions of pods decide when they become Ready.
            agents: true,
            onProgress: (line) => console.log(line),
        }),
    );
    const stopOnSignal = () => void sandbox.stop().finally(() => process.exit(130));
    process.once("SIGINT", stopOnSignal);
    process.once("SIGTERM", stopOnSignal);
    try {
        await step("Before: aws-node uses the node role", () => showPods(sandbox));
        await step("pulumi up: all three steps of AWS's page, each verified before the next", async () => {
            await pulumi(sandbox, ["stack", "init", STACK]);
            for (const [key, value] of Object.entries({ clusterName: sandbox.clusterName, ...SETTINGS })) {
                await pulumi(sandbox, ["config", "set", key, value]);
            }
            await watched(sandbox, ["up", "--yes"]);
        });
        await step("Step 2 of AWS's page: each pod with its role, token and STS endpoint", async () => {
            await run(sandbox, "kubectl", ["get", "pods", "-n", "kube-system", "-l", "k8s-app=aws-node"]);
            await showPods(sandbox);
        });
        await step(
            "The first calls of aws-node with these credentials: AssumeRoleWithWebIdentity, and a call to EC2",
            () => tryCredentials(sandbox),
        );
        await step("pulumi up again: no changes, no restarts", async () => {
            const before = await podCredentials(sandbox.kubeconfigPath);
            await pulumi(sandbox, ["up", "--yes", "--expect-no-changes"]);
            sameUids(before, await podCredentials(sandbox.kubeconfigPath));
        });
        await step(
            "pulumi destroy: the policy is attached again, the pods restart, and only then the role is deleted",
            async () => {
                await watched(sandbox, ["destroy", "--yes", "--skip-preview"]);
                await showPods(sandbox);
                await pulumi(sandbox, ["stack", "rm", "--yes"]);
            },
        );
    } finally {
        await step("Stopping the local EKS", () => sandbox.stop());
    }
    console.log(`\n${times.map(([title, ms]) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${title}`).join("\n")}`);
}

/** kwok does not run the pods' containers, so the demo makes the first calls of the CNI for each pod. */
async function tryCredentials(sandbox: Sandbox): Promise<void> {
    const config = loadKubeconfig(sandbox.kubeconfigPath);
    for (const pod of await podCredentials(sandbox.kubeconfigPath)) {
        const roleArn = pod.containers[0]?.roleArn ?? "";
        const session = await assumeRole(sandbox, roleArn, await requestToken(config, { pod }));
        const answer = await mayDescribeNetworkInterfaces(sandbox, session);
        console.log(
            `${pod.pod}  AssumeRoleWithWebIdentity: ${session.AccessKeyId ?? ""}  DescribeNetworkInterfaces: ${answer}`,
        );
    }
}

async function showPods({ kubeconfigPath }: Sandbox): Promise<void> {
    console.log(podTable(await podCredentials(kubeconfigPath)));
}

function sameUids(before: { uid: string }[], after: { uid: string }[]): void {
    const uids = (pods: { uid: string }[]) => pods.map(({ uid }) => uid).join();
    if (uids(before) !== uids(after)) {
        throw new Error("The second `pulumi up` restarted pods.");
    }
    console.log(`The same ${String(after.length)} pods as before.`);
}

/** Runs pulumi, and prints a line for each change of a pod or the node role. */
async function watched(sandbox: Sandbox, args: string[]): Promise<void> {
    const watch = watchPods(sandbox, (line) => console.log(line));
    try {
        await pulumi(sandbox, args);
    } finally {
        await watch.stop();
    }
}

/** Runs the Pulumi CLI in the example's folder, with its own display. */
function pulumi(sandbox: Sandbox, args: string[]): Promise<void> {
    return run(sandbox, "pulumi", args, ["--non-interactive", ...stackOf(args)]);
}

function run({ environment }: Sandbox, program: string, args: string[], more: string[] = []): Promise<void> {
    console.log(`\n$ ${program} ${args.join(" ")}`);
    return new Promise((resolve, reject) => {
        const child = spawn(program, [...args, ...more], {
            cwd: EXAMPLE,
            env: { ...environment, ...installedPluginsOnly },
            stdio: "inherit",
        });
        child.once("error", reject);
        child.once("exit", (code) =>
            code === 0
                ? resolve()
                : reject(new Error(`${program} ${args.join(" ")} ended with exit code ${String(code)}`)),
        );
    });
}

function stackOf([command]: string[]): string[] {
    return command === "stack" ? [] : ["--stack", STACK];
}

main().catch((error: unknown) => {
    console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
});
