import { asStringMap, containsUnknown, UNKNOWN, Value, ValueMap } from "./values";

/**
 * `tagsAll` is an input that the provider computes in check: the default tags, overridden by the tags of the resource
 * (pulumi-aws provider/tags.go, applyTags).
 */
export function tagsAll(tags: Value | undefined, defaultTags: Record<string, string>): Value {
    return containsUnknown(tags) ? UNKNOWN : { ...defaultTags, ...asStringMap(tags) };
}

/**
 * The state's `tags` exclude default tags: terraform-provider-aws internal/tags/key_value_tags.go, RemoveDefaultConfig.
 * A tag that the program sets to the value of the default tag counts as the program's.
 */
export function tagState(
    actual: Record<string, string>,
    defaultTags: Record<string, string>,
    own: Value | undefined,
): ValueMap {
    const all = Object.fromEntries(Object.entries(actual).filter(([key]) => !key.startsWith("aws:")));
    const configured = asStringMap(own);
    const tags = Object.entries(all).filter(([key, value]) => defaultTags[key] !== value || configured[key] === value);
    return { tags: Object.fromEntries(tags), tagsAll: all };
}

export interface TagChange {
    readonly set: Record<string, string>;
    readonly remove: string[];
}

export function tagChange(olds: Value | undefined, news: Value | undefined): TagChange {
    const [before, after] = [asStringMap(olds), asStringMap(news)];
    return {
        set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
        remove: Object.keys(before).filter((key) => !(key in after)),
    };
}

/** IAM and EC2 return tags as pairs, EKS as a map. */
export function tagPairs(tags: Record<string, string>): { Key: string; Value: string }[] {
    return Object.entries(tags).map(([key, value]) => ({ Key: key, Value: value }));
}

export function tagMap(
    pairs: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): Record<string, string> {
    return Object.fromEntries(pairs.map((pair) => [pair.Key ?? "", pair.Value ?? ""]));
}
