import { execFileSync } from "child_process";

/** The versions of Node.js on which the package is tried. */
export const NODES = ["20", "22"];
/** The one on which the gate runs the suites (.github/workflows/ci.yml). */
export const SUITES_NODE = "20";

/** Runs a command with the Node.js of the npm package `node`. npm itself then also runs on this Node.js. */
export function withNode(node: string, folder: string, ...command: string[]): string {
    const args = ["exec", "--yes", "--loglevel=error", `--package=node@${node}`, "--", ...command];
    const environment = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
    return execFileSync("npm", args, {
        cwd: folder,
        encoding: "utf8",
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
    });
}
