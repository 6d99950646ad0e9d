/** The logs of a sandbox that programs read, with a JSON object in each line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { IamChange } from "./aws/iam/timeline";
import type { AgentResult } from "./cluster/podAgent";

interface WithLogs {
    /** The folder of the sandbox. */
    directory: string;
}

export function agentsLog(folder: string): string {
    return join(folder, "agents.jsonl");
}

export function iamChangesLog(folder: string): string {
    return join(folder, "iam-changes.jsonl");
}

function lines(file: string): string[] {
    return readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
}

/** All calls of a sandbox's agents, in the order in which they were made. */
export function agentResults({ directory }: WithLogs): AgentResult[] {
    return lines(agentsLog(join(directory, "logs"))).map((line) => JSON.parse(line) as AgentResult);
}

/** All changes of IAM since the sandbox's start, each with its time of enforcement and the whole state after it. */
export function iamChanges({ directory }: WithLogs): IamChange[] {
    return lines(iamChangesLog(join(directory, "logs"))).map((line) => JSON.parse(line) as IamChange);
}

/** The newest change of IAM, without parsing the older ones. */
export function lastIamChange({ directory }: WithLogs): IamChange {
    return JSON.parse(lines(iamChangesLog(join(directory, "logs"))).at(-1) ?? "") as IamChange;
}
