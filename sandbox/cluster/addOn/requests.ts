import type { AddOnWrite } from "../../aws/eks/addOns/behavior";
import type { Manifest } from "../manifests/plain";
import { roleAnnotation } from "./objects";

/** A request to the API server: server-side apply, or a patch, which Kubernetes records as Update. */
export type KubernetesRequest =
    | { readonly kind: "apply"; readonly object: Manifest; readonly force: boolean }
    | { readonly kind: "patch"; readonly object: Manifest };

/** Where the values of other field managers are in the way. */
export interface How {
    readonly overwrites: boolean;
    /** Whether the add-on had a role before, and has none now. */
    readonly removesRole: boolean;
}

/** The requests of one kind of write, in their order: see `AddOnWrite`. */
export function requestsFor(
    write: AddOnWrite,
    objects: readonly Manifest[],
    { overwrites, removesRole }: How,
): KubernetesRequest[] {
    const force = overwrites || write === "forcedApply";
    const applied = (object: Manifest): KubernetesRequest => ({ kind: "apply", object, force });
    const patched = (object: Manifest): KubernetesRequest => ({ kind: "patch", object });
    const removal = objects.filter((object) => removesRole && object.kind === "ServiceAccount").map(withoutRole);
    switch (write) {
        case "nothing":
            return [];
        case "apply":
        case "forcedApply":
            return objects.map(applied);
        case "update":
            return [...objects, ...removal].map(patched);
        case "updateThenApply":
            return [...objects.map(patched), ...objects.map(applied)];
        case "removesThoughCoOwned":
            return [...objects.map(applied), ...removal.map(patched)];
    }
}

/** A merge patch with null removes a value from the object, with all its owners: https://datatracker.ietf.org/doc/html/rfc7386 */
function withoutRole({ apiVersion, kind, metadata }: Manifest): Manifest {
    const { name, namespace } = metadata ?? {};
    return {
        apiVersion,
        kind,
        metadata: { name, namespace, annotations: { [roleAnnotation]: null } },
    } as unknown as Manifest;
}
