import assert from "node:assert/strict";

import { environmentOf } from "../../../aws/eks/addOns/configuration";
import type { CreateAddOn } from "../../../aws/eks/addOns/requests";
import { createRefusal, updateRefusal } from "../../../aws/eks/addOns/validation";
import { passedRoles } from "../../../aws/eks/passRole";

const accountId = "111122223333";
const role = `arn:aws:iam::${accountId}:role/path/cni`;

/** As "InvalidParameterException 400: …". */
function inWords(refusal: ReturnType<typeof createRefusal>): string | undefined {
    return refusal && `${refusal.code} ${refusal.status}: ${refusal.message}`;
}

const notSupported = (problem: string) =>
    "InvalidParameterException 400: ConfigurationValue provided in request is not supported: " +
    `Json schema validation failed with error: [${problem}]`;
const otherAccount = "AccessDeniedException 403: Cross-account pass role is not allowed.";
const version = "InvalidParameterException 400: Addon version specified is not supported";

describe("the requests for managed add-ons of the EKS stand-in", () => {
    const cases: readonly [what: string, asked: Partial<CreateAddOn>, refusal: string | undefined][] = [
        ["no parameters but the name", {}, undefined],
        ["a role of the account", { serviceAccountRoleArn: role }, undefined],
        ["an empty role", { serviceAccountRoleArn: "" }, otherAccount],
        ["a role of another account", { serviceAccountRoleArn: role.replace("1111", "4444") }, otherAccount],
        ["the ARN of a user", { serviceAccountRoleArn: role.replace(":role", ":user") }, otherAccount],
        [
            "a role with too long a name",
            { serviceAccountRoleArn: role.padEnd(256, "x") },
            "InvalidParameterException 400: serviceAccountRoleArn: must have at most 255 characters.",
        ],
        [
            "the role of another account for an association",
            { podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn: "" }] },
            otherAccount,
        ],
        ["a version", { addonVersion: "v1.22.0-eksbuild.3" }, undefined],
        ["a version without a build", { addonVersion: "v1.22.0" }, version],
        ["an empty version", { addonVersion: "" }, version],
        [
            "another way to resolve conflicts",
            { resolveConflicts: "FORCE" as "NONE" },
            "InvalidParameterException 400: resolveConflicts: must be one of OVERWRITE, NONE, PRESERVE.",
        ],
        ["an environment", { configurationValues: '{"env":{"A":"1"}}' }, undefined],
        ["an empty configuration", { configurationValues: "" }, undefined],
        [
            "a configuration that is null",
            { configurationValues: "null" },
            notSupported("$: null found, object expected"),
        ],
        [
            "a configuration in YAML",
            { configurationValues: "env: {}" },
            notSupported("$: string found, object expected"),
        ],
        ["a list", { configurationValues: "[]" }, notSupported("$: array found, object expected")],
        [
            "an environment that is no object",
            { configurationValues: '{"env":1}' },
            notSupported("$.env: number found, object expected"),
        ],
        [
            "a variable that is no text",
            { configurationValues: '{"env":{"A":1}}' },
            notSupported("$.env.A: number found, string expected"),
        ],
        [
            "a value that the sandbox has not got",
            { configurationValues: '{"nodeAgent":{}}' },
            'NotImplemented 501: This sandbox has no configuration value "nodeAgent" of vpc-cni.',
        ],
        [
            "too many tags",
            { tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, ""])) },
            "InvalidParameterException 400: tags: must have at most 50 entries, and has 51.",
        ],
        ["no name", { addonName: "" }, "InvalidParameterException 400: addonName: value is a required property."],
    ];
    for (const [what, asked, refusal] of cases) {
        it(`${refusal === undefined ? "may have" : "are refused with"} ${what}`, () => {
            assert.equal(inWords(createRefusal({ addonName: "vpc-cni", ...asked }, accountId)), refusal);
        });
    }

    it("have configuration values of another add-on as they are", () => {
        assert.equal(
            createRefusal({ addonName: "coredns", configurationValues: "replicaCount: 2" }, accountId),
            undefined,
        );
    });

    const step = "InvalidParameterException 400: Updating VPC-CNI can only go up or down 1 minor version at a time";
    for (const [to, refusal] of [
        ["v1.23.1-eksbuild.1", undefined],
        ["v1.24.0-eksbuild.1", undefined],
        ["v1.22.4-eksbuild.1", undefined],
        [undefined, undefined],
        ["v1.25.0-eksbuild.1", step],
        ["v1.21.0-eksbuild.1", step],
        ["v2.23.1-eksbuild.1", step],
        ["1.24", version],
    ] as const) {
        it(`${refusal === undefined ? "update" : "do not update"} v1.23.1 to ${to ?? "no version"}`, () => {
            const addOn = { addonName: "vpc-cni", addonVersion: "v1.23.1-eksbuild.1" };
            assert.equal(inWords(updateRefusal(addOn, { addonVersion: to }, accountId)), refusal);
        });
    }

    it("set the environment of aws-node", () => {
        assert.deepEqual(environmentOf('{"env":{"A":"1"}}'), { A: "1" });
        [undefined, "", "{}"].forEach((text) => assert.deepEqual(environmentOf(text), {}));
    });

    it("pass the role of the service account to EKS, and those of associations to EKS Pod Identity", () => {
        const asked = {
            serviceAccountRoleArn: role,
            podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn: `${role}-2` }],
        };
        const passed = (action: string, body: object) =>
            passedRoles({ action, path: "" }, { body: Buffer.from(JSON.stringify(body)) });
        for (const action of ["CreateAddon", "UpdateAddon"]) {
            assert.deepEqual(passed(action, asked), [
                { roleArn: role, service: "eks.amazonaws.com" },
                { roleArn: `${role}-2`, service: "pods.eks.amazonaws.com" },
            ]);
            assert.deepEqual(passed(action, { serviceAccountRoleArn: "" }), []);
        }
        assert.deepEqual(passed("CreateCluster", asked), []);
    });
});
