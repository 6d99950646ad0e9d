import { ComponentProvider } from "@pulumi/pulumi/provider/experimental";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join, resolve } from "path";
import { name } from "../package.json";
import * as main from "../index";
import { refinedSchema } from "./refineSchema";

const ROOT = resolve(__dirname, "..");

/**
 * What the SDK's analyzer makes of the components that the package exports, refined. It reads package.json and tsconfig.json of one
 * folder: this one has a tsconfig.json that names the package's own modules alone, since the analyzer takes in all that it names.
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
