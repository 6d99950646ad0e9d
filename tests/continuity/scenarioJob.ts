import { AppsV1Api } from "@kubernetes/client-node";
import { loadKubeconfig } from "local-eks/kubernetes";
import type { Job } from "./jobs";
import { judge } from "./judge";
import { figuresOf } from "./monitor/gaps";
import type { Outcome } from "./report";
import type { Scenario } from "./scenarios/scenario";
import type { Stage } from "./stage";
import type { Baseline } from "./verdict";

export interface Context {
    /** Set by the first job. */
    baseline?: Baseline;
    readonly command: string;
    finished(outcome: Outcome): void;
}

export function scenarioJob(scenario: Scenario, context: Context): Job {
    const { name, title, bound } = scenario;
    return {
        name,
        run: async (station) => {
            const started = Date.now();
            const about = {
                kind: "scenario" as const,
                name,
                title,
                mustShowGaps: bound.podSeconds === "some",
                replay: `${context.command} --only ${name}`,
            };
            try {
                const stage = await station.fresh(name);
                const judged = await judge(stage, bound, context.baseline, () => scenario.play(stage));
                const milliseconds = Date.now() - started;
                context.finished({ ...about, ...judged, milliseconds, logs: stage.props.directory });
            } catch (error) {
                // The sandbox itself did not start, or failed.
                const problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
                context.finished({
                    ...about,
                    problems,
                    verdict: undefined,
                    milliseconds: Date.now() - started,
                    logs: "",
                });
            }
        },
    };
}

/** `kubectl rollout restart` without the component: measures what a rolling restart of this cluster costs by itself. */
export function baselineJob(context: Context, say: (line: string) => void): Job {
    return {
        name: "a bare rolling restart",
        run: async (station) => {
            const stage = await station.fresh("bare-restart");
            stage.since = Date.now();
            await restartAll(stage);
            await stage.settled();
            const { sizes, monitor } = stage.props;
            const { nodeSeconds, podSeconds } = figuresOf(monitor.recording(stage.since, Date.now()));
            context.baseline = { nodeSeconds, nodes: sizes.nodes };
            say(
                `a bare rolling restart costs ${nodeSeconds.toFixed(1)} node-seconds, and ${podSeconds.toFixed(1)} pod-seconds`,
            );
        },
    };
}

async function restartAll({ sandbox }: Stage): Promise<void> {
    const apps = loadKubeconfig(sandbox.kubeconfigPath).makeApiClient(AppsV1Api);
    const daemonSet = await apps.readNamespacedDaemonSet({ namespace: "kube-system", name: "aws-node" });
    const metadata = daemonSet.spec?.template.metadata;
    if (metadata) {
        // As kubectl does: https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/objectrestarter.go
        metadata.annotations = {
            ...metadata.annotations,
            "kubectl.kubernetes.io/restartedAt": new Date().toISOString(),
        };
    }
    await apps.replaceNamespacedDaemonSet({ namespace: "kube-system", name: "aws-node", body: daemonSet });
}
