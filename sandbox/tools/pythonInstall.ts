import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as semver from "semver";
import { requirementsFile } from "./cache";
import { MissingPrerequisite } from "./goBuild";
import type { PythonSource } from "./recipes";
import { ask, run } from "./run";

/** The interpreter for which packages are installed: binary packages fit one minor version only. */
export async function pythonTag(): Promise<string> {
    return (
        (await ask("python3", ["-c", "import sys, sysconfig; print(sys.executable, sysconfig.get_platform())"])) ??
        "none"
    );
}

async function interpreter(minimum: string): Promise<string> {
    const printed = await ask("python3", [
        "-c",
        "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.executable)",
    ]);
    const [version, path] = printed?.trim().split(" ") ?? [];
    if (version === undefined || path === undefined) {
        throw new MissingPrerequisite(
            `Python ${minimum} or newer is required, and "python3" is not on PATH. On Debian: apt-get install python3 python3-pip`,
        );
    }
    if (semver.lt(version, minimum)) {
        throw new MissingPrerequisite(
            `Python ${minimum} or newer is required, and the "python3" on PATH is ${version}.`,
        );
    }
    return path;
}

/**
 * pip of the interpreter, or of a virtual environment: Debian packages the two separately from python3, and either is
 * enough.
 */
async function pip(python: string, scratch: string, log: string): Promise<string> {
    if ((await ask(python, ["-m", "pip", "--version"])) !== undefined) {
        return python;
    }
    const environment = join(scratch, "environment");
    if ((await run({ program: python, arguments: ["-m", "venv", environment], log })) === 0) {
        return join(environment, "bin", "python");
    }
    throw new MissingPrerequisite(`${python} has neither pip nor venv. On Debian: apt-get install python3-venv`);
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * A plain folder of packages with a launcher next to it, instead of a virtual environment: the scripts of a virtual
 * environment contain its absolute path, so it could not be renamed after the build.
 */
export async function pythonInstall(
    source: PythonSource,
    target: string,
    scratch: string,
    log: string,
): Promise<number> {
    const python = await interpreter(source.minimumPython);
    await mkdir(target, { recursive: true });
    const code = await run({
        program: await pip(python, scratch, log),
        arguments: [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--require-hashes",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--target",
            join(target, "packages"),
            "--requirement",
            requirementsFile(source.requirements),
        ],
        log,
    });
    await writeFile(join(target, source.executable), launcher(python, source.runs), { mode: 0o755 });
    return code;
}

/** A module uses only its own packages; an interpreter also finds those on its user's PYTHONPATH. */
export function launcher(python: string, module: string | undefined): string {
    const [path, args] =
        module === undefined ? ["$here/packages${PYTHONPATH:+:$PYTHONPATH}", ""] : ["$here/packages", ` -m ${module}`];
    const here = 'here=$(dirname "$(readlink -f "$0")")';
    return `#!/bin/sh\n${here}\nPYTHONPATH="${path}" exec ${quote(python)}${args} "$@"\n`;
}
