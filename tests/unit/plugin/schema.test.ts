import { deepStrictEqual, strictEqual } from "assert";
import { readFileSync } from "fs";
import { join } from "path";
import { Delivery, IpFamily, Proof } from "../../../index";
import { version } from "../../../package.json";
import { makeSchema } from "../../../plugin/makeSchema";

interface Property {
    type?: string;
    plain?: boolean;
    secret?: boolean;
    description?: string;
    items?: Property;
    additionalProperties?: Property;
    $ref?: string;
}

interface Schema {
    version: string;
    resources: Record<
        string,
        {
            isComponent: boolean;
            inputProperties: Record<string, Property>;
            requiredInputs: string[];
            properties: Record<string, Property>;
            required: string[];
        }
    >;
    types: Record<
        string,
        { enum?: { name: string; value: string; description: string }[]; properties?: Record<string, Property> }
    >;
}

const TOKEN = "eks-cni:index:CniServiceAccountRole";

describe("the plugin's schema", function () {
    this.timeout(180_000);

    const text = readFileSync(join(__dirname, "../../../plugin/schema.json"), "utf8");
    const schema = JSON.parse(text) as Schema;
    const component = schema.resources[TOKEN];
    const properties = [
        ...Object.entries(component?.inputProperties ?? {}),
        ...Object.entries(component?.properties ?? {}),
        ...Object.values(schema.types).flatMap((type) => Object.entries(type.properties ?? {})),
    ];

    it("is what `npm run schema` makes of the component", async () => {
        strictEqual(text, await makeSchema());
    });

    it("is of the package's version, and has the component and nothing else", () => {
        strictEqual(schema.version, version);
        deepStrictEqual(Object.keys(schema.resources), [TOKEN]);
        strictEqual(component?.isComponent, true);
    });

    it("asks for no argument, and promises each output", () => {
        deepStrictEqual(component?.requiredInputs, []);
        deepStrictEqual(component.required, Object.keys(component.properties).sort());
    });

    it("has plain arguments where they decide which resources exist, and inputs elsewhere", () => {
        const plain = Object.entries(component?.inputProperties ?? {}).filter(
            ([, property]) => property.plain === true,
        );
        deepStrictEqual(plain.map(([name]) => name).sort(), [
            "additionalPolicyArns",
            "aws",
            "delivery",
            "iamPropagationSeconds",
            "injectionGuard",
            "ipFamily",
            "liveChecks",
            "maxNotReadyNodes",
            "proof",
            "rollout",
            "stableSeconds",
            "timeouts",
        ]);
    });

    it("has the enums with their names and values", () => {
        for (const [name, members] of Object.entries({ Delivery, IpFamily, Proof })) {
            const { enum: listed = [] } = schema.types[`eks-cni:index:${name}`] ?? {};
            deepStrictEqual(Object.fromEntries(listed.map((member) => [member.name, member.value])), members);
        }
    });

    it("has one secret, and the rest in the clear", () => {
        const secrets = properties.filter(([, { secret }]) => secret !== undefined);
        deepStrictEqual(
            secrets.map(([name, { secret }]) => [name, secret]),
            [["kubeconfig", true]],
        );
    });

    it("knows the type of everything, down to the members of lists and maps; each number is whole", () => {
        const typesOf = (property: Property): string[] => {
            const { type, $ref, items, additionalProperties } = property;
            const inner = [items, additionalProperties].flatMap((one) => (one === undefined ? [] : typesOf(one)));
            const isComplete = inner.length === (type === "array" || type === "object" ? 1 : 0);
            return [isComplete ? ($ref === undefined ? (type ?? "none") : "own type") : "of anything", ...inner];
        };
        deepStrictEqual([...new Set(properties.flatMap(([, property]) => typesOf(property)))].sort(), [
            "array",
            "boolean",
            "integer",
            "object",
            "own type",
            "string",
        ]);
        const named = [...text.matchAll(/"\$ref": "#\/types\/([^"]+)"/g)].map(([, name]) => name);
        deepStrictEqual([...new Set(named)].sort(), Object.keys(schema.types).sort());
    });

    it("names no type as the generators of SDKs would name it once more, `…ArgsArgs`", () => {
        deepStrictEqual(
            Object.keys(schema.types).filter((name) => name.endsWith("Args")),
            [],
        );
    });

    it("describes each argument, output and member", () => {
        deepStrictEqual(
            properties.filter(([, { description }]) => !/^[A-Z]/.test(description ?? "")).map(([name]) => name),
            [],
        );
        const members = Object.values(schema.types).flatMap((type) => type.enum ?? []);
        deepStrictEqual(
            members.filter(({ description }) => !/^[A-Z]/.test(description)).map(({ name }) => name),
            [],
        );
        strictEqual(text.includes("[object Object]"), false);
    });
});
