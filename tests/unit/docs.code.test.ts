import { deepStrictEqual, ok } from "assert";
import { join } from "path";
import * as ts from "typescript";
import { CodeBlock, codeBlocks, pages, ROOT } from "./support/markdown";

/**
 * The namespaces of `@pulumi/aws` that the docs use. Reading all its 2,700 files would take longer than all other unit tests
 * together.
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

/** The path of a block, a virtual file. Its imports resolve as for a real file in this folder. */
function inTests(name: string): string {
    return join(ROOT, "tests/unit/docs", name);
}

function source({ preamble, text }: CodeBlock): string {
    // Each block is a module, so that names in different blocks do not collide.
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

/** TypeScript's errors in the blocks, each with its page and its line of code. */
function problems(blocks: readonly CodeBlock[]): string[] {
    const blocksWithPaths = blocks.map((block, i) => ({ block, path: inTests(`block${String(i)}.ts`) }));
    const files = new Map([
        [AWS_FILE, AWS],
        ...blocksWithPaths.map(({ block, path }): [string, string] => [path, source(block)]),
    ]);
    const program = ts.createProgram([...files.keys()], OPTIONS, compilerHost(files));
    return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
        const page = blocksWithPaths.find(({ path }) => path === file?.fileName)?.block.page ?? file?.fileName ?? "";
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
