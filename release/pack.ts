import { execFileSync } from "child_process";
import * as fs from "fs";
import { tmpdir } from "os";
import * as path from "path";
import { stage } from "./stage";

/** A packed tarball, with its files as npm lists them. */
export interface Packed {
    readonly tarball: string;
    readonly files: readonly string[];
}

/** Packs the tarball that is published, from a clone that is built. */
export function pack(root: string, destination: string): Packed {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "eks-cni-staged-"));
    try {
        stage(root, folder);
        const args = ["pack", folder, "--json", "--pack-destination", destination, "--loglevel=error"];
        const printed = execFileSync("npm", args, { cwd: destination, encoding: "utf8" });
        const [{ filename, files }] = JSON.parse(printed) as [{ filename: string; files: { path: string }[] }];
        return { tarball: path.join(destination, filename), files: files.map((file) => file.path).sort() };
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}
