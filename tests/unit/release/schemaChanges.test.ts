import { deepStrictEqual } from "assert";
import * as currentSchema from "../../../plugin/schema.json";
import * as releasedSchema from "../../../release/released-schema.json";
import { type PackageSchema, schemaChanges, schemaVersionProblems } from "../../../release/schemaChanges";

type Resource = PackageSchema["resources"][string];
type Type = PackageSchema["types"][string];

const COMPONENT: Resource = {
    inputProperties: {
        name: { type: "string" },
        size: { type: "integer" },
        tags: { type: "object", additionalProperties: { type: "string" } },
        family: { $ref: "#/types/p:index:Family", plain: true },
        limits: { $ref: "#/types/p:index:Limits" },
    },
    requiredInputs: ["name"],
    properties: { arn: { type: "string" }, steps: { type: "array", items: { type: "string" } } },
    required: ["arn", "steps"],
};
const FAMILY: Type = { enum: [{ name: "Ipv4", value: "ipv4" }] };
const LIMITS: Type = { properties: { seconds: { type: "integer" } }, required: [] };
const RELEASED: PackageSchema = {
    version: "1.2.3",
    resources: { "p:index:C": COMPONENT },
    types: { "p:index:Family": FAMILY, "p:index:Limits": LIMITS },
};

function component(change: Partial<Resource>): PackageSchema {
    return { ...RELEASED, resources: { "p:index:C": { ...COMPONENT, ...change } } };
}

function withArguments(inputProperties: Resource["inputProperties"], requiredInputs = ["name"]): PackageSchema {
    return component({ inputProperties: { ...COMPONENT.inputProperties, ...inputProperties }, requiredInputs });
}

function types(change: PackageSchema["types"]): PackageSchema {
    return { ...RELEASED, types: { ...RELEASED.types, ...change } };
}

const { size, ...withoutSize } = COMPONENT.inputProperties;
const { arn, ...withoutArn } = COMPONENT.properties;

const TABLE: [title: string, current: PackageSchema, changes: string[]][] = [
    ["nothing", RELEASED, []],
    [
        "an argument goes",
        component({ inputProperties: withoutSize }),
        ["breaking: p:index:C: the argument size is gone"],
    ],
    [
        "an argument gets another type",
        withArguments({ size: { type: "string" } }),
        ["breaking: p:index:C: the argument size was integer and is now string"],
    ],
    [
        "the members of an argument get another type",
        withArguments({ tags: { type: "object", additionalProperties: { type: "integer" } } }),
        ["breaking: p:index:C: the argument tags was object of string and is now object of integer"],
    ],
    [
        "an argument of one of our types gets another one",
        withArguments({ limits: { $ref: "#/types/p:index:Family" } }),
        ["breaking: p:index:C: the argument limits was p:index:Limits and is now p:index:Family"],
    ],
    [
        "an argument takes no output any more",
        withArguments({ size: { type: "integer", plain: true } }),
        ["breaking: p:index:C: the argument size was integer and is now plain integer"],
    ],
    [
        "an argument gets another default",
        withArguments({ size: { type: "integer", default: 2 } }),
        ["breaking: p:index:C: the argument size was integer and is now integer by default 2"],
    ],
    [
        "an argument becomes required",
        withArguments({}, ["name", "size"]),
        ["breaking: p:index:C: the argument size was optional and is now required"],
    ],
    [
        "an argument is not required any more",
        withArguments({}, []),
        ["addition: p:index:C: the argument name was required and is now optional"],
    ],
    ["an argument comes", withArguments({ colour: size ?? {} }), ["addition: p:index:C: the argument colour is new"]],
    [
        "a required argument comes",
        withArguments({ colour: { type: "string" } }, ["name", "colour"]),
        ["breaking: p:index:C: the argument colour is new and required"],
    ],
    ["an output goes", component({ properties: withoutArn }), ["breaking: p:index:C: the output arn is gone"]],
    [
        "an output comes",
        component({ properties: { ...COMPONENT.properties, id: arn ?? {} }, required: ["arn", "id", "steps"] }),
        ["addition: p:index:C: the output id is new"],
    ],
    [
        "an output is not always there any more",
        component({ required: ["steps"] }),
        ["breaking: p:index:C: the output arn was string and is now string, if at all"],
    ],
    [
        "the member of an enum goes, another comes",
        types({ "p:index:Family": { enum: [{ name: "Ipv6", value: "ipv6" }] } }),
        ["breaking: p:index:Family: the member Ipv4 is gone", "addition: p:index:Family: the member Ipv6 is new"],
    ],
    [
        "the member of an enum gets another value",
        types({ "p:index:Family": { enum: [{ name: "Ipv4", value: "four" }] } }),
        ['breaking: p:index:Family: the member Ipv4 was "ipv4" and is now "four"'],
    ],
    [
        "the property of a type becomes required",
        types({ "p:index:Limits": { ...LIMITS, required: ["seconds"] } }),
        ["breaking: p:index:Limits: the property seconds was optional and is now required"],
    ],
    [
        "a type comes",
        types({ "p:index:Other": { properties: { a: { type: "string" } } } }),
        ["addition: p:index:Other is new", "addition: p:index:Other: the property a is new"],
    ],
    [
        "a resource goes, another comes",
        { ...RELEASED, resources: { "p:index:D": { ...COMPONENT, inputProperties: {}, properties: {} } } },
        [
            "",
            ...["family", "limits", "name", "size", "tags"].map((name) => `: the argument ${name}`),
            ...["arn", "steps"].map((name) => `: the output ${name}`),
        ]
            .map((part) => `breaking: p:index:C${part} is gone`)
            .concat("addition: p:index:D is new"),
    ],
];

