import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual } from "assert";
import { assertAccepted } from "../support/refusals";
import { PROVIDER_ARN } from "../support/standIn";
import { construct, Run } from "../support/underMocks";

const EXISTING = "arn:aws:iam::111122223333:role/cni";

function secretInputs({ resources }: Run<unknown>): string[] {
    return resources
        .slice(1)
        .flatMap(({ name, secretInputs }) => secretInputs.map((path) => `${name}.${path}`))
        .sort();
}

/** The secret argument, and the inputs of the children and the outputs that become secret. */
const rows: [string, Record<string, unknown>, string[], string[]][] = [
    ["nothing", {}, [], []],
    ["a tag", { tags: { a: pulumi.secret("b") } }, ["cni-role.tags"], []],
    ["the description", { roleDescription: pulumi.secret("d") }, ["cni-role.description"], []],
    ["the path", { rolePath: pulumi.secret("/eks/") }, ["cni-role.path"], []],
    ["the longest session", { maxSessionDuration: pulumi.secret(3600) }, ["cni-role.maxSessionDuration"], []],
    [
        "the boundary",
        { permissionsBoundary: pulumi.secret("arn:aws:iam::aws:policy/A") },
        ["cni-role.permissionsBoundary"],
        [],
    ],
    [
        "the provider",
        { oidcProviderArn: pulumi.secret(PROVIDER_ARN) },
        ["cni-cni-policy.policyArn", "cni-role.assumeRolePolicy"],
        ["policyArns"],
    ],
    [
        "an additional policy",
        { additionalPolicyArns: ["arn:aws:iam::aws:policy/A", pulumi.secret("arn:aws:iam::aws:policy/B")] },
        ["cni-additional-policy-0.policyArn", "cni-additional-policy-aws/A.policyArn"],
        ["policyArns"],
    ],
    [
        "the STS endpoint",
        { stsRegionalEndpoints: pulumi.secret(true) },
        ["cni-daemon-set.spec", "cni-service-account.metadata", "cni-service-account.metadata"],
        ["serviceAccountAnnotations"],
    ],
    [
        "an existing role",
        { oidcProviderArn: undefined, existingRoleArn: pulumi.secret(EXISTING) },
        ["cni-daemon-set.spec", "cni-service-account.metadata"],
        ["provedRoleArn", "ready", "roleArn", "roleName", "serviceAccountAnnotations"],
    ],
];

describe("a secret argument", () => {
    for (const [what, args, inputs, outputs] of rows) {
        it(`is secret where it flows and nowhere else: ${what}`, async () => {
            const run = await construct({ oidcProviderArn: PROVIDER_ARN, ...args });
            assertAccepted(run);
            deepStrictEqual(secretInputs(run).map(withoutDepth), inputs);
            deepStrictEqual([...(run.outputs["cni"]?.secrets ?? [])].sort(), outputs);
        });
    }

    it("leaves the outputs of the component as they are", async () => {
        const run = await construct({ oidcProviderArn: PROVIDER_ARN, tags: pulumi.secret({ a: "b" }) });
        const { roleArn, serviceAccountAnnotations, ready } = run.result ?? {};
        for (const output of [roleArn, serviceAccountAnnotations, ready]) {
            strictEqual(output !== undefined && (await pulumi.isSecret(output as pulumi.Output<unknown>)), false);
        }
    });
});

/** The Kubernetes SDK may mark all of `metadata` or `spec` as secret, which is accepted. */
function withoutDepth(path: string): string {
    return path.replace(/^(cni-daemon-set\.spec|cni-service-account\.metadata)\..*/, "$1");
}
