/** The state of a container. */
export type Phase =
    | { readonly is: "starting" }
    /** Started, and Ready once the time is reached. */
    | { readonly is: "settling"; readonly until: number }
    | { readonly is: "running" }
    /** Its process has ended inside; the container runs on until its liveness probe has failed often enough. */
    | { readonly is: "failed"; readonly killedAt: number }
    | { readonly is: "backOff"; readonly until: number };

/**
 * From the start of aws-node's container to its death by the liveness probe: initialDelaySeconds 60 of the manifest, and three
 * failures, ten seconds apart (Kubernetes' defaults of failureThreshold and periodSeconds).
 *
 * The entrypoint waits for ipamd without a limit, so the container does not end by itself (amazon-vpc-cni-k8s
 * cmd/aws-vpc-cni/main.go, waitForIPAM).
 */
export const livenessSeconds = 60 + 3 * 10;

/**
 * k8s.io/kubernetes pkg/kubelet/kubelet.go, initialCrashLoopBackOff and MaxCrashLoopBackOff. The first restart is immediate
 * (pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff).
 */
export const backOff = { firstSeconds: 10, mostSeconds: 300 };

/** The pause before the restart that follows so many. */
export function backOffSeconds(restarts: number): number {
    return restarts === 0 ? 0 : Math.min(backOff.firstSeconds * 2 ** (restarts - 1), backOff.mostSeconds);
}

/** The life of a container whose start may fail. */
export class ContainerLife {
    private startedAt: number;
    private now: Phase;
    public constructor(
        private readonly clock: () => number,
        /** Scales every duration. */
        private readonly factor: number,
        isRunning: boolean,
        /** Completed restarts: the container's restartCount. */
        public restarts = 0,
    ) {
        this.startedAt = clock();
        this.now = { is: isRunning ? "running" : "starting" };
    }

    public get phase(): Phase {
        return this.now;
    }

    public failed(): void {
        this.now = { is: "failed", killedAt: this.startedAt + this.milliseconds(livenessSeconds) };
    }

    /** The start succeeded. The container is Ready after this time. */
    public succeeded(afterSeconds: number): void {
        this.now =
            afterSeconds === 0
                ? { is: "running" }
                : { is: "settling", until: this.clock() + this.milliseconds(afterSeconds) };
    }

    /** The process ends, as by a signal from outside of the container. */
    public ended(): "backOff" | "restarted" {
        return this.pauseOrRestart(this.clock());
    }

    private pauseOrRestart(since: number): "backOff" | "restarted" {
        const seconds = backOffSeconds(this.restarts);
        if (seconds === 0) {
            return this.restart();
        }
        this.now = { is: "backOff", until: since + this.milliseconds(seconds) };
        return "backOff";
    }

    /** The next transition, if its time has come. */
    public passTime(): "ready" | "backOff" | "restarted" | undefined {
        const { now } = this;
        if (now.is === "settling" && this.clock() >= now.until) {
            this.now = { is: "running" };
            return "ready";
        }
        if (now.is === "failed" && this.clock() >= now.killedAt) {
            return this.pauseOrRestart(now.killedAt);
        }
        return now.is === "backOff" && this.clock() >= now.until ? this.restart() : undefined;
    }

    private restart(): "restarted" {
        this.restarts++;
        this.startedAt = this.clock();
        this.now = { is: "starting" };
        return "restarted";
    }

    private milliseconds(seconds: number): number {
        return seconds * 1000 * this.factor;
    }
}
