import { WEBHOOK_PREFIX } from "../../documents/serviceAccountAnnotations";
import type { World } from "./world";

/** The service account's annotations that the pod identity webhook reads. */
export function webhookAnnotations({ cluster }: World): Readonly<Record<string, string>> {
    const all = Object.entries(cluster.serviceAccount?.annotations ?? {});
    return Object.fromEntries(all.filter(([name]) => name.startsWith(WEBHOOK_PREFIX)));
}
