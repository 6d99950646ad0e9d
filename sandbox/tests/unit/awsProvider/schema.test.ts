import { deepStrictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { knownOptions } from "../../../awsProvider/aws/config";
import { isInput, Schema } from "../../../awsProvider/bridge/schema";
import { FUNCTIONS } from "../../../awsProvider/functions";
import { RESOURCE_TYPES } from "../../../awsProvider/resources";

/** The SDK is generated from the real provider's schema, so its code contains all properties. */
function sdkSource(token: string): string {
    const [, module = ""] = token.split(":");
    const path = module.startsWith("index/") ? module.slice("index/".length) : module;
    return readFileSync(require.resolve(`@pulumi/aws/${path}.js`), "utf8");
}

function names(source: string, pattern: RegExp): string[] {
    return [...new Set([...source.matchAll(pattern)].map((match) => match[1] ?? ""))].sort();
}

function inputsOf(schema: Schema): string[] {
    return Object.keys(schema)
        .filter((key) => schema[key]?.output !== true)
        .sort();
}

describe("the property tables of the AWS provider stand-in", () => {
    for (const { token, schema } of RESOURCE_TYPES) {
        it(`have for ${token} each input and output of the SDK, and no other`, () => {
            const source = sdkSource(token);
            // The SDK treats tagsAll as an output; the bridge fills it in as an input (pulumi-aws provider/tags.go).
            const inputs = inputsOf(schema).filter((key) => key !== "tagsAll");
            deepStrictEqual(inputs, names(source, /resourceInputs\["(\w+)"\] = \(?args\?\.\w+\b/g));
            deepStrictEqual(Object.keys(schema).sort(), names(source, /resourceInputs\["(\w+)"\] = state\?\.\w+;/g));
        });

        it(`require for ${token} what the SDK requires`, () => {
            const required = Object.keys(schema).filter((key) => schema[key]?.required === true);
            const inSdk = names(sdkSource(token), /if \(args\?\.(\w+) === undefined && !opts\.urn\)/g);
            deepStrictEqual(required.sort(), inSdk);
        });
    }

    for (const { token, args } of FUNCTIONS) {
        it(`have for ${token} each argument of the SDK, and no other`, () => {
            deepStrictEqual(Object.keys(args).sort(), names(sdkSource(token), /"(\w+)": args\.\w+,/g));
        });
    }

    it("have each option of the provider, and no other", () => {
        const source = readFileSync(require.resolve("@pulumi/aws/provider.js"), "utf8");
        deepStrictEqual(knownOptions(), names(source, /resourceInputs\["(\w+)"\]/g));
    });
});

/** Interfaces of types/input.d.ts that describe the nested blocks. */
const BLOCKS: readonly [token: string, property: string, interfaceName: string][] = [
    ["aws:iam/role:Role", "inlinePolicies", "RoleInlinePolicy"],
    ["aws:eks/cluster:Cluster", "accessConfig", "ClusterAccessConfig"],
    ["aws:eks/cluster:Cluster", "kubernetesNetworkConfig", "ClusterKubernetesNetworkConfig"],
    ["aws:eks/cluster:Cluster", "upgradePolicy", "ClusterUpgradePolicy"],
    ["aws:eks/cluster:Cluster", "vpcConfig", "ClusterVpcConfig"],
    ["aws:eks/nodeGroup:NodeGroup", "launchTemplate", "NodeGroupLaunchTemplate"],
    ["aws:eks/nodeGroup:NodeGroup", "scalingConfig", "NodeGroupScalingConfig"],
    ["aws:eks/nodeGroup:NodeGroup", "taints", "NodeGroupTaint"],
    ["aws:eks/nodeGroup:NodeGroup", "updateConfig", "NodeGroupUpdateConfig"],
    ["aws:eks/addon:Addon", "podIdentityAssociations", "AddonPodIdentityAssociation"],
    ["aws:ec2/securityGroup:SecurityGroup", "egress", "SecurityGroupEgress"],
    ["aws:ec2/securityGroup:SecurityGroup", "ingress", "SecurityGroupIngress"],
];

describe("the nested blocks of the AWS provider stand-in", () => {
    const declarations = readFileSync(require.resolve("@pulumi/aws/types/input.d.ts"), "utf8");

    for (const [token, property, interfaceName] of BLOCKS) {
        it(`have for ${property} of ${token} each property of the SDK, and no other`, () => {
            const start = declarations.indexOf(`    interface ${interfaceName} {`);
            const body = declarations.slice(start, declarations.indexOf("\n    }", start));
            const block = RESOURCE_TYPES.find((type) => type.token === token)?.schema[property];
            const schema = block?.properties ?? block?.element?.properties ?? {};
            deepStrictEqual(Object.keys(schema).sort(), names(body, /^ {8}(\w+)\??: pulumi\.Input/gm));
        });
    }

    it("are all in this table", () => {
        const blocks = RESOURCE_TYPES.flatMap(({ token, schema }) =>
            Object.entries(schema)
                .filter(([, property]) => isInput(property))
                .filter(([, property]) => property.properties ?? property.element?.properties)
                .map(([name]) => `${token} ${name}`),
        );
        deepStrictEqual(blocks.sort(), BLOCKS.map(([token, property]) => `${token} ${property}`).sort());
    });
});
