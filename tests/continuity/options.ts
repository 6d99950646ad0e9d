import { Command, InvalidArgumentError } from "commander";

export interface Options {
    readonly quick?: true;
    readonly list?: true;
    readonly only?: string[];
    readonly points?: number;
    readonly seed?: number;
    readonly stations?: number;
    readonly keep?: true;
}

function count(text: string): number {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) {
        throw new InvalidArgumentError("It must be a whole number, 0 or more.");
    }
    return value;
}

export function readOptions(argv: readonly string[]): Options {
    return new Command("npm run test:continuity --")
        .description(
            "Hand-over and hand-back on a local EKS, with somebody who looks on from outside: how long was any aws-node " +
                "pod without a working path to its permissions?",
        )
        .option("--quick", "3 nodes, short delays, ten scenarios and ten kill points")
        .option(
            "--points <count>",
            "the kill campaign with so many points, and no scenario; goes on where it was ended",
            count,
        )
        .option("--seed <number>", "which points a campaign takes, and when the random ones are", count)
        .option("--only <name...>", "one scenario or kill point, or several; see --list")
        .option("--list", "print the names of the scenarios, one a line")
        .option("--stations <count>", "how many sandboxes work side by side", count)
        .option("--keep", "keep the logs also when nothing fails")
        .parse(argv)
        .opts<Options>();
}
