import { readFileSync } from "fs";
import { join, dirname } from "path";

/** The package's root folder, for the sources and for the build. */
const FOLDER = dirname(require.resolve("eks-cni/package.json"));

export function packageVersion(): string {
    return (JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8")) as { version: string }).version;
}

/** The schema that `npm run schema` generates from the component and its arguments. */
export function packageSchema(): string {
    return readFileSync(join(FOLDER, "plugin/schema.json"), "utf8");
}
