import { createHash } from "node:crypto";
import { blocks, notImplemented, Property, Schema, string, strings } from "../bridge/schema";
import { oneOf } from "../bridge/validators";
import { asMaps, asString, asStrings, Value, ValueMap } from "../bridge/values";
import { Context } from "../resources/resourceType";
import { ProviderFunction } from "./function";

const principals: Property = blocks("list", {
    identifiers: strings("set", { required: true }),
    type: string({ required: true }),
});

const statement: Schema = {
    actions: strings("set"),
    conditions: blocks("list", {
        test: string({ required: true }),
        values: strings("list", { required: true }),
        variable: string({ required: true }),
    }),
    effect: string({ validate: oneOf("Allow", "Deny") }),
    notActions: strings("set"),
    notPrincipals: principals,
    notResources: strings("set"),
    principals,
    resources: strings("set"),
    sid: string(),
};

/** terraform-provider-aws internal/service/iam/policy_document_data_source.go, without merging of other documents. */
export const getPolicyDocument: ProviderFunction = {
    token: "aws:iam/getPolicyDocument:getPolicyDocument",
    args: {
        overrideJson: notImplemented,
        overridePolicyDocuments: notImplemented,
        policyId: string(),
        sourceJson: notImplemented,
        sourcePolicyDocuments: notImplemented,
        statements: blocks("list", statement),
        version: string({ validate: oneOf("2008-10-17", "2012-10-17") }),
    },
    invoke(_context: Context, args: ValueMap): Promise<ValueMap> {
        const id = asString(args["policyId"]);
        const document = {
            Version: asString(args["version"]) ?? "2012-10-17",
            ...(id === undefined ? {} : { Id: id }),
            Statement: asMaps(args["statements"]).map(toStatement),
        };
        const json = JSON.stringify(document, undefined, 2);
        const hash = createHash("sha256").update(json).digest().readUInt32BE();
        return Promise.resolve({ ...args, id: String(hash), json, minifiedJson: JSON.stringify(document) });
    },
};

/** Keys in the order of internal/service/iam/policy_model.go; empty members are omitted. */
function toStatement(value: ValueMap): ValueMap {
    const entries: [string, Value | undefined][] = [
        ["Sid", asString(value["sid"])],
        ["Effect", asString(value["effect"]) ?? "Allow"],
        ["Action", oneOrMore(value["actions"])],
        ["NotAction", oneOrMore(value["notActions"])],
        ["Resource", oneOrMore(value["resources"])],
        ["NotResource", oneOrMore(value["notResources"])],
        ["Principal", toPrincipal(value["principals"])],
        ["NotPrincipal", toPrincipal(value["notPrincipals"])],
        ["Condition", toCondition(value["conditions"])],
    ];
    return Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/** policy_model.go, policyDecodeConfigStringList: one entry without a list, several in reverse order. */
function oneOrMore(value: Value | undefined): Value | undefined {
    const list = asStrings(value).map(interpolations).sort().reverse();
    return list.length > 1 ? list : list[0];
}

/** `&{` stands for `${`, which Terraform would interpolate. */
function interpolations(text: string): string {
    return text.replaceAll("&{", "${");
}

function toPrincipal(value: Value | undefined): Value | undefined {
    const list = asMaps(value);
    if (list.length === 0) {
        return undefined;
    }
    const byType: Record<string, string[]> = {};
    for (const { type, identifiers } of list) {
        const key = asString(type) ?? "";
        byType[key] = [...(byType[key] ?? []), ...asStrings(identifiers)];
    }
    const types = Object.entries(byType);
    // Every principal: `"Principal": "*"`.
    if (types.length === 1 && types[0]?.[0] === "*" && types[0][1][0] === "*") {
        return "*";
    }
    return Object.fromEntries(types.map(([type, identifiers]) => [type, oneOrMore(identifiers) ?? []]));
}

function toCondition(value: Value | undefined): Value | undefined {
    const conditions: Record<string, Record<string, Value>> = {};
    for (const { test, variable, values } of asMaps(value)) {
        const list = asStrings(values).map(interpolations);
        const only = list.length === 1 ? list[0] : undefined;
        const operator = asString(test) ?? "";
        conditions[operator] = { ...conditions[operator], [asString(variable) ?? ""]: only ?? list };
    }
    return Object.keys(conditions).length > 0 ? conditions : undefined;
}
