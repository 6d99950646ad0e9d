import { deepStrictEqual } from "assert";
import { execFileSync } from "child_process";
import { join } from "path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { EXPECTED, PROGRAM } from "../compatibility/program";

const ROOT = join(__dirname, "../..");

/** The entry points, from the sources and not from a package. */
const SOURCES = {
    "eks-cni": "./index.ts",
    "eks-cni/handover": "./handover/index.ts",
    "eks-cni/policies": "./policies/rules.ts",
};

/** `npm run test:compatibility` takes minutes and is no part of the gate, so what it expects is checked here. */
describe("the program of the compatibility table", () => {
    it("prints what the table expects, with the sources of this package", () => {
        const program = Object.entries(SOURCES).reduce(
            (text, [entry, file]) => text.replace(`from "${entry}"`, `from "${file}"`),
            PROGRAM,
        );
        const { outputText } = transpileModule(program, {
            compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 },
        });
        const printed = execFileSync(
            process.execPath,
            ["--require", "ts-node/register/transpile-only", "--eval", outputText],
            {
                cwd: ROOT,
                encoding: "utf8",
                stdio: ["ignore", "pipe", "pipe"],
            },
        );
        deepStrictEqual(JSON.parse(printed.trim().split("\n").at(-1) ?? ""), EXPECTED);
    });
});
