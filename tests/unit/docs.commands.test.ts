import { deepStrictEqual, ok } from "assert";
import * as eks from "@aws-sdk/client-eks";
import * as iam from "@aws-sdk/client-iam";
import * as sts from "@aws-sdk/client-sts";
import { existsSync, readFileSync } from "fs";
import { commandLine } from "local-eks/cli";
import { dirname, join } from "path";
import { CodeBlock, codeBlocks, pages, ROOT } from "./support/markdown";

/** The services that the docs call with the AWS CLI, whose commands and options have the names of the API. */
const AWS: Readonly<Record<string, object>> = { eks, iam, sts };
const AWS_GLOBAL_OPTIONS = ["--query", "--output", "--region"];
/**
 * Commands of services whose SDK is not a dependency.
 *
 * Source: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/delete-stack.html
 */
const OTHER_AWS_COMMANDS: Readonly<Record<string, string[]>> = { "cloudformation delete-stack": ["--stack-name"] };

/** Not every machine that runs the tests has these programs. */
const NOT_CHECKED = ["cd", "eval", "git", "grep", "env", "pulumi", "kubectl", "go"];

interface Command {
    page: string;
    words: string[];
}

/** The commands of a block, each part of a pipe or chain by itself. Parses comments and quotes as far as the docs need it. */
function commandsOf({ page, text }: CodeBlock): Command[] {
    const lines = text.replace(/\\\n\s*/g, " ").split("\n");
    return lines.flatMap((line) => {
        const words = (line.match(/"[^"]*"|'[^']*'|#.*$|\|\||&&|\||[^\s"'|&]+(?:"[^"]*"|'[^']*')?/g) ?? []).filter(
            (word) => !/^#/.test(word),
        );
        const commands: string[][] = [[]];
        words.forEach((word) => (/^(?:\|\|?|&&)$/.test(word) ? commands.push([]) : commands.at(-1)?.push(word)));
        return commands.filter(({ length }) => length > 0).map((command) => ({ page, words: command }));
    });
}

/** Undefined if the command exists, with all its options. */
function problem({ page, words }: Command): string | undefined {
    const [program = "", ...args] = words;
    const found =
        program === "npm"
            ? npmProblem(page, args)
            : program === "aws"
              ? awsProblem(args)
              : NOT_CHECKED.includes(program) || existsSync(join(ROOT, dirname(page), program))
                ? undefined
                : `unknown program ${program}`;
    return found === undefined ? undefined : `${page}: ${words.join(" ")}: ${found}`;
}

function npmProblem(page: string, args: string[]): string | undefined {
    const [verb = "", ...rest] = args.filter((arg) => arg !== "-s");
    if (["install", "ci"].includes(verb)) {
        return undefined;
    }
    const script = verb === "run" ? (rest.shift() ?? "") : verb;
    const file = [dirname(page), "."].map((folder) => join(ROOT, folder, "package.json")).find(existsSync) ?? "";
    const { scripts = {} } = JSON.parse(readFileSync(file, "utf8")) as { scripts?: Record<string, string> };
    if (!(script in scripts)) {
        return `no script ${script}`;
    }
    return script === "sandbox" ? sandboxProblem(rest.filter((arg) => arg !== "--")) : undefined;
}

/** The sandbox's own subcommands and options, as its command line declares them. */
function sandboxProblem([subcommand = "--help", ...options]: string[]): string | undefined {
    const declared = commandLine.commands.find((command) => command.name() === subcommand);
    if (declared === undefined) {
        return subcommand === "--help" ? undefined : `no subcommand ${subcommand}`;
    }
    return unknownOption(options, (option) => declared.options.some(({ long }) => long === option));
}

function awsProblem([service = "", operation = "", ...args]: string[]): string | undefined {
    const other = OTHER_AWS_COMMANDS[`${service} ${operation}`];
    if (other !== undefined) {
        return unknownOption(args, (option) => other.includes(option));
    }
    const api = Object.keys(AWS[service] ?? {});
    const command = api.find((name) => name.toLowerCase() === `${operation.replace(/-/g, "")}command`);
    if (command === undefined) {
        return `no such operation`;
    }
    const parameters = inputOf(AWS[service] ?? {}, command.replace(/Command$/, ""));
    return unknownOption(
        args,
        (option) => AWS_GLOBAL_OPTIONS.includes(option) || parameters.includes(option.replace(/-/g, "")),
    );
}

/** The names of an operation's parameters in lower case, from the SDK's schema: [3, namespace, name, traits, members, …]. */
function inputOf(api: object, operation: string): string[] {
    const schemas = new Map<string, unknown>(Object.entries(api));
    const schema = schemas.get(`${operation}Request$`) ?? schemas.get(`${operation}Input$`);
    ok(Array.isArray(schema), `no schema of ${operation}`);
    return (schema[4] as string[]).map((name) => name.toLowerCase());
}

function unknownOption(args: string[], isKnown: (option: string) => boolean): string | undefined {
    const afterDashes = args.indexOf("--");
    const own = afterDashes < 0 ? args : args.slice(0, afterDashes);
    const unknown = own.filter((arg) => /^-/.test(arg)).find((arg) => !isKnown(arg.replace(/=.*/, "")));
    return unknown === undefined ? undefined : `no option ${unknown}`;
}

describe("the commands of the docs", () => {
    const commands = pages()
        .flatMap(codeBlocks)
        .filter(({ language }) => language === "sh")
        .flatMap(commandsOf);

    it("exist, with all their options", () => {
        ok(commands.length > 30, `${String(commands.length)} commands`);
        deepStrictEqual(
            commands.flatMap((command) => problem(command) ?? []),
            [],
        );
    });
});
