import { Command, InvalidArgumentError } from "commander";
import { count } from "../continuity/options";

export interface Options {
    readonly runs?: number;
    readonly seed?: number;
    readonly minutes?: number;
    readonly workers?: number;
    readonly atLeast?: number;
    readonly exhaustive: number;
    /** A seed and a path, as a violation prints them. */
    readonly again?: Again;
}

export interface Again {
    readonly seed: number;
    readonly path: string;
}

function minutes(text: string): number {
    const value = Number(text);
    if (!(value > 0)) {
        throw new InvalidArgumentError("It must be a number above 0.");
    }
    return value;
}

function again(text: string): Again {
    const [, seed, path] = /^(-?\d+),(\d+(?::\d+)*)$/.exec(text) ?? [];
    if (seed === undefined || path === undefined) {
        throw new InvalidArgumentError("It must be a seed and a path, such as 12,3:0:1.");
    }
    return { seed: Number(seed), path };
}

export function readOptions(argv: readonly string[]): Options {
    return new Command("npm run test:simulate --")
        .description(
            "Plays random histories of fleets on a model of cluster and account: stale views, lost answers, kills. Then it ends all faults, and checks " +
                "that the hand-over and the hand-back are reached.",
        )
        .option("--runs <count>", "how many histories (default: 1000, or as many as --minutes allow)", count)
        .option("--minutes <number>", "hand out no more histories after this time", minutes)
        .option("--at-least <count>", "fail if fewer histories were played", count)
        .option("--seed <number>", "selects the histories (default: a random one)", count)
        .option("--workers <count>", "how many processes play (default: one for each core)", count)
        .option(
            "--exhaustive <depth>",
            "play all kills of small clusters too: 0 none, 1 each kill of a command, 2 also those of two commands in a row",
            count,
            1,
        )
        .option("--again <seed,path>", "play one history of a violation again, with its log", again)
        .parse(argv)
        .opts<Options>();
}
