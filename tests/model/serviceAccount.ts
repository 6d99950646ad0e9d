import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { type History, valueAt } from "./history";

type Annotations = Readonly<Record<string, string>>;

/** An entry of metadata.managedFields, as far as it has annotations. A manager has one entry for each operation. */
export interface ManagedEntry {
    readonly manager: string;
    readonly operation: "Apply" | "Update";
    readonly names: ReadonlySet<string>;
    /** When its set of names, or the value of one of them, changed last. */
    readonly at: number;
}

/**
 * A service account of the model. The plugin may move from one to another.
 *
 * Its field managers are those of sigs.k8s.io/structured-merge-diff v6, merge/update.go: Update and Apply.
 */
export class ModelServiceAccount {
    public annotations: Record<string, string> = {};
    public entries: readonly ManagedEntry[] = [];
    /** Whether the component's run wrote the annotations last, and not another party. */
    public isOwnWrite = false;
    private readonly annotated: History<string | undefined> = [{ at: 0, value: undefined }];

    public constructor(public readonly uid: string) {}

    /** The field managers that own the role annotation. */
    public get owners(): string[] {
        return [...new Set(this.entriesOf(ROLE_ARN_ANNOTATION).map(({ manager }) => manager))];
    }

    /** Those that own it by server-side apply. */
    public get appliers(): string[] {
        return this.entriesOf(ROLE_ARN_ANNOTATION).flatMap(({ manager, operation }) =>
            operation === "Apply" ? [manager] : [],
        );
    }

    /** The first owner of the role annotation. */
    public get owner(): string | undefined {
        return this.owners[0];
    }

    /** When the first of its owners wrote it last. */
    public get since(): number | undefined {
        const times = this.entriesOf(ROLE_ARN_ANNOTATION).map(({ at }) => at);
        return times.length === 0 ? undefined : Math.min(...times);
    }

    public owns(manager: string): boolean {
        return this.entries.some((entry) => entry.manager === manager && entry.names.size > 0);
    }

    /** Replaces all annotations, as a party does that deletes them and creates others. */
    public annotate(at: number, annotations: Annotations, owner: string | undefined, isOwnWrite: boolean): void {
        this.annotations = { ...annotations };
        const names = new Set(Object.keys(annotations));
        this.entries =
            owner === undefined || names.size === 0 ? [] : [{ manager: owner, operation: "Update", names, at }];
        this.isOwnWrite = isOwnWrite;
        this.noteRole(at);
    }

    /**
     * A server-side apply. Returns the managers with which it conflicts: nothing changes then.
     *
     * - A field that another entry owns with another value is a conflict. With force, the other entries lose it.
     * - The manager then owns all the fields that it sends, also with a value that is there already.
     * - A field that it applied before and no longer sends goes, unless another entry owns it (prune and addBackOwnedItems).
     */
    public apply(at: number, manager: string, sent: Annotations, force: boolean, isOwnWrite: boolean): string[] {
        const own = this.entries.find((entry) => entry.manager === manager && entry.operation === "Apply");
        const differing = Object.keys(sent).filter((name) => this.annotations[name] !== sent[name]);
        const others = this.entries.filter((entry) => entry !== own);
        const conflicts = others.filter(({ names }) => differing.some((name) => names.has(name)));
        if (conflicts.length > 0 && !force) {
            return [...new Set(conflicts.map((entry) => entry.manager))];
        }
        const kept = others.map((entry) => without(entry, differing, at));
        const released = [...(own?.names ?? [])].filter((name) => !(name in sent));
        const gone = released.filter((name) => !kept.some(({ names }) => names.has(name)));
        const names = new Set(Object.keys(sent));
        const isSame = differing.length === 0 && own !== undefined && isEqual(own.names, names);
        this.set(
            { ...this.annotations, ...sent },
            gone,
            [...kept, { manager, operation: "Apply", names, at: isSame ? own.at : at }],
            at,
        );
        this.isOwnWrite = isOwnWrite;
        return [];
    }

    /**
     * Any other write, such as a merge patch. A value that it changes is its own from then on. One that is there already takes no ownership, and
     * null removes the field for every owner.
     */
    public update(at: number, manager: string, patch: Readonly<Record<string, string | null>>): void {
        const changed = Object.entries(patch).filter(([name, value]) => (this.annotations[name] ?? null) !== value);
        const names = changed.map(([name]) => name);
        const set = changed.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
        const own = this.entries.find((entry) => entry.manager === manager && entry.operation === "Update");
        const others = this.entries.filter((entry) => entry !== own).map((entry) => without(entry, names, at));
        const gone = changed.flatMap(([name, value]) => (value === null ? [name] : []));
        const left = [...(own?.names ?? [])].filter((name) => !gone.includes(name));
        const owned = new Set([...left, ...set.map(([name]) => name)]);
        this.set(
            { ...this.annotations, ...Object.fromEntries(set) },
            gone,
            [
                ...others,
                { manager, operation: "Update", names: owned, at: changed.length === 0 ? (own?.at ?? at) : at },
            ],
            at,
        );
        this.isOwnWrite = false;
    }

    private set(annotations: Annotations, gone: readonly string[], entries: readonly ManagedEntry[], at: number): void {
        this.annotations = Object.fromEntries(Object.entries(annotations).filter(([name]) => !gone.includes(name)));
        this.entries = entries.filter(({ names }) => names.size > 0);
        this.noteRole(at);
    }

    private entriesOf(name: string): ManagedEntry[] {
        return this.entries.filter(({ names }) => names.has(name));
    }

    private noteRole(at: number): void {
        this.annotated.push({ at, value: this.annotations[ROLE_ARN_ANNOTATION] });
    }

    /** The role that the webhook gives to a pod if its cache is from this time. */
    public roleAt(at: number): string | undefined {
        return valueAt(this.annotated, at);
    }
}

function without(entry: ManagedEntry, lost: readonly string[], at: number): ManagedEntry {
    const names = new Set([...entry.names].filter((name) => !lost.includes(name)));
    return names.size === entry.names.size ? entry : { ...entry, names, at };
}

function isEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
    return a.size === b.size && [...a].every((one) => b.has(one));
}
