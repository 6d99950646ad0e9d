import type { ContainerCredentials, PodCredentials } from "local-eks/kubernetes";

const HEADER = ["POD", "NODE", "READY", "CONTAINERS", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "STS ENDPOINT"];

/** One line for each pod, or several lines if its containers have different credentials. */
export function podTable(pods: PodCredentials[]): string {
    return align([HEADER, ...pods.flatMap(rowsOf)]);
}

function rowsOf({ pod, node, ready, containers }: PodCredentials): string[][] {
    const groups = new Map<string, ContainerCredentials[]>();
    for (const container of containers) {
        const key = JSON.stringify(credentialCells(container));
        groups.set(key, [...(groups.get(key) ?? []), container]);
    }
    return [...groups.values()].map((group) => [
        pod,
        node,
        ready ? "yes" : "no",
        `${String(group.length)} of ${String(containers.length)}`,
        ...group.slice(0, 1).flatMap(credentialCells),
    ]);
}

function credentialCells({ roleArn, tokenFile, stsEndpoints, tokenMounted }: ContainerCredentials): string[] {
    return [
        roleArn ?? "- (node role)",
        tokenFile === undefined ? "-" : `${tokenFile}${tokenMounted ? "" : " (not mounted)"}`,
        stsEndpoints ?? "-",
    ];
}

function align(rows: string[][]): string {
    const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    return rows
        .map((row) =>
            row
                .map((cell, i) => cell.padEnd(widths[i] ?? 0))
                .join("  ")
                .trimEnd(),
        )
        .join("\n");
}
