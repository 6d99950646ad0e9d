import { deepStrictEqual, ok } from "assert";
import { existsSync, statSync } from "fs";
import { dirname, join, normalize } from "path";
import { allTokens, anchors, Page, page, pages, ROOT } from "./support/markdown";

/** The targets of a page's links and pictures within the repository. */
function inRepository(of: Page): string[] {
    return allTokens(of)
        .filter(({ type }) => type === "link" || type === "image")
        .map((token) => String("href" in token ? token["href"] : ""))
        .filter((href) => !/^[a-z]+:/.test(href));
}

/** The problem of a link. Undefined if its target exists. */
function missing(from: Page, href: string): string | undefined {
    const [file = "", anchor] = href.split("#");
    const path = file === "" ? from.path : normalize(join(dirname(from.path), decodeURIComponent(file)));
    if (path.startsWith("..") || !existsSync(join(ROOT, path))) {
        return `${from.path}: ${href}: no such file`;
    }
    if (anchor === undefined) {
        return undefined;
    }
    const isPage = path.endsWith(".md") && statSync(join(ROOT, path)).isFile();
    return isPage && anchors(page(path)).includes(anchor) ? undefined : `${from.path}: ${href}: no such heading`;
}

describe("the links of the docs", () => {
    const all = pages();

    it("are found on the pages that have some", () => {
        const linked = all.flatMap(inRepository);
        ok(linked.length > 40, `${String(linked.length)} links`);
        ok(linked.some((href) => href.includes("#")));
    });

    it("lead to files and headings that are there", () => {
        deepStrictEqual(
            all.flatMap((of) => inRepository(of).flatMap((href) => missing(of, href) ?? [])),
            [],
        );
    });

    it("reach every page of docs/ from the README", () => {
        const reached = new Set<string>();
        const follow = (path: string) => {
            if (reached.has(path)) {
                return;
            }
            reached.add(path);
            inRepository(page(path))
                .map((href) => normalize(join(dirname(path), href.replace(/#.*/, "") || ".")))
                .filter((target) => target.endsWith(".md") && existsSync(join(ROOT, target)))
                .forEach(follow);
        };
        follow("README.md");
        const docs = all.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
        deepStrictEqual(
            docs.filter((path) => !reached.has(path)),
            [],
        );
    });
});
