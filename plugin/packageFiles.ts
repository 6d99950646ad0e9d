import { readFileSync } from "fs";
import { join, dirname } from "path";

/** The package's own folder, from its sources as well as from its build. */
const FOLDER = dirname(require.resolve("eks-cni/package.json"));

export function packageVersion(): string {
    return (JSON.parse(readFileSync(join(FOLDER, "package.json"), "utf8")) as { version: string }).version;
}

/** What the SDK's analyzer makes of the component and its arguments: `npm run schema`. */
export function packageSchema(): string {
    return readFileSync(join(FOLDER, "plugin/schema.json"), "utf8");
}
