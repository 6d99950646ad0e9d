import { type ChildProcess, execFileSync, spawn } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { freePort } from "local-eks";

/** An npm registry on this machine: verdaccio, which has this package, and fetches all others where npm does. */
export interface Registry {
    readonly url: string;
    /** For npm: it knows no other registry. */
    readonly environment: NodeJS.ProcessEnv;
    readonly stop: () => Promise<void>;
}

const VERDACCIO = path.resolve(__dirname, "../../../node_modules/verdaccio/bin/verdaccio");
const PUBLIC = "https://registry.npmjs.org/";
const READY_SECONDS = 60;

/** https://verdaccio.org/docs/configuration: anyone may publish this package, and no other is published. */
function configuration(uplink: string): object {
    return {
        storage: "./storage",
        uplinks: { npm: { url: uplink, maxage: "1h" } },
        packages: {
            "eks-cni": { access: "$all", publish: "$all", unpublish: "$all" },
            "**": { access: "$all", proxy: "npm" },
        },
        max_body_size: "20mb",
        log: { type: "stdout", format: "pretty", level: "warn" },
    };
}

/** @param folder - for its files. */
export async function startRegistry(folder: string): Promise<Registry> {
    fs.mkdirSync(folder, { recursive: true });
    const uplink = execFileSync("npm", ["config", "get", "registry"], { cwd: folder, encoding: "utf8" }).trim();
    const file = path.join(folder, "config.yaml");
    fs.writeFileSync(file, JSON.stringify(configuration(uplink.startsWith("http") ? uplink : PUBLIC)));
    const port = await freePort();
    const log = fs.openSync(path.join(folder, "verdaccio.log"), "a");
    const server = spawn(process.execPath, [VERDACCIO, "--config", file, "--listen", `127.0.0.1:${String(port)}`], {
        cwd: folder,
        stdio: ["ignore", log, log],
    });
    fs.closeSync(log);
    const url = `http://127.0.0.1:${String(port)}/`;
    await untilReady(server, url, path.join(folder, "verdaccio.log"));
    const npmrc = path.join(folder, "npmrc");
    // npm publishes only with a token, and verdaccio takes any.
    fs.writeFileSync(npmrc, `registry=${url}\n//127.0.0.1:${String(port)}/:_authToken=any\n`);
    return {
        url,
        environment: { ...process.env, npm_config_registry: url, npm_config_userconfig: npmrc },
        stop: () => ended(server),
    };
}

async function untilReady(server: ChildProcess, url: string, log: string): Promise<void> {
    for (let waited = 0; waited < READY_SECONDS; waited += 0.2) {
        if (server.exitCode !== null) {
            break;
        }
        if (
            await fetch(`${url}-/ping`).then(
                ({ ok }) => ok,
                () => false,
            )
        ) {
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
    server.kill();
    throw new Error(`verdaccio did not start:\n${fs.readFileSync(log, "utf8")}`);
}

function ended(server: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
        if (server.exitCode !== null) {
            resolve();
        }
        server.once("exit", () => resolve());
        server.kill();
    });
}
