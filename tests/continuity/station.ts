/** A sandbox with a monitor, for one scenario after another. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Sandbox, startSandbox, type ToolPaths } from "local-eks";
import { Engine } from "./engine/engine";
import { faultsOf } from "./faults";
import type { Part } from "./killPoints";
import { Monitor } from "./monitor/monitor";
import type { Sizes } from "./sizes";
import { type IpFamily, Stage } from "./stage";
import { snapshot } from "./state/snapshot";

export interface StationOptions {
    readonly name: string;
    readonly sizes: Sizes;
    readonly tools: ToolPaths;
    /** The folder of the engine's files and logs. */
    readonly directory: string;
    /** The folder of the package under test. */
    readonly packageFolder: string;
    /** See `--part`. */
    readonly part?: Part | undefined;
    /** See `--ip-family`. */
    readonly ipFamily: IpFamily;
    say(line: string): void;
}

/** Each station has its own name, folder and output prefix. */
export function makeStations(count: number, common: Omit<StationOptions, "name">): Station[] {
    return Array.from({ length: count }, (_, index) => {
        const number = String(index + 1);
        return new Station({
            ...common,
            name: `continuity-${String(process.pid)}-${number}`,
            directory: join(common.directory, `station-${number}`),
            say: (line) => common.say(`  [${number}] ${line}`),
        });
    });
}

export class Station {
    private sandbox: Sandbox | undefined;
    private engine: Engine | undefined;
    private monitor: Monitor | undefined;
    private stage: Stage | undefined;

    public constructor(private readonly options: StationOptions) {}

    /** Returns a stage with an unchanged cluster. `title` names the folder of its logs. */
    public async fresh(title: string): Promise<Stage> {
        const { sizes, packageFolder, part, ipFamily } = this.options;
        const say = (line: string) => this.options.say(line);
        await this.clear();
        this.sandbox = await this.cleanSandbox();
        const directory = join(this.options.directory, title.replace(/[^a-z0-9-]+/gi, "-"));
        mkdirSync(directory, { recursive: true });
        this.engine = new Engine(this.sandbox, directory, packageFolder);
        this.monitor = new Monitor(this.sandbox);
        await Promise.all([this.engine.start(), this.monitor.start()]);
        const before = await snapshot(this.sandbox);
        const { sandbox, engine, monitor } = this;
        const faults = faultsOf(sandbox, monitor);
        const stage = new Stage({ sandbox, engine, monitor, faults, sizes, ipFamily, before, directory, part, say });
        await stage.settled();
        this.stage = stage;
        return stage;
    }

    /** Whether the stage is still current. A former stage is unusable: its proxies are closed, and its cluster is reset. */
    public isCurrent(stage: Stage): boolean {
        return stage === this.stage;
    }

    /** Resets the last sandbox, and starts another one only if that fails. */
    private async cleanSandbox(): Promise<Sandbox> {
        const { name, tools, sizes, ipFamily } = this.options;
        try {
            await this.sandbox?.reset();
            if (this.sandbox) {
                return this.sandbox;
            }
        } catch (error) {
            this.options.say(`The sandbox could not be reset, and is started again: ${String(error)}`);
            await this.sandbox?.stop();
        }
        return startSandbox({
            name,
            tools,
            ipFamily,
            ownerPid: process.pid,
            nodes: sizes.nodes,
            subnets: sizes.subnets,
            agents: true,
            failedStartFactor: 0.02,
            podReadySeconds: sizes.podReadySeconds,
            enforcementDelaySeconds: sizes.enforcementSeconds,
        });
    }

    private async clear(): Promise<void> {
        this.monitor?.stop();
        await this.engine?.close();
        [this.monitor, this.engine, this.stage] = [undefined, undefined, undefined];
    }

    public async close(): Promise<void> {
        await this.clear();
        await this.sandbox?.stop();
        this.sandbox = undefined;
    }
}
