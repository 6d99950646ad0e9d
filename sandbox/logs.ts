/** The logs of a sandbox that programs read, with a JSON object in each line. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AssociationChange } from "./aws/eks/associations/views";
import type { EksAuthCall } from "./aws/eksAuth/callLog";
import type { IamChange } from "./aws/iam/timeline";
import type { AgentResult, ProbeResult } from "./cluster/podAgent";

interface WithLogs {
    /** The folder of the sandbox. */
    directory: string;
}

export function agentsLog(folder: string): string {
    return join(folder, "agents.jsonl");
}

export function probesLog(folder: string): string {
    return join(folder, "probes.jsonl");
}

export function associationChangesLog(folder: string): string {
    return join(folder, "association-changes.jsonl");
}

export function eksAuthCallsLog(folder: string): string {
    return join(folder, "eks-auth-calls.jsonl");
}

export function iamChangesLog(folder: string): string {
    return join(folder, "iam-changes.jsonl");
}

function lines(file: string): string[] {
    return readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "");
}

/** The calls that the CNI has made in each pod of aws-node, by the sandbox's agents: each start, and each time that the warm pool needed some. */
export function agentResults({ directory }: WithLogs): AgentResult[] {
    return linesIfAny(agentsLog(join(directory, "logs"))).map((line) => JSON.parse(line) as AgentResult);
}

/** Whether each pod of aws-node had a path to every permission of the CNI, twice a second and whatever the CNI did: the probes of the sandbox's agents. */
export function probeResults({ directory }: WithLogs): ProbeResult[] {
    return linesIfAny(probesLog(join(directory, "logs"))).map((line) => JSON.parse(line) as ProbeResult);
}

/** When the API, each replica of the webhook and each server of EKS Auth saw each change of an association, in the order of the times. */
export function associationChanges({ directory }: WithLogs): AssociationChange[] {
    return linesIfAny(associationChangesLog(join(directory, "logs"))).map(
        (line) => JSON.parse(line) as AssociationChange,
    );
}

/** All calls of EKS Auth, granted and refused, in their order. */
export function eksAuthCalls({ directory }: WithLogs): EksAuthCall[] {
    return linesIfAny(eksAuthCallsLog(join(directory, "logs"))).map((line) => JSON.parse(line) as EksAuthCall);
}

function linesIfAny(file: string): string[] {
    return existsSync(file) ? lines(file) : [];
}

/** All changes of IAM since the sandbox's start, each with its time of enforcement and the whole state after it. */
export function iamChanges({ directory }: WithLogs): IamChange[] {
    return lines(iamChangesLog(join(directory, "logs"))).map((line) => JSON.parse(line) as IamChange);
}

/** The newest change of IAM, without parsing the older ones. */
export function lastIamChange({ directory }: WithLogs): IamChange {
    return JSON.parse(lines(iamChangesLog(join(directory, "logs"))).at(-1) ?? "") as IamChange;
}