describe("what changes in the schema", () => {
    for (const [title, current, changes] of TABLE) {
        it(`is reported by its effect on a program: ${title}`, () => {
            const found = schemaChanges(RELEASED, current);
            deepStrictEqual(
                found.map(({ kind, what }) => `${kind}: ${what}`),
                changes,
            );
        });
    }

    const addition = withArguments({ colour: { type: "string" } });
    const breaking = component({ inputProperties: withoutSize });
    const VERSIONS: [from: string, to: string, refused: { addition: boolean; breaking: boolean }][] = [
        ["1.2.3", "1.2.3", { addition: true, breaking: true }],
        ["1.2.3", "1.2.4", { addition: true, breaking: true }],
        ["1.2.3", "1.3.0", { addition: false, breaking: true }],
        ["1.2.3", "2.0.0", { addition: false, breaking: false }],
        ["0.1.0", "0.1.0", { addition: true, breaking: true }],
        ["0.1.0", "0.1.1", { addition: true, breaking: true }],
        ["0.1.0", "0.2.0", { addition: false, breaking: false }],
        ["0.9.0", "1.0.0", { addition: false, breaking: false }],
    ];
    for (const [from, to, refused] of VERSIONS) {
        it(`is ${refused.breaking ? (refused.addition ? "refused" : "an addition at most") : "anything"} from ${from} to ${to}`, () => {
            const problems = (schema: PackageSchema) =>
                schemaVersionProblems({ ...RELEASED, version: from }, { ...schema, version: to });
            deepStrictEqual(
                problems(addition),
                refused.addition ? [`addition since ${from}: p:index:C: the argument colour is new`] : [],
            );
            deepStrictEqual(
                problems(breaking),
                refused.breaking ? [`breaking since ${from}: p:index:C: the argument size is gone`] : [],
            );
            deepStrictEqual(problems(RELEASED), []);
        });
    }

    it("is allowed by the version that the package has, since the schema in release/released-schema.json", () => {
        deepStrictEqual(schemaVersionProblems(releasedSchema, currentSchema), []);
    });
});
