/** Receives the progress of the tools. */
export interface Progress {
    /** An installed tool is used or skipped: one line of text. */
    note(line: string): void;
    begin(name: string, version: string): void;
    end(name: string): void;
}

export const silent: Progress = { note: () => undefined, begin: () => undefined, end: () => undefined };

export interface Output {
    write(text: string): unknown;
    isTTY?: boolean | undefined;
}

export function duration(milliseconds: number): string {
    const seconds = Math.round(milliseconds / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** A build, and the seconds that it takes alone on two idle cores. */
export interface Planned {
    readonly name: string;
    readonly typicalSeconds: number;
}

/** Two builds run at a time, each half as fast as alone. While one links or downloads, the other has all cores. */
const AT_A_TIME = 2;
const GAIN = 0.85;

/** The seconds that builds take together. */
export function expectedSeconds(builds: readonly Planned[]): number {
    return GAIN * builds.reduce((sum, { typicalSeconds }) => sum + typicalSeconds, 0);
}

export interface Running extends Planned {
    readonly milliseconds: number;
}

/** The share of the work that is done, from 0 to 1. A build that takes longer than typical counts as almost done. */
export function shareDone(all: readonly Planned[], running: readonly Running[], remaining: readonly string[]): number {
    const total = expectedSeconds(all);
    const open = all.filter(({ name }) => remaining.includes(name) || running.some((build) => build.name === name));
    const partly = running.map(({ typicalSeconds, milliseconds }) =>
        Math.min(milliseconds / 1000 / AT_A_TIME, 0.95 * GAIN * typicalSeconds),
    );
    const done = total - expectedSeconds(open) + partly.reduce((sum, seconds) => sum + seconds, 0);
    return total === 0 ? 1 : done / total;
}

const CELLS = 20;

/** A bar, the time that remains, the running builds with their durations, and the remaining ones. */
export function statusLine(all: readonly Planned[], running: readonly Running[], remaining: readonly string[]): string {
    const share = shareDone(all, running, remaining);
    const cells = Math.round(share * CELLS);
    const bar = `[${"#".repeat(cells)}${"-".repeat(CELLS - cells)}] ${String(Math.round(share * 100))} %`;
    const left = `about ${minutes((1 - share) * expectedSeconds(all))} left`;
    const now = running.map(({ name, milliseconds }) => `${name} (${duration(milliseconds)})`).join(", ");
    return `${bar}, ${left}: ${now || "nothing"}; ${remaining.length ? `then ${remaining.join(", ")}` : "nothing after that"}`;
}

function minutes(seconds: number): string {
    return seconds < 60 ? "a minute" : `${String(Math.round(seconds / 60))} min`;
}

/** The announcement before the first build. */
export function announcement(builds: readonly Planned[], cache: string): string {
    const tools = builds.length === 1 ? "1 tool is" : `${String(builds.length)} tools are`;
    return (
        `${tools} not installed, and built from source packages: once, for about ${minutes(expectedSeconds(builds))} on two idle cores. ` +
        `They stay in ${cache}. If you stop it, the finished ones are kept.`
    );
}

/** Shows builds on a terminal as one live line, elsewhere (a pipe, a CI log) as one line every 15 s. */
export class Display implements Progress {
    private readonly started = new Map<string, number>();
    private all: readonly Planned[] = [];
    private waiting: string[] = [];
    private timer: NodeJS.Timeout | undefined;
    private live = false;

    public constructor(private readonly output: Output) {}

    /** @param builds - all that may have to be built, in order. `cache` is where they stay. */
    public plan(builds: readonly Planned[], cache: string): void {
        this.all = builds;
        this.waiting = builds.map(({ name }) => name);
        if (builds.length > 0) {
            this.note(announcement(builds, cache));
        }
    }

    public note(line: string): void {
        this.erase();
        this.output.write(`${line}\n`);
        this.draw();
    }

    public begin(name: string, version: string): void {
        this.started.set(name, Date.now());
        this.waiting = this.waiting.filter((other) => other !== name);
        this.timer ??= setInterval(() => this.tick(), this.output.isTTY ? 1000 : 15_000);
        this.note(`Building ${name} ${version}`);
    }

    public end(name: string): void {
        const since = this.started.get(name);
        this.started.delete(name);
        if (this.started.size === 0) {
            clearInterval(this.timer);
            this.timer = undefined;
        }
        if (since !== undefined) {
            this.note(`Built ${name} in ${duration(Date.now() - since)}`);
        }
    }

    /** Ends the display, also after a failed build. */
    public stop(): void {
        clearInterval(this.timer);
        this.erase();
        this.started.clear();
    }

    private tick(): void {
        if (this.output.isTTY) {
            this.erase();
            this.draw();
        } else {
            this.output.write(`${this.status()}\n`);
        }
    }

    private status(): string {
        const now = Date.now();
        const running = [...this.started].map(([name, since]) => ({
            name,
            typicalSeconds: this.all.find((build) => build.name === name)?.typicalSeconds ?? 0,
            milliseconds: now - since,
        }));
        return statusLine(this.all, running, this.waiting);
    }

    private draw(): void {
        if (this.output.isTTY && this.started.size > 0) {
            this.output.write(this.status());
            this.live = true;
        }
    }

    private erase(): void {
        if (this.live) {
            // Carriage return, then "erase in line" (ECMA-48): removes the live line.
            this.output.write("\r\u001b[K");
            this.live = false;
        }
    }
}
