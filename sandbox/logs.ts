/** What a sandbox writes down while it runs, a JSON object a line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { IamChange } from "./aws/iam/timeline";
import type { AgentResult } from "./cluster/podAgent";

interface WithLogs {
    /** Of the sandbox. */
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

/** Every call that the agents of a sandbox have made, in the order in which they made them. */
export function agentResults({ directory }: WithLogs): AgentResult[] {
    return lines(agentsLog(join(directory, "logs"))).map((line) => JSON.parse(line) as AgentResult);
}

/** Every change of IAM since the sandbox's start, with the time from which it is enforced and the whole state that it made. */
export function iamChanges({ directory }: WithLogs): IamChange[] {
    return lines(iamChangesLog(join(directory, "logs"))).map((line) => JSON.parse(line) as IamChange);
}

/** The newest change, without reading the states before it. */
export function lastIamChange({ directory }: WithLogs): IamChange {
    return JSON.parse(lines(iamChangesLog(join(directory, "logs"))).at(-1) ?? "") as IamChange;
}
