import { AwsError } from "../../errors";

export interface Page<T> {
    readonly items: readonly T[];
    readonly nextToken?: string;
}

/** botocore's model of EKS (service-2.json), ListPodIdentityAssociationsMaxResults; without it, 100 are on a page. */
export const pageSize = { min: 1, max: 100 };

/** A page of a list. The token is opaque to clients; it is the number of items on the pages before. */
export function pageOf<T>(items: readonly T[], query: URLSearchParams): Page<T> {
    const size = Number(query.get("maxResults") ?? pageSize.max);
    const from = Number(query.get("nextToken") ?? 0);
    if (!(size >= pageSize.min && size <= pageSize.max) || !(from >= 0 && from <= items.length)) {
        // The words are not known from a source.
        throw new AwsError("InvalidParameterException", "maxResults or nextToken is not valid.", 400);
    }
    const end = from + size;
    return { items: items.slice(from, end), ...(end < items.length && { nextToken: String(end) }) };
}
