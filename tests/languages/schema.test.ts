import * as assert from "assert";
import { execFile } from "child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "fs";
import { join } from "path";
import { promisify } from "util";
import { ROOT } from "../unit/support/markdown";
import { PLUGIN, LANGUAGES } from "./support/languages";
import { makeSdk } from "./support/sdks";
import { useLanguages } from "./support/useLanguages";

/** A released CLI runs this command first when it adds the package to a program. */
describe("pulumi package get-schema", () => {
    const languages = useLanguages();
    let folder: string;
    const filesOf = (sdk: string): Record<string, string> =>
        Object.fromEntries(
            readdirSync(sdk, { recursive: true, encoding: "utf8" })
                .filter((name) => statSync(join(sdk, name)).isFile())
                .map((name) => [name, readFileSync(join(sdk, name), "utf8")]),
        );

    before(async () => {
        folder = join(languages.sandbox.directory, "schemas");
        mkdirSync(folder);
        const args = ["package", "get-schema", join(PLUGIN, "pulumi-resource-eks-cni")];
        const options = { cwd: folder, env: languages.environment, maxBuffer: 1e8 };
        const { stdout } = await promisify(execFile)("pulumi", args, options);
        writeFileSync(join(folder, "schema.json"), stdout);
    });

    for (const { name } of LANGUAGES.filter((language) => language.name !== "yaml")) {
        it(`gets from the plugin what makes the SDK for ${name} that the committed schema makes`, async () => {
            const generator = languages.languageTools["sdk-generator"];
            const [served, committed] = [join(folder, `${name}-served`), join(folder, `${name}-committed`)];
            await makeSdk(generator, name, join(folder, "schema.json"), served);
            await makeSdk(generator, name, join(ROOT, "plugin/schema.json"), committed);
            assert.ok(Object.keys(filesOf(committed)).length > 8);
            assert.deepStrictEqual(filesOf(served), filesOf(committed));
        });
    }
});
