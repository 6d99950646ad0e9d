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

/** The running builds with their durations, and the remaining ones. */
export function statusLine(running: { name: string; milliseconds: number }[], remaining: string[]): string {
    const now = running.map(({ name, milliseconds }) => `${name} (${duration(milliseconds)})`).join(", ");
    return `Building ${now || "nothing"}; ${remaining.length ? `then ${remaining.join(", ")}` : "nothing after that"}`;
}

/**
 * Shows builds on a terminal as one live line, elsewhere (a pipe, a CI log) as one line every 15 s. `planned` are the
 * names of all recipes that may have to be built, in order.
 */
export class Display implements Progress {
    private readonly started = new Map<string, number>();
    private waiting: string[] = [];
    private timer: NodeJS.Timeout | undefined;
    private live = false;

    public constructor(private readonly output: Output) {}

    public plan(names: string[]): void {
        this.waiting = names;
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
        this.note(`Building ${name} ${version}: once; the result is cached`);
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
        const running = [...this.started].map(([name, since]) => ({ name, milliseconds: now - since }));
        return statusLine(running, this.waiting);
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
