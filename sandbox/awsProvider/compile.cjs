"use strict";
/**
 * Runs the TypeScript of this folder as JavaScript that is compiled once. The engine starts a provider in each preview
 * and update, and loading the compiler each time would take longer than the rest of the start.
 */
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

// In the package, so that the compiled files resolve the same packages as their sources.
const cache = path.resolve(__dirname, "../node_modules/.cache");

function sources() {
    return fs
        .readdirSync(__dirname, { recursive: true })
        .filter((name) => name.endsWith(".ts"))
        .sort();
}

function compile(target) {
    const ts = require("typescript");
    const compilerOptions = {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
        inlineSourceMap: true,
    };
    // Two providers may start at the same time: each writes its own folder, and the first one to rename it wins.
    fs.mkdirSync(cache, { recursive: true });
    const temporary = fs.mkdtempSync(`${target}-`);
    for (const name of sources()) {
        const fileName = path.join(__dirname, name);
        const { outputText } = ts.transpileModule(fs.readFileSync(fileName, "utf8"), { compilerOptions, fileName });
        const output = path.join(temporary, name.replace(/\.ts$/, ".js"));
        fs.mkdirSync(path.dirname(output), { recursive: true });
        fs.writeFileSync(output, outputText);
    }
    try {
        fs.renameSync(temporary, target);
    } catch (error) {
        fs.rmSync(temporary, { recursive: true, force: true });
        if (!fs.existsSync(target)) {
            throw error;
        }
    }
}

/** Loads a module of this folder; compiles the folder first when a source has changed. */
function compiled(moduleName) {
    const hash = createHash("sha256").update(fs.readFileSync(__filename));
    for (const name of sources()) {
        hash.update(`\0${name}\0`).update(fs.readFileSync(path.join(__dirname, name)));
    }
    const target = path.join(cache, `aws-provider-${hash.digest("hex").slice(0, 16)}`);
    if (!fs.existsSync(target)) {
        compile(target);
    }
    return require(path.join(target, moduleName));
}

module.exports = { compiled };
