import type { AwsRequest } from "../protocol";
import type { Route } from "./routes";

type Tags = Readonly<Record<string, string>>;

/** Resources with tags: add-ons, and Pod Identity associations. */
export interface Tagged {
    /** Undefined for the ARN of something else. */
    tags(arn: string): Tags | undefined;
    setTags(arn: string, tags: Tags): void;
}

/** Answers calls about the tags of resources that moto does not have. Undefined for the tags of other resources. */
export function tagAnswer(request: AwsRequest, { action }: Route, all: readonly Tagged[]): object | undefined {
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    const arn = decodeURIComponent(pathname.replace(/^\/tags\//, ""));
    const isOfTags = /TagResource$|^UntagResource$|^ListTagsForResource$/.test(action);
    const of = isOfTags ? all.find((one) => one.tags(arn) !== undefined) : undefined;
    const tags = of?.tags(arn);
    if (of === undefined || tags === undefined) {
        return undefined;
    }
    switch (action) {
        case "TagResource": {
            const { tags: added } = JSON.parse(request.body.toString()) as { tags: Record<string, string> };
            of.setTags(arn, { ...tags, ...added });
            return {};
        }
        case "UntagResource": {
            const removed = searchParams.getAll("tagKeys");
            of.setTags(arn, Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.includes(key))));
            return {};
        }
        default:
            return { tags };
    }
}
