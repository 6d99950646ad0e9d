import { mkdirSync } from "fs";
import { resolve } from "path";
import { pack } from "./pack";

/** `npm run pack`: writes the tarball that is published to the folder in the argument, and prints its path. */
async function main([destination = "."]: readonly string[]): Promise<void> {
    const folder = resolve(destination);
    mkdirSync(folder, { recursive: true });
    const { tarball } = await pack(resolve(__dirname, ".."), folder);
    process.stdout.write(`${tarball}\n`);
}

void main(process.argv.slice(2));
