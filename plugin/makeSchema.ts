import { ComponentProvider } from "@pulumi/pulumi/provider/experimental";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join, resolve } from "path";
import { name } from "../package.json";
import * as main from "../index";
import { refinedSchema } from "./refineSchema";

const ROOT = resolve(__dirname, "..");

/**
 * The refined schema that the SDK's analyzer generates from the package's components. The analyzer reads package.json and
 * tsconfig.json of one folder, and every module that the tsconfig.json includes. The temporary folder therefore has a tsconfig.json
 * that includes only the package's own modules.
 */
export async function makeSchema(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "eks-cni-schema-"));
    try {
        copyFileSync(join(ROOT, "package.json"), join(folder, "package.json"));
        writeFileSync(join(folder, "index.ts"), `export * from ${JSON.stringify(join(ROOT, "index"))};`);
        const tsconfig = { extends: join(ROOT, "tsconfig.json"), include: [join(folder, "index.ts")] };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
        const components = [main.CniServiceAccountRole];
        const schema = await new ComponentProvider({ dirname: folder, name, components }).getSchema();
        return `${JSON.stringify(JSON.parse(refinedSchema(schema)), null, 4)}\n`;
    } finally {
        rmSync(folder, { recursive: true });
    }
}

if (require.main === module) {
    void makeSchema().then((schema) => process.stdout.write(schema));
}
