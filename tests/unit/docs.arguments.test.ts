import { deepStrictEqual } from "assert";
import { Tokens } from "marked";
import { resources, types } from "../../plugin/schema.json";
import { allTokens, page } from "./support/markdown";

const INPUTS = resources["eks-cni:index:CniServiceAccountRole"].inputProperties;
const TYPES: Readonly<Record<string, object>> = types;

/** `rollout.enabled` for the property of an object, else the name. */
function argumentsOfSchema(): string[] {
    return Object.entries(INPUTS).flatMap(([name, property]) => {
        const type = "$ref" in property ? TYPES[property.$ref.replace("#/types/", "")] : undefined;
        return type !== undefined && "properties" in type
            ? Object.keys(type.properties as object).map((one) => `${name}.${one}`)
            : [name];
    });
}

describe("docs/decisions/0024-every-argument.md", () => {
    it("names for each argument who sets it, and why the component cannot decide it", () => {
        const tokens = allTokens(page("docs/decisions/0024-every-argument.md"));
        const rows = tokens
            .filter((token): token is Tokens.Table => token.type === "table")
            .flatMap(({ rows }) => rows);
        const cells = rows.map((row) => row.map(({ text }) => text));
        deepStrictEqual(cells.map(([name = ""]) => name.replaceAll("`", "")).sort(), argumentsOfSchema().sort());
        deepStrictEqual(
            cells.filter((row) => row.some((text) => text === "")),
            [],
        );
    });
});
