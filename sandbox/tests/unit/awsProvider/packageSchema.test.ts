import { deepStrictEqual, ok } from "node:assert/strict";
import { packageSchema } from "../../../awsProvider/packageSchema";
import { RESOURCE_TYPES } from "../../../awsProvider/resources";
import { SDK_VERSION } from "../../../awsProvider/version";

interface Resource {
    readonly inputProperties: object;
    readonly requiredInputs: readonly string[];
    readonly properties: object;
}

describe("the package schema of the AWS provider stand-in", () => {
    const schema = packageSchema(SDK_VERSION);
    const resources = schema["resources"] as Readonly<Record<string, Resource>>;

    for (const { token, schema: table } of RESOURCE_TYPES) {
        it(`has for ${token} the inputs and outputs of its table`, () => {
            const { inputProperties = {}, requiredInputs = [], properties = {} } = resources[token] ?? {};
            const implemented = Object.entries(table).filter(([, property]) => property.notImplemented !== true);
            deepStrictEqual(
                Object.keys(properties),
                implemented.map(([name]) => name),
            );
            deepStrictEqual(
                Object.keys(inputProperties),
                implemented.filter(([name, { output }]) => output !== true && name !== "tagsAll").map(([name]) => name),
            );
            deepStrictEqual(
                requiredInputs,
                implemented.filter(([, { required }]) => required === true).map(([name]) => name),
            );
        });
    }

    it("has each type that it refers to", () => {
        const types = schema["types"] as object;
        const referred = [...JSON.stringify(schema).matchAll(/"#\/types\/([^"]+)"/g)].map(([, name]) => name ?? "");
        ok(referred.length > 5);
        deepStrictEqual(
            referred.filter((name) => !(name in types)),
            [],
        );
    });
});
