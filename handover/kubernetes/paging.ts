import { Refusal } from "../model/refusal";
import { StatusError } from "./clusterErrors";

/** One page of a LIST: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
export interface Page<Item> {
    readonly items: readonly Item[];
    readonly metadata?: { readonly _continue?: string; readonly resourceVersion?: string };
}

export interface Listed<Kept> {
    readonly kept: Kept[];
    /** The version from which a watch continues. */
    readonly resourceVersion: string | undefined;
}

/** How often a LIST is started. A page that comes after etcd's five minutes fails it, which should happen only once. */
const STARTS = 4;

/** Reads page after page. Only one page at a time and the results of `keep` are in memory. */
export async function listAll<Item, Kept>(
    page: (cursor: string | undefined) => Promise<Page<Item>>,
    keep: (item: Item) => Kept | undefined,
): Promise<Listed<Kept>> {
    for (let starts = 1; ; starts++) {
        try {
            return await listOnce(page, keep);
        } catch (error) {
            if (!(error instanceof StatusError && error.status === 410)) {
                throw error;
            }
            if (starts === STARTS) {
                throw new Refusal(
                    "cluster-refuses",
                    `The API server ended a LIST ${STARTS} times before its last page: ${error.message}.`,
                    "It answers so slowly that the list expires before it has been read completely.",
                    "Run again when the API server is less busy.",
                );
            }
        }
    }
}

async function listOnce<Item, Kept>(
    page: (cursor: string | undefined) => Promise<Page<Item>>,
    keep: (item: Item) => Kept | undefined,
): Promise<Listed<Kept>> {
    const kept: Kept[] = [];
    let cursor: string | undefined;
    for (;;) {
        const { items, metadata } = await page(cursor);
        for (const item of items) {
            const wanted = keep(item);
            if (wanted !== undefined) {
                kept.push(wanted);
            }
        }
        cursor = metadata?._continue;
        if (!cursor) {
            return { kept, resourceVersion: metadata?.resourceVersion };
        }
    }
}
