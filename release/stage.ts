import { build, type Metafile } from "esbuild";
import * as fs from "fs";
import * as path from "path";
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

/**
 * The modules that alone import the AWS SDK and the Kubernetes client. They are published with what they use of them: installed as
 * dependencies these take 110 MB, and bundled 3 MB (docs/decisions/0013-published-package.md).
 */
const BUNDLED = ["handover/aws/awsSdk.js", "handover/kubernetes/clientNode.js"];

/** Makes the folder that is published, from a clone that is built. */
export async function stage(root: string, folder: string): Promise<void> {
    for (const name of COPIED) {
        fs.cpSync(path.join(root, name), path.join(folder, name), {
            recursive: true,
            filter: (file) => !NOT_COPIED.test(path.basename(file)),
        });
    }
    const clone = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
    nameThisVersion(path.join(folder, "examples"), clone);
    copyBuild(path.join(root, "dist"), path.join(folder, "dist"));
    const bundled = bundledPackages(await bundle(path.join(root, "dist"), path.join(folder, "dist")));
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

async function bundle(from: string, to: string): Promise<Metafile> {
    const { metafile } = await build({
        entryPoints: BUNDLED.map((name) => path.join(from, name)),
        outbase: from,
        outdir: to,
        allowOverwrite: true,
        absWorkingDir: path.dirname(from),
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        metafile: true,
        // Not identifiers: errors are recognised by the names of their classes.
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: "none",
        // Optional, and only for text that is not UTF-8: https://github.com/node-fetch/node-fetch/blob/2.x/src/body.js
        external: ["encoding"],
        logLevel: "warning",
    });
    BUNDLED.forEach((name) => fs.rmSync(path.join(to, `${name}.map`), { force: true }));
    return metafile;
}

/** The folders of the packages in the bundles, relative to the clone. */
function bundledPackages({ inputs }: Metafile): string[] {
    const folders = Object.keys(inputs).flatMap(
        (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [],
    );
    return [...new Set(folders)].sort();
}
