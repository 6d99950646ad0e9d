import { deepStrictEqual, ok } from "assert";
import { join } from "path";
import * as ts from "typescript";
import { CodeBlock, codeBlocks, pages, ROOT } from "./support/markdown";

/**
 * The namespaces of `@pulumi/aws` that the docs use. The whole of it is 2,700 files, which would take longer to read than all
 * other unit tests together.
 */
const AWS = `export * as eks from "@pulumi/aws/eks"; export * as iam from "@pulumi/aws/iam";`;
const AWS_FILE = inTests("aws.ts");

const OPTIONS: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    lib: ["lib.es2022.d.ts"],
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    esModuleInterop: true,
    resolveJsonModule: true,
    paths: { "@pulumi/aws": [AWS_FILE] },
};

/** Where a block is compiled: nothing is written there, and imports resolve as for a file that is. */
function inTests(name: string): string {
    return join(ROOT, "tests/unit/docs", name);
}

function source({ preamble, text }: CodeBlock): string {
    // A module each, so that the names of one block are not those of another.
    return `${preamble}\n${text}\nexport {};\n`;
}

function compilerHost(files: ReadonlyMap<string, string>): ts.CompilerHost {
    const host = ts.createCompilerHost(OPTIONS);
    return {
        ...host,
        fileExists: (path) => files.has(path) || host.fileExists(path),
        readFile: (path) => files.get(path) ?? host.readFile(path),
        getSourceFile: (path, ...rest) => {
            const text = files.get(path);
            return text === undefined
                ? host.getSourceFile(path, ...rest)
                : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
        },
    };
}

/** What TypeScript says against the blocks, with the page and the line of the code that it says it of. */
function problems(blocks: readonly CodeBlock[]): string[] {
    const named = blocks.map((block, i) => ({ block, path: inTests(`block${String(i)}.ts`) }));
    const files = new Map([
        [AWS_FILE, AWS],
        ...named.map(({ block, path }): [string, string] => [path, source(block)]),
    ]);
    const program = ts.createProgram([...files.keys()], OPTIONS, compilerHost(files));
    return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
        const page = named.find(({ path }) => path === file?.fileName)?.block.page ?? file?.fileName ?? "";
        const line = file?.text.slice(start).split("\n")[0] ?? "";
        return `${page}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
}

describe("the TypeScript of the docs", function () {
    this.timeout(120_000);
    const blocks = pages()
        .flatMap(codeBlocks)
        .filter(({ language }) => language === "ts");

    it("compiles against the package, block by block", () => {
        ok(blocks.length >= 8, `${String(blocks.length)} blocks`);
        deepStrictEqual(problems(blocks), []);
    });
});
