import { execFileSync } from "child_process";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";

export const ROOT = path.resolve(__dirname, "../../..");

/** A folder of a consumer, with the packed tarball installed. */
export interface Consumer {
    readonly folder: string;
    readonly tarball: string;
    /** The files of the tarball, as npm lists them. */
    readonly files: readonly string[];
    readonly run: (command: string, ...args: string[]) => string;
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

function makeConsumer(): Consumer {
    const folder = newFolder();
    const run = (command: string, ...args: string[]) => runIn(folder, command, ...args);
    const packed = run("npm", "pack", ROOT, "--json", "--pack-destination", folder, "--loglevel=error");
    // The `prepare` script prints to the same stream before npm prints its JSON.
    const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf("[\n"))) as [
        { filename: string; files: { path: string }[] },
    ];
    run("npm", ...INSTALL, `./${filename}`, "typescript@5.9", "@types/node@20", "ts-node@10", "tsx@4");
    return {
        folder,
        tarball: path.join(folder, filename),
        files: files.map((file) => file.path).sort(),
        run,
    };
}

let made: Consumer | undefined;

/** One consumer for all files of the suite, since packing and installing take long. */
export function useConsumer(): Consumer {
    const consumer = {} as Consumer;
    before(() => Object.assign(consumer, (made ??= makeConsumer())));
    return consumer;
}

/** Mocha's root hooks: https://mochajs.org/#root-hook-plugins */
export const mochaHooks = {
    afterAll(): void {
        if (made !== undefined) {
            fs.rmSync(made.folder, { recursive: true, force: true });
        }
    },
};
