import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, ok, strictEqual } from "assert";
import { inspect } from "util";
import { CniServiceAccountRole } from "../../../../index";
import { assertRefusedLate, assertRefusedNow, message } from "../../support/refusals";
import { UnrelatedResource, PROVIDER_ARN } from "../../support/standIn";
import { construct, run } from "../../support/underMocks";

const ROLE_NAME = "expected 1 to 64 letters, digits and + = , . @ _ -, got";
const ROLE_NAME_FIX = "change the name, or omit roleName for a generated one";

describe("an argument error", () => {
    it("lists all problems of one call, in the order of the arguments, then those of combinations", async () => {
        const refused = await construct({
            oidcProviderArn: PROVIDER_ARN,
            delivery: "external",
            overrideExistingServiceAccount: true,
            maxSessionDuration: 1,
            roleName: "",
            serviceAccount: { namespace: "*", name: "?" },
        });
        strictEqual(
            (refused.thrown as Error).message,
            'CniServiceAccountRole "cni": 5 invalid arguments. Nothing was created.\n' +
                `  roleName: ${ROLE_NAME} ""; ${ROLE_NAME_FIX}\n` +
                "  maxSessionDuration: expected a whole number of seconds from 3600 to 43200, got 1; " +
                "choose 1 to 12 hours, or omit maxSessionDuration for 1 hour\n" +
                "  serviceAccount.namespace: expected 1 to 63 lower case letters, digits and -, with a letter or digit at " +
                'each end, got "*"; use the name of a namespace: kubectl get namespaces\n' +
                "  serviceAccount.name: expected 1 to 253 lower case letters, digits, - and ., with a letter or digit at " +
                'each end and around each dot, got "?"; use the name of a service account: kubectl get serviceaccounts -A\n' +
                '  overrideExistingServiceAccount: expected no value with delivery: "external" (the component then annotates no service account), got ' +
                'true; remove overrideExistingServiceAccount, or use delivery: "serviceAccountPatch"',
        );
        strictEqual((refused.thrown as pulumi.InputPropertiesError).errors.length, 5);
    });

    it("lists what is wrong late together, as well", async () => {
        const refused = await construct({
            oidcProviderArn: pulumi.output(PROVIDER_ARN),
            roleName: pulumi.output("a b"),
            tags: { "aws:x": pulumi.output(7) },
        });
        assertRefusedNow(refused, [
            {
                propertyPath: 'tags["aws:x"]',
                reason: 'expected a key that does not start with aws:, got "aws:x"; rename the tag',
            },
        ]);
        const refusedLate = await construct({
            oidcProviderArn: pulumi.output(PROVIDER_ARN),
            roleName: pulumi.output("a b"),
            rolePath: Promise.resolve("eks"),
        });
        assertRefusedLate(refusedLate, [
            { propertyPath: "roleName", reason: `${ROLE_NAME} "a b"; ${ROLE_NAME_FIX}` },
            {
                propertyPath: "rolePath",
                reason:
                    'expected a path that starts and ends with /, of at most 512 printable ASCII characters (! to ~, no spaces), got "eks"; ' +
                    'write it like "/eks/", or omit rolePath for "/"',
            },
        ]);
    });

    it("names the component, quoted", async () => {
        const refused = await run(() => new CniServiceAccountRole('a"b', { roleName: "" }));
        ok((refused.thrown as Error).message.startsWith('CniServiceAccountRole "a\\"b": 2 invalid arguments'));
    });

    it("prints as its message alone, each problem once", async () => {
        const { thrown } = await construct({ oidcProviderArn: PROVIDER_ARN, roleName: "" });
        strictEqual(inspect(thrown), (thrown as Error).message);
    });

    for (const args of [undefined, null, {}]) {
        it(`answers a call with ${inspect(args)} as arguments`, async () => {
            assertRefusedNow(await construct(args), [
                {
                    propertyPath: "clusterName",
                    reason:
                        "expected the cluster's name, or the ARN of its OIDC provider as oidcProviderArn, got neither; " +
                        "add one of them, or existingRoleArn for an existing role",
                },
            ]);
        });
    }

    it("stops a preview as it stops an update", async () => {
        const args = { oidcProviderArn: PROVIDER_ARN, roleName: pulumi.output("") };
        assertRefusedLate(await construct(args, { preview: true }), [
            { propertyPath: "roleName", reason: `${ROLE_NAME} ""; ${ROLE_NAME_FIX}` },
        ]);
    });

    it("comes in a preview although other arguments are unknown", async () => {
        const args = {
            oidcProviderArn: PROVIDER_ARN,
            roleName: pulumi.output(""),
            tags: pulumi.output(pulumi.unknown),
        };
        assertRefusedLate(await construct(args, { preview: true }), [
            { propertyPath: "roleName", reason: `${ROLE_NAME} ""; ${ROLE_NAME_FIX}` },
        ]);
    });

    it("comes in a preview although another member of the same list is unknown", async () => {
        const args = {
            oidcProviderArn: PROVIDER_ARN,
            additionalPolicyArns: [pulumi.output(pulumi.unknown), pulumi.output("p")],
        };
        assertRefusedLate(await construct(args, { preview: true }), [
            {
                propertyPath: "additionalPolicyArns[1]",
                reason:
                    'expected the ARN of a managed policy, got "p"; write it like ' +
                    "arn:aws:iam::111122223333:policy/NAME, or arn:aws:iam::aws:policy/NAME",
            },
        ]);
    });

    it("shows no more than a value's first 120 characters", async () => {
        const refused = await construct({ oidcProviderArn: PROVIDER_ARN, roleName: "x".repeat(118) + "!" });
        assertRefusedNow(refused, [
            {
                propertyPath: "roleName",
                reason: `${ROLE_NAME} "${"x".repeat(118)}!… (121 characters); ${ROLE_NAME_FIX}`,
            },
        ]);
        const shown = await construct({ oidcProviderArn: PROVIDER_ARN, roleName: "x".repeat(117) + "!" });
        assertRefusedNow(shown, [
            { propertyPath: "roleName", reason: `${ROLE_NAME} "${"x".repeat(117)}!"; ${ROLE_NAME_FIX}` },
        ]);
    });

    it("names a resource that was given instead of its output", async () => {
        const refused = await run(
            () =>
                new CniServiceAccountRole("cni", {
                    roleName: new UnrelatedResource("other") as never,
                    oidcProviderArn: PROVIDER_ARN,
                }),
        );
        strictEqual(
            (refused.thrown as Error).message,
            message([
                {
                    propertyPath: "roleName",
                    reason: `${ROLE_NAME} "a resource, not one of its outputs"; ${ROLE_NAME_FIX}`,
                },
            ]),
        );
    });

    it("shows a bigint, which JSON does not know", async () => {
        const refused = await construct({ oidcProviderArn: PROVIDER_ARN, roleName: 7n });
        assertRefusedNow(refused, [{ propertyPath: "roleName", reason: `${ROLE_NAME} "7n"; ${ROLE_NAME_FIX}` }]);
    });

    it("says which members of a list are known later", async () => {
        const existingRoleArn = "arn:aws:iam::111122223333:role/cni";
        const refused = await construct({ existingRoleArn, additionalPolicyArns: ["a", pulumi.output("b")] });
        deepStrictEqual((refused.thrown as pulumi.InputPropertiesError).errors.at(-1), {
            propertyPath: "additionalPolicyArns",
            reason:
                'expected no value with existingRoleArn (the component does not change that role), got ["a","known later"]; ' +
                "remove additionalPolicyArns, or remove existingRoleArn to create a role",
        });
    });

    it("names the kind of a value that has no JSON text", async () => {
        const refused = await construct({ oidcProviderArn: PROVIDER_ARN, roleName: () => "x" });
        assertRefusedNow(refused, [{ propertyPath: "roleName", reason: `${ROLE_NAME} a function; ${ROLE_NAME_FIX}` }]);
    });
});
