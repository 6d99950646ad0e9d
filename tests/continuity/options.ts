import { Command, InvalidArgumentError, Option } from "commander";
import type { Part } from "./killPoints";

export interface Options {
    readonly quick?: true;
    readonly list?: true;
    readonly only?: string[];
    readonly points?: number;
    readonly seed?: number;
    readonly part?: Part;
    readonly ipFamily: "ipv4" | "ipv6";
    readonly stations?: number;
    readonly keep?: true;
}

export function count(text: string): number {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) {
        throw new InvalidArgumentError("It must be a whole number, 0 or more.");
    }
    return value;
}

function part(text: string): Part {
    const [, nth, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
    if (Number(nth) < 1 || !(Number(nth) <= Number(of))) {
        throw new InvalidArgumentError("It must be a part of all, such as 2/5.");
    }
    return { nth: Number(nth), of: Number(of) };
}

export function readOptions(argv: readonly string[]): Options {
    return new Command("npm run test:continuity --")
        .description(
            "Runs hand-over and hand-back on a local EKS, and measures from outside how long any aws-node pod has no working " +
                "path to its permissions.",
        )
        .option("--quick", "3 nodes, short delays, the scenarios of the gate and six kill points")
        .option(
            "--points <count>",
            "run the kill campaign with this many points, and no scenarios; resumes where it stopped",
            count,
        )
        .option("--seed <number>", "selects the points of a campaign, and the times of the random ones", count)
        .option(
            "--part <nth/all>",
            "run this part of a campaign's kills, such as 2/5, with the same seed for each part",
            part,
        )
        .option("--only <name...>", "run only these scenarios or kill points; see --list")
        .addOption(
            new Option("--ip-family <family>", "of the cluster; ipv6 for the moves to Pod Identity and from it alone")
                .choices(["ipv4", "ipv6"])
                .default("ipv4"),
        )
        .option("--list", "print the names of the scenarios, one a line")
        .option("--stations <count>", "the number of sandboxes that run in parallel", count)
        .option("--keep", "keep the logs even if nothing fails")
        .parse(argv)
        .opts<Options>();
}
