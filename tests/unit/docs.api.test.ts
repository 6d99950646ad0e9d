import { deepStrictEqual } from "assert";
import { execFileSync } from "child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { ROOT } from "./support/markdown";

function contents(folder: string): Record<string, string> {
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("the API reference", function () {
    this.timeout(120_000);

    it("is what `npm run docs:api` makes of the docstrings", () => {
        const folder = mkdtempSync(join(tmpdir(), "eks-cni-api-"));
        try {
            const typedoc = join(ROOT, "node_modules/typedoc/bin/typedoc");
            const args = [typedoc, "--options", "docs/typedoc.json", "--out", folder, "--logLevel", "Error"];
            execFileSync(process.execPath, args, { cwd: ROOT, stdio: "pipe" });
            deepStrictEqual(contents(join(ROOT, "docs/api")), contents(folder));
        } finally {
            rmSync(folder, { recursive: true });
        }
    });
});
