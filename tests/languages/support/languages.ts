import { readFileSync } from "fs";
import { resolve } from "path";
import { QUICK } from "../../e2e/support/handOver";

/** How a language's programs are written. All languages run the same tests. */
export interface Language {
    /** As the docs and Pulumi name it. */
    readonly name: "python" | "go" | "yaml";
    /** The last argument in the docs' program of the hand-over. More arguments are inserted after it. */
    readonly lastArgument: string;
    /** A role's name, and waits that are short enough for a test. */
    readonly moreArguments: (roleName: string) => string;
    /** The files of the program's folder, by name. */
    readonly files: (program: string) => Readonly<Record<string, string>>;
}

const { stableSeconds = 0, iamPropagationSeconds = 0, timeouts = {} } = QUICK;
const waits = Object.entries({ stableSeconds, iamPropagationSeconds });
const limits = Object.entries(timeouts);

/** The folder of the executable by which the engine starts the plugin. */
export const PLUGIN = resolve(__dirname, "../../../bin");

/** The suite's SDKs do not come from `pulumi package add`, so the projects name the plugin. */
const plugin = JSON.stringify({
    providers: [{ name: "eks-cni", path: PLUGIN }],
}).replace(/^/, "plugins: ");

const python: Language = {
    name: "python",
    lastArgument: '    detach_from_node_roles=[config.require("nodeRoleName")],\n',
    moreArguments: (roleName) => {
        const given = limits.map(([name, limit]) => `${snakeCase(name)}=${String(limit)}`).join(", ");
        return [
            `    role_name="${roleName}",`,
            ...waits.map(([name, seconds]) => `    ${snakeCase(name)}=${String(seconds)},`),
            `    timeouts=eks_cni.CniTimeoutsArgs(${given}),\n`,
        ].join("\n");
    },
    files: (program) => ({ "Pulumi.yaml": project("python"), "__main__.py": program }),
};

export const go: Language = {
    name: "go",
    lastArgument: '\t\t\tDetachFromNodeRoles: pulumi.StringArray{pulumi.String(conf.Require("nodeRoleName"))},\n',
    moreArguments: (roleName) => {
        const given = limits.map(([name, limit]) => `${pascalCase(name)}: pulumi.IntRef(${String(limit)})`).join(", ");
        return [
            `\t\t\tRoleName: pulumi.String("${roleName}"),`,
            ...waits.map(([name, seconds]) => `\t\t\t${pascalCase(name)}: pulumi.IntRef(${String(seconds)}),`),
            `\t\t\tTimeouts: &ekscni.CniTimeoutsArgs{${given}},\n`,
        ].join("\n");
    },
    files: (program) => ({
        "Pulumi.yaml": project("go"),
        "main.go": program,
        ...Object.fromEntries(["go.mod", "go.sum"].map((file) => [file, goModule(file)])),
    }),
};

const yaml: Language = {
    name: "yaml",
    lastArgument: "                - ${nodeRoleName}\n",
    moreArguments: (roleName) =>
        [
            `            roleName: ${roleName}`,
            ...waits.map(([name, seconds]) => `            ${name}: ${String(seconds)}`),
            `            timeouts: ${JSON.stringify(timeouts)}\n`,
        ].join("\n"),
    files: (program) => ({ "Pulumi.yaml": `${program}\n${plugin}` }),
};

export const LANGUAGES: readonly Language[] = [python, go, yaml];

export function languageOf(name: Language["name"]): Language {
    return { python, go, yaml }[name];
}

function project(runtime: string): string {
    return `name: cni\nruntime: ${runtime}\n${plugin}\n`;
}

function goModule(file: string): string {
    return readFileSync(resolve(__dirname, "../go", file), "utf8");
}

function snakeCase(name: string): string {
    return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function pascalCase(name: string): string {
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
