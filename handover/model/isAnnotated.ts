import type { Subject } from "./subject";
import type { ClusterSeen } from "./world";

/**
 * Whether the service account has every annotation that delivers the role, whoever wrote it. Server-side apply of the same value
 * is no conflict: both managers own it then.
 */
export function isAnnotated({ annotations }: Subject, { serviceAccount }: ClusterSeen): boolean {
    return Object.entries(annotations).every(([name, value]) => serviceAccount?.annotations[name] === value);
}
