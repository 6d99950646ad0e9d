import { deepStrictEqual, ok, strictEqual } from "assert";
import { join } from "path";
import * as ts from "typescript";

const ROOT = join(__dirname, "../..");
const program = ts.createProgram([join(ROOT, "index.ts")], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    strict: true,
    skipLibCheck: true,
});
const checker = program.getTypeChecker();

interface Documented {
    name: string;
    text: string;
    source: string;
}

/** Each exported class, interface and enum, with each of its public members, as the schema is made from them. */
function publicSymbols(): Documented[] {
    const file = program.getSourceFile(join(ROOT, "index.ts"));
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    ok(module !== undefined);
    return checker.getExportsOfModule(module).flatMap((exported) => {
        const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        const members = [...(symbol.members?.values() ?? []), ...(symbol.exports?.values() ?? [])].filter(isOwn);
        return [documented(symbol.name, symbol), ...members.map((m) => documented(`${symbol.name}.${m.name}`, m))];
    });
}

function isOwn(symbol: ts.Symbol): boolean {
    return (symbol.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.EnumMember)) !== 0 && symbol.name !== "prototype";
}

function documented(name: string, symbol: ts.Symbol): Documented {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    const [declaration] = symbol.declarations ?? [];
    const source = declaration === undefined ? "" : declaration.getFullText().slice(0, -declaration.getText().length);
    return { name, text, source };
}

describe("the public docstrings", () => {
    const all = publicSymbols();

    it("cover the component, its outputs, its arguments and its enums", () => {
        const count = (prefix: string) => all.filter(({ name }) => name.startsWith(prefix)).length;
        strictEqual(count("CniServiceAccountRole."), 10);
        strictEqual(count("CniServiceAccountRoleArgs."), 31);
        strictEqual(count("CniServiceAccountArgs."), 2);
        strictEqual(count("CniRolloutArgs."), 3);
        strictEqual(count("CniAwsArgs."), 6);
        strictEqual(count("CniTimeoutsArgs."), 5);
        strictEqual(count("IpFamily."), 2);
        strictEqual(count("Delivery."), 4);
        strictEqual(count("Proof."), 3);
    });

    it("say something of each, as a sentence", () => {
        deepStrictEqual(
            all.filter(({ text }) => !/^[A-Z].*[.`)]/s.test(text)).map(({ name }) => name),
            [],
        );
    });

    it("hold no {@link …}, which schemas show as [object Object]", () => {
        deepStrictEqual(
            all.filter(({ source }) => source.includes("{@link")).map(({ name }) => name),
            [],
        );
    });

    it("say of each optional argument what it defaults to, or what needs it", () => {
        const args = all.filter(({ name }) => /Args\.\w/.test(name));
        deepStrictEqual(
            args.filter(({ text }) => !/Defaults to|is given|Not needed with/.test(text)).map(({ name }) => name),
            [],
        );
    });
});
