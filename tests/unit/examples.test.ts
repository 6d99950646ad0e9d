import * as assert from "assert";
import { loadYaml } from "@kubernetes/client-node";
import { existsSync, readdirSync, readFileSync } from "fs";
import * as path from "path";
import * as schema from "../../plugin/schema.json";

const EXAMPLES = path.resolve(__dirname, "../../examples");
const names = readdirSync(EXAMPLES, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? entry.name : [],
);
const read = (...file: string[]) => readFileSync(path.join(EXAMPLES, ...file), "utf8");
const sourcesOf = (name: string) => readdirSync(path.join(EXAMPLES, name)).filter((file) => file.endsWith(".ts"));

interface Package {
    name: string;
    dependencies: Record<string, string>;
}

const TYPE = "eks-cni:index:CniServiceAccountRole";

/** A program in YAML. */
interface YamlProgram {
    name: string;
    runtime: string;
    config: Record<string, unknown>;
    resources: Record<string, { type: string; properties: Record<string, unknown> }>;
    outputs: Record<string, string>;
}

/** The properties that a copy of an example's folder needs. The end-to-end suite tests whether it works. */
describe("each example stands alone", () => {
    for (const name of names) {
        describe(name, () => {
            const packageJson = JSON.parse(read(name, "package.json")) as Package;

            it("gives each Kubernetes provider of its own the issuer, so that another endpoint replaces nothing", () => {
                const providers = sourcesOf(name).flatMap(
                    (file) => read(name, file).match(/new kubernetes\.Provider\([^;]*/g) ?? [],
                );
                assert.deepStrictEqual(
                    providers.filter((provider) => !provider.includes("clusterIdentifier")),
                    [],
                );
            });

            it("is a project and a package of the folder's name", () => {
                assert.ok(read(name, "Pulumi.yaml").startsWith(`name: ${name}\n`));
                assert.strictEqual(packageJson.name, name);
            });

            it("depends on exactly the packages that it imports, on this one by its folder", () => {
                const imported = sourcesOf(name).flatMap((source) =>
                    [...read(name, source).matchAll(/from "([^."][^"]*)"/g)].map(([, module]) => module),
                );
                assert.deepStrictEqual(Object.keys(packageJson.dependencies).sort(), [...new Set(imported)].sort());
                assert.strictEqual(packageJson.dependencies["eks-cni"], "file:../..");
            });

            it("takes the SDKs in the versions that this repository is tested with", () => {
                const root = JSON.parse(readFileSync(path.join(EXAMPLES, "../package.json"), "utf8")) as {
                    dependencies: Record<string, string>;
                    devDependencies: Record<string, string>;
                };
                const tested = { ...root.devDependencies, ...root.dependencies, "eks-cni": "file:../.." };
                for (const [dependency, version] of Object.entries(packageJson.dependencies)) {
                    assert.strictEqual(version, tested[dependency as keyof typeof tested], dependency);
                }
            });

            it("names all its sources in tsconfig.json", () => {
                const { files } = JSON.parse(read(name, "tsconfig.json")) as { files: string[] };
                assert.deepStrictEqual([...files].sort(), sourcesOf(name).sort());
            });

            it("declares the settings that it reads, and its README sets each of them", () => {
                const settings = sourcesOf(name).flatMap((source) =>
                    [
                        ...read(name, source).matchAll(
                            /config\.require(?:Object|Number|Secret)?(?:<[^>]*>+)?\("(\w+)"\)/g,
                        ),
                    ].map(([, key]) => key ?? ""),
                );
                const declared = [...read(name, "Pulumi.yaml").matchAll(/^ {4}(\w+):$/gm)].map(([, key]) => key ?? "");
                assert.deepStrictEqual(declared.sort(), [...new Set(settings)].sort());
                for (const key of declared) {
                    assert.match(
                        read(name, "README.md"),
                        new RegExp(`pulumi config set (--path '|--secret )?${key}(?:[ [{]|$)`, "m"),
                        key,
                    );
                }
            });

            it("is in the list of the examples", () => {
                assert.ok(read("README.md").includes(`[${name}](${name}/README.md)`));
            });
        });
    }

    for (const name of names.filter((one) => existsSync(path.join(EXAMPLES, one, "yaml")))) {
        describe(`${name}, in YAML`, () => {
            const program = loadYaml<YamlProgram>(read(name, "yaml", "Pulumi.yaml"));
            const settings = [...read(name, "Pulumi.yaml").matchAll(/^ {4}(\w+):$/gm)].map(([, key]) => key ?? "");

            it("is a project of the example's name, with the settings of the program in TypeScript", () => {
                assert.strictEqual(program.name, name);
                assert.strictEqual(program.runtime, "yaml");
                assert.deepStrictEqual(Object.keys(program.config).sort(), settings.sort());
            });

            it("uses the type, the arguments and the outputs of the schema, and the outputs of the program in TypeScript", () => {
                const { inputProperties, properties } = schema.resources[TYPE];
                const { type, properties: args = {} } = program.resources["cni"] ?? {};
                assert.strictEqual(type, TYPE);
                assert.deepStrictEqual(
                    Object.keys(args).filter((argument) => !(argument in inputProperties)),
                    [],
                );
                for (const output of Object.values(program.outputs)) {
                    assert.ok((/^\$\{cni\.(\w+)\}$/.exec(output)?.[1] ?? "") in properties, output);
                }
                const exported = [...read(name, "index.ts").matchAll(/^export const (\w+)/gm)].map(([, one]) => one);
                assert.deepStrictEqual(Object.keys(program.outputs).sort(), exported.sort());
            });

            it("is named in the README", () => {
                assert.match(read(name, "README.md"), /The folder `yaml` has the same program in YAML\./);
            });
        });
    }
});
