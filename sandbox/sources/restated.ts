import { createHash } from "node:crypto";

import { upstreamManifest } from "../tests/upstreamManifest";
import { upstreamAgent } from "../tests/upstreamAgent";
import { UPSTREAM as webhook, upstreamPods } from "../tests/identityWebhookPods";
import type { Copy } from "./copies";

/** A file upstream that tests restate in their own words, as it was then. */
export interface Restated {
    readonly repository: string;
    readonly path: string;
    readonly sha256: string;
}

const nameOf = (address: string) => address.replace("https://github.com/", "");

/** What tests restate: a change upstream does not reach them by itself. */
export const restated: readonly Restated[] = [
    { repository: nameOf(upstreamManifest.repository), path: upstreamManifest.file, sha256: upstreamManifest.sha256 },
    ...Object.entries(upstreamAgent.files).map(([path, sha256]) => ({
        repository: nameOf(upstreamAgent.repository),
        path,
        sha256,
    })),
    ...upstreamPods.map(({ file, sha256 }) => ({
        repository: nameOf(webhook.repository),
        path: `${webhook.folder}/${file}`,
        sha256,
    })),
];

/** The restated files that are not in a copy as they were, one line for each. A repository without a copy has none. */
export function changedSince(files: readonly Restated[], copyOf: (repository: string) => Copy | undefined): string[] {
    const copies = new Map(files.map(({ repository }) => [repository, copyOf(repository)]));
    return files.flatMap(({ repository, path, sha256 }) => {
        const copy = copies.get(repository);
        const text = copy?.read(path);
        const isSame = text !== undefined && createHash("sha256").update(text).digest("hex") === sha256;
        return copy === undefined || isSame ? [] : [`${repository} ${path}${text === undefined ? ": not found" : ""}`];
    });
}
