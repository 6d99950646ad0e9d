import type { Manifest } from "../manifests/plain";

/** A field that another field manager owns with another value. */
export interface FieldConflict {
    readonly manager: string;
    /** As in `.spec.template.spec.containers[name="aws-node"].image`. */
    readonly field: string;
}

interface Status {
    readonly details?: { readonly causes?: readonly { reason?: string; message?: string; field?: string }[] };
}

/**
 * The conflicts in the API server's answer to a server-side apply that is not forced: k8s.io/kubernetes
 * staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go, NewConflictError and printManager.
 */
export function conflictsIn(answer: unknown): FieldConflict[] {
    const { details } = (typeof answer === "string" ? parsed(answer) : answer) as Status;
    return (details?.causes ?? []).flatMap(({ reason, message = "", field = "" }) => {
        const manager = /^conflict with "([^"]*)"/.exec(message)?.[1];
        return reason === "FieldManagerConflict" && manager !== undefined ? [{ manager, field }] : [];
    });
}

function parsed(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return {};
    }
}

/** The fields of an object that other managers own. */
export interface ObjectConflicts {
    readonly object: Manifest;
    readonly fields: readonly string[];
}

/** Wording: https://github.com/aws/amazon-vpc-cni-k8s/issues/2150, https://github.com/zalando-incubator/kubernetes-on-aws/pull/10377 */
export function conflictMessage(conflicts: readonly ObjectConflicts[]): string {
    const lines = conflicts.flatMap(({ object, fields }) => fields.map((field) => `${nameOf(object)} - ${field}`));
    const start = "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:";
    return [start, ...lines].join("\n");
}

/** As in "DaemonSet.apps aws-node". */
function nameOf({ apiVersion = "", kind = "", metadata }: Manifest): string {
    const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0] ?? ""}` : "";
    return `${kind}${group} ${metadata?.name ?? ""}`;
}

/** The object without these fields, so that they keep their owners and their values. */
export function withoutFields(object: Manifest, fields: readonly string[]): Manifest {
    return fields.reduce<unknown>((rest, field) => without(rest, field), object) as Manifest;
}

/** `path` is the rest of a field's path, from this value on. */
function without(value: unknown, path: string): unknown {
    if (Array.isArray(value)) {
        return withoutItem(value, path);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const key = keyAt(Object.keys(value), path);
    if (key === undefined) {
        return value;
    }
    const { [key]: member, ...others } = value as Record<string, unknown>;
    const rest = path.slice(key.length + 1);
    return rest === "" ? others : { ...others, [key]: without(member, rest) };
}

/** Keys of annotations and labels contain dots, so that the longest key that fits is the one. */
function keyAt(keys: readonly string[], path: string): string | undefined {
    return keys
        .filter((key) => path.startsWith(`.${key}`) && /^(?:$|[.[])/.test(path.slice(key.length + 1)))
        .sort((a, b) => b.length - a.length)[0];
}

/** `[name="aws-node"]` is the item with this name, `["a"]` or `[="a"]` the item of a set, `[0]` the item at this place. */
function withoutItem(list: readonly unknown[], path: string): unknown[] {
    const [whole = "", selector = ""] = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]])*)\]/.exec(path) ?? [];
    const rest = path.slice(whole.length);
    return list.flatMap((item, index) => {
        if (whole === "" || !isSelected(item, index, selector)) {
            return [item];
        }
        return rest === "" ? [] : [without(item, rest)];
    });
}

function isSelected(item: unknown, index: number, selector: string): boolean {
    if (/^\d+$/.test(selector)) {
        return Number(selector) === index;
    }
    if (typeof item !== "object" || item === null) {
        return JSON.stringify(item) === selector.replace(/^=/, "");
    }
    const members = item as Record<string, unknown>;
    const pairs = [...selector.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
    // The API server adds defaults to keys, as the protocol of a port.
    return pairs.every(([, key = "", value]) => members[key] === undefined || JSON.stringify(members[key]) === value);
}
