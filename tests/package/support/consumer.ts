import { execFileSync, spawnSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { type Registry, startRegistry } from "./registry";

export const ROOT = path.resolve(__dirname, "../../..");

/** A folder of a consumer, with the package installed from a registry to which the packed tarball was published. */
export interface Consumer {
    readonly tarball: string;
    /** Of the tarball. */
    readonly files: readonly string[];
    readonly folder: string;
    readonly registry: Registry;
    readonly run: (command: string, ...args: string[]) => string;
    /** The output of `npm install`, both streams. */
    readonly installation: string;
}

export const INSTALL = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];

export function runIn(folder: string, command: string, ...args: string[]): string {
    return execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export function newFolder(dependencies: Record<string, string> = {}): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "eks-cni-consumer-"));
    fs.writeFileSync(
        path.join(folder, "package.json"),
        JSON.stringify({ name: "consumer", private: true, dependencies }),
    );
    return folder;
}

async function makeConsumer(): Promise<Consumer> {
    // Empty, as README says: npm writes its own package.json.
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "eks-cni-consumer-"));
    const run = (command: string, ...args: string[]) => runIn(folder, command, ...args);
    const tarball = runIn(ROOT, "npm", "run", "--silent", "pack", "--", folder).trim();
    const files = run("tar", "-tzf", tarball)
        .trim()
        .replace(/^package\//gm, "")
        .split("\n")
        .sort();
    const registry = await startRegistry(path.join(folder, "registry"));
    const npm = (...args: string[]) => {
        const { status, stdout, stderr } = spawnSync("npm", args, {
            cwd: folder,
            encoding: "utf8",
            env: registry.environment,
        });
        if (status !== 0) {
            throw new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`);
        }
        return stdout + stderr;
    };
    npm("publish", tarball, "--loglevel=error");
    const installation = npm(...README_INSTALL);
    npm("install", "--no-audit", "--no-fund", ...TOOLS);
    return { tarball, files, folder, registry, run, installation };
}

/** The arguments of README's `npm`. */
export const README_INSTALL = ["install", "eks-cni", "@pulumi/pulumi"];

/** Of the tests' programs. */
const TOOLS = ["typescript@5.9", "@types/node@20", "ts-node@10", "tsx@4"];

let made: Promise<Consumer> | undefined;

/** One consumer for all files of the suite, since packing and installing take long. */
export function useConsumer(): Consumer {
    const consumer = {} as Consumer;
    before(async () => Object.assign(consumer, await (made ??= makeConsumer())));
    return consumer;
}

/** Mocha's root hooks: https://mochajs.org/#root-hook-plugins */
export const mochaHooks = {
    async afterAll(): Promise<void> {
        if (made !== undefined) {
            const { folder, registry } = await made;
            await registry.stop();
            fs.rmSync(folder, { recursive: true, force: true });
        }
    },
};
