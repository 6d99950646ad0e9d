import type { Subject } from "./subject";
import type { ClusterSeen } from "./world";

/**
 * Whether the service account has every annotation that delivers the role, no matter which field manager wrote it.
 *
 * Server-side apply of an equal value does not conflict: both managers then own the field.
 */
export function isAnnotated({ annotations }: Subject, { serviceAccount }: ClusterSeen): boolean {
    return Object.entries(annotations).every(([name, value]) => serviceAccount?.annotations[name] === value);
}
