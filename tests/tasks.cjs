#!/usr/bin/env node
// Installs the dependencies and builds the package, if needed, and runs the task: `node tests/tasks.cjs TASK [ARGUMENTS…]`. It
// is the first program that runs in a fresh clone, so it is plain JavaScript, and needs dependencies only after their installation.
"use strict";

const { spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const root = path.resolve(__dirname, "..");
const inRoot = (...parts) => path.join(root, ...parts);
const typescript = ["-r", "ts-node/register/transpile-only"];
const mocha = [inRoot("node_modules/mocha/bin/mocha.js")];
const suite = (folder) => [...mocha, "--config", inRoot("tests", folder, ".mocharc.json")];

/** The arguments of node for each task, after the set-up. */
const TASKS = {
    demo: [...typescript, inRoot("tests/demo/demo.ts")],
    sandbox: [...typescript, inRoot("sandbox/cli.ts")],
    "test:compatibility": [...typescript, inRoot("tests/compatibility/main.ts")],
    fresh: [...typescript, inRoot("tests/compatibility/freshInstallMain.ts")],
    pack: [...typescript, inRoot("release/packMain.ts")],
    release: [...typescript, inRoot("release/main.ts")],
    test: [...mocha, "--config", inRoot(".mocharc.json")],
    "test:sandbox": [...mocha, "--config", inRoot("sandbox/.mocharc.cjs")],
    "test:adapters": suite("adapters"),
    "test:e2e": suite("e2e"),
    "test:continuity": [...typescript, inRoot("tests/continuity/main.ts")],
    "test:mutation": [...typescript, inRoot("tests/mutation/main.ts")],
    "test:policies": suite("policies"),
    "test:languages": suite("languages"),
    "test:scale": suite("scale"),
    weight: [...typescript, inRoot("tests/scale/weight.ts")],
    "test:simulate": [...typescript, inRoot("tests/simulate/main.ts")],
    "test:package": suite("package"),
};

function fail(message) {
    process.stderr.write(`${message}\n`);
    process.exit(1);
}

function run(what, command, args) {
    const started = Date.now();
    process.stderr.write(`${what} …\n`);
    const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    if (error || status !== 0) {
        fail(`${what} failed. To run it alone: ${path.basename(command)} ${args.join(" ")}`);
    }
    process.stderr.write(`${what}: done in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

function checkNode() {
    const [major, minor] = process.versions.node.split(".").map(Number);
    // 20.19 is the first version with require() of ES modules, which development dependencies need.
    if (major < 20 || (major === 20 && minor < 19)) {
        fail(`Node.js 20.19 or later is needed, this is ${process.versions.node}: https://nodejs.org`);
    }
}

/** npm writes this file when it installs packages. It is older than the lockfile if the lockfile has changed since. */
function dependenciesInstalled() {
    const installed = inRoot("node_modules/.package-lock.json");
    return (
        fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(inRoot("package-lock.json")).mtimeMs
    );
}

function newest(file) {
    const stats = fs.statSync(file);
    return stats.isDirectory()
        ? Math.max(stats.mtimeMs, ...fs.readdirSync(file).map((name) => newest(path.join(file, name))))
        : stats.mtimeMs;
}

function built() {
    const sources = [
        "index.ts",
        "components",
        "documents",
        "handover",
        "plugin",
        "policies",
        "tsconfig.build.json",
    ].map((source) => newest(inRoot(source)));
    return fs.existsSync(inRoot("dist/index.js")) && newest(inRoot("dist")) >= Math.max(...sources);
}

/**
 * Also deletes the outputs of moved or deleted sources, which the compiler leaves behind. They must not get into the tarball.
 *
 * The outputs get the time at which the build began: a source that changes while the compiler runs is newer, and is built the next time.
 */
function build() {
    const started = Date.now();
    run("Building the package", process.execPath, [
        inRoot("node_modules/typescript/bin/tsc"),
        "-p",
        "tsconfig.build.json",
    ]);
    for (const name of fs.readdirSync(inRoot("dist"), { recursive: true })) {
        const output = fs.statSync(inRoot("dist", name));
        if (output.isFile() && output.mtimeMs < started) {
            fs.rmSync(inRoot("dist", name));
        }
    }
    // As published. Each process of the live checks loads the bundled Kubernetes client in a third of the time.
    require("../release/bundle.cjs")(root, inRoot("dist"));
    for (const name of ["", ...fs.readdirSync(inRoot("dist"), { recursive: true })]) {
        fs.utimesSync(inRoot("dist", name), started / 1000, started / 1000);
    }
}

/**
 * Whether the dependencies must be installed first. `npm install` in an example links this folder and builds it, even if nothing
 * is installed here yet. `npm install` here builds it before npm has written its own lockfile in node_modules.
 */
function dependenciesMissing(task) {
    return task === "build" ? !fs.existsSync(inRoot("node_modules/typescript")) : !dependenciesInstalled();
}

function setUp(task) {
    checkNode();
    if (dependenciesMissing(task)) {
        run("Installing the dependencies", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    }
    if (task === "build" || !built()) {
        build();
    }
}

/** Runs only the test files in the arguments. By itself, mocha would add them to the files in its settings. */
function withTheseFilesOnly([program, , config]) {
    const { spec, require: modules = [], ...settings } = require(config);
    return [
        program,
        "--no-config",
        ...modules.flatMap((module) => ["--require", module]),
        ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    ];
}

const [task, ...args] = process.argv.slice(2);
if (task !== "build" && !(task in TASKS)) {
    fail(`Usage: node tests/tasks.cjs build|${Object.keys(TASKS).join("|")} [ARGUMENTS…]`);
}
setUp(task);
// npm runs this task when it installs the clone.
if (task === "build") {
    process.exit(0);
}
// Hides the AWS SDK's notice that its versions of 2027 need Node.js 22. It concerns only future updates of the SDK.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const namesTests = args.some((arg) => arg.endsWith(".test.ts"));
const command = namesTests ? withTheseFilesOnly(TASKS[task]) : TASKS[task];
const { status, signal } = spawnSync(process.execPath, [...command, ...args], { cwd: root, stdio: "inherit" });
process.exit(status ?? (signal === "SIGINT" ? 130 : 1));
