import type { Metafile } from "esbuild";
import * as fs from "fs";
import * as path from "path";
import bundle from "./bundle.cjs";
import { type Manifest, publishedManifest } from "./manifest";
import { thirdPartyNotices } from "./notices";
import { reachableDeclarations } from "./reachableDeclarations";

/** The files and folders that are published as they are. `dist` and package.json are made for it. */
const COPIED = [
    "bin",
    "components",
    "documents",
    "handover",
    "plugin",
    "policies",
    "docs",
    "examples",
    "index.ts",
    "PulumiPlugin.yaml",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "LICENSE",
];
/** Which an installation or a run leaves in the copied folders, and what only a clone can use. */
const NOT_COPIED = /^(?:node_modules|package-lock\.json|typedoc\.json|makeSchema\.ts)$|\.tgz$/;

/** Makes the folder that is published, from a clone that is built. */
export function stage(root: string, folder: string): void {
    for (const name of COPIED) {
        fs.cpSync(path.join(root, name), path.join(folder, name), {
            recursive: true,
            filter: (file) => !NOT_COPIED.test(path.basename(file)),
        });
    }
    const clone = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
    nameThisVersion(path.join(folder, "examples"), clone);
    copyBuild(path.join(root, "dist"), path.join(folder, "dist"));
    const bundled = bundledPackages(bundle(root, path.join(folder, "dist")));
    fs.writeFileSync(path.join(folder, "THIRD-PARTY-NOTICES.txt"), thirdPartyNotices(root, bundled));
    const names = bundled.map((one) => one.replace(/^.*node_modules\//, ""));
    fs.writeFileSync(
        path.join(folder, "package.json"),
        `${JSON.stringify(publishedManifest(clone, names), null, 4)}\n`,
    );
}

/** In the clone the examples use the clone. */
function nameThisVersion(examples: string, { name, version }: Manifest): void {
    for (const example of fs.readdirSync(examples)) {
        const file = path.join(examples, example, "package.json");
        if (fs.existsSync(file)) {
            const text = fs.readFileSync(file, "utf8");
            fs.writeFileSync(file, text.replace(`"${name}": "file:../.."`, `"${name}": "^${version}"`));
        }
    }
}

/** Without declarations that no entry reaches: they name types of the bundled clients, which users do not have. */
function copyBuild(from: string, to: string): void {
    const reachable = reachableDeclarations(from, ["index.d.ts", "handover/index.d.ts", "policies/rules.d.ts"]);
    for (const name of fs.readdirSync(from, { recursive: true, encoding: "utf8" })) {
        const isDeclaration = /\.d\.ts(?:\.map)?$/.test(name);
        if (
            fs.statSync(path.join(from, name)).isFile() &&
            (!isDeclaration || reachable.has(name.replace(/\.map$/, "")))
        ) {
            fs.mkdirSync(path.dirname(path.join(to, name)), { recursive: true });
            fs.copyFileSync(path.join(from, name), path.join(to, name));
        }
    }
}

/** The folders of the packages in the bundles, relative to the clone. */
function bundledPackages({ inputs }: Metafile): string[] {
    const folders = Object.keys(inputs).flatMap(
        (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [],
    );
    return [...new Set(folders)].sort();
}
