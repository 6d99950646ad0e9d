import { mkdirSync } from "fs";
import { resolve } from "path";
import { pack } from "./pack";

/** `npm run pack`: writes the tarball that is published to the folder in the argument, and prints its path. */
function main([destination = "."]: readonly string[]): void {
    const folder = resolve(destination);
    mkdirSync(folder, { recursive: true });
    const { tarball } = pack(resolve(__dirname, ".."), folder);
    process.stdout.write(`${tarball}\n`);
}

main(process.argv.slice(2));
