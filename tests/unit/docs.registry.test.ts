import { loadYaml } from "@kubernetes/client-node";
import { deepStrictEqual, match, ok } from "assert";
import { readFileSync } from "fs";
import { join } from "path";
import * as schema from "../../plugin/schema.json";
import { LANGUAGES } from "../languages/support/languages";
import { documentedProgram, handOverProgram } from "../languages/support/programs";

const DOCS = join(__dirname, "../../docs");
const PAGES = ["_index.md", "installation-configuration.md"];
const TYPE = "eks-cni:index:CniServiceAccountRole";

/** A page of Pulumi's registry: front matter between two lines of dashes, then Markdown with Hugo's shortcodes. */
function read(page: string): { front: Record<string, string>; text: string } {
    const [, front = "", text = ""] =
        /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(DOCS, page), "utf8")) ?? [];
    return { front: loadYaml<Record<string, string>>(front), text };
}

interface Program {
    resources: Record<string, { type: string; properties: Record<string, unknown> }>;
    outputs: Record<string, string>;
}

/** https://github.com/pulumi/registry and its packages' own docs folders. */
describe("the pages for Pulumi's registry", () => {
    it("say what they are, as the registry's layout asks for", () => {
        for (const page of PAGES) {
            const { front } = read(page);
            deepStrictEqual(Object.keys(front), ["title", "meta_desc", "layout"], page);
            deepStrictEqual(front["layout"], "package");
            match(front["title"] ?? "", /^EKS CNI/);
        }
    });

    for (const page of PAGES) {
        it(`have an example for each language that can be chosen, and no other: ${page}`, () => {
            const { text } = read(page);
            const [, languages = ""] = /\{\{< chooser language "([^"]+)" >\}\}/.exec(text) ?? [];
            const examples = [...text.matchAll(/\{\{% choosable language (\w+) %\}\}\n\n```(\w+)\n/g)];
            deepStrictEqual(languages.split(","), ["typescript", "python", "go", "yaml"]);
            deepStrictEqual(
                examples.map(([, language]) => language),
                languages.split(","),
            );
        });

        it(`use in YAML the type, the arguments and the outputs of the schema: ${page}`, () => {
            const blocks = [...read(page).text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = ""]) => text);
            const programs = blocks.filter((text) => text.includes(TYPE));
            deepStrictEqual(programs.length, 1);
            const { resources, outputs } = loadYaml<Program>(programs.join());
            const { inputProperties, properties } = schema.resources[TYPE];
            const { type, properties: args = {} } = resources["cni"] ?? {};
            deepStrictEqual(type, TYPE);
            ok(Object.keys(args).length > 0);
            deepStrictEqual(
                Object.keys(args).filter((name) => !(name in inputProperties)),
                [],
            );
            for (const output of Object.values(outputs)) {
                const [, name = ""] = /^\$\{cni\.(\w+)\}$/.exec(output) ?? [];
                ok(name in properties, output);
            }
        });
    }

    for (const language of LANGUAGES) {
        it(`have the programs in ${language.name} that \`npm run test:languages\` runs, with room for what it adds`, () => {
            match(documentedProgram("plain-shape", language), /CniServiceAccountRole/);
            const [documented, run] = [documentedProgram("hand-over", language), handOverProgram(language, "first")];
            const added = run.split("\n").filter((line) => !documented.split("\n").includes(line));
            deepStrictEqual(added.length, 4, added.join("\n"));
            ok(run.includes("first") && !documented.includes("first"));
        });
    }
});
