import { AwsError } from "../../errors";
import type { AddOn } from "./addOn";
import type { ResolveConflicts } from "./requests";

/** An add-on, with the data that EKS keeps about it and does not show. */
export interface Entry {
    readonly addOn: AddOn;
    /** Of the last request: how a later write treats the values of others. */
    readonly conflicts: ResolveConflicts;
    /** The last restart of its pods. */
    readonly restartedAt?: string | undefined;
    /** The status that DescribeAddon still shows, and until when. */
    readonly former?: { readonly status: AddOn["status"]; readonly until: number };
    /** The update that is under way. */
    readonly updateId?: string | undefined;
}

/** Names of clusters and add-ons have no "/". */
export function keyOf(clusterName: string, name: string): string {
    return `${clusterName}/${name}`;
}

/** The add-ons of all clusters, by their keys. */
export class AddOnStore {
    private readonly entries = new Map<string, Entry>();

    /** Wording: https://github.com/aws-samples/amazon-eks-security-immersion-day/issues/53 */
    refuseExisting(key: string): void {
        if (this.entries.has(key)) {
            throw new AwsError("ResourceInUseException", "Addon already exists.", 409);
        }
    }

    set(key: string, entry: Entry): void {
        this.entries.set(key, entry);
    }

    change(key: string, changed: Partial<Entry>): void {
        this.entries.set(key, { ...this.get(key), ...changed });
    }

    /** Wording: https://github.com/awsdocs/amazon-eks-user-guide/issues/323 */
    get(key: string): Entry {
        const entry = this.entries.get(key);
        if (!entry) {
            const [clusterName = "", name = ""] = key.split("/");
            const message = `No addon: ${name} found in cluster: ${clusterName}`;
            throw new AwsError("ResourceNotFoundException", message, 404);
        }
        return entry;
    }

    /** As DescribeAddon shows it. */
    shown(key: string): AddOn {
        const { addOn, former } = this.get(key);
        return former !== undefined && Date.now() < former.until ? { ...addOn, status: former.status } : addOn;
    }

    delete(key: string): void {
        this.entries.delete(key);
    }

    clear(): void {
        this.entries.clear();
    }

    all(): readonly (readonly [key: string, entry: Entry])[] {
        return [...this.entries];
    }

    ofCluster(clusterName: string): readonly (readonly [key: string, entry: Entry])[] {
        return this.all().filter(([, { addOn }]) => addOn.clusterName === clusterName);
    }

    /** Undefined unless it is the ARN of an add-on. */
    tags(arn: string): AddOn["tags"] | undefined {
        return this.byArn(arn)?.[1].addOn.tags;
    }

    setTags(arn: string, tags: AddOn["tags"]): void {
        const [key, entry] = this.byArn(arn) ?? [];
        if (key !== undefined && entry !== undefined) {
            this.change(key, { addOn: { ...entry.addOn, tags } });
        }
    }

    private byArn(arn: string) {
        return this.all().find(([, { addOn }]) => addOn.addonArn === arn);
    }
}
