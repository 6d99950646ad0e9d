import { createHash } from "crypto";

/** Below Kubernetes' limit of 253 characters for a name, with room for the digest. */
const READABLE_LENGTH = 200;

/** The name of the injection guard's policy and of its binding. Both are cluster-wide, so the name is unique to the component. */
export function injectionGuardName(fieldManager: string): string {
    const digest = createHash("sha256").update(fieldManager).digest("hex").slice(0, 8);
    const readable = fieldManager
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(0, READABLE_LENGTH);
    return `${readable}-${digest}`;
}
