import { deepStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import { findProblems } from "../../../../components/arguments/allRules";
import { parseOidcProviderArn } from "../../../../documents/arn";
import { PolicyDocument } from "../../../../documents/policyDocument";
import { assertAccepted } from "../../support/refusals";
import { PROVIDER_ARN } from "../../support/standIn";
import { construct } from "../../support/underMocks";

/** Hostile text: anything, and pieces that have a meaning in a policy, in JSON or in a name. */
const hostile = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc
        .array(
            fc.constantFrom(
                "a",
                "kube-system",
                "*",
                "?",
                "${",
                "}",
                ":",
                "/",
                '"',
                "\\",
                "\n",
                "\0",
                ".",
                "-",
                ",",
                "é",
                "İ",
            ),
        )
        .map((pieces) => pieces.join("")),
    fc.constantFrom("*", "?", "kube-system", "aws-node", "${aws:username}", "aws-node\n", "\u2028", "__proto__"),
);
const providerArn = fc.oneof(
    fc.constant(PROVIDER_ARN),
    hostile.map((tail) => PROVIDER_ARN + tail),
    hostile.map((tail) => `arn:aws:iam::111122223333:oidc-provider/${tail}`),
    hostile,
);

interface Args {
    oidcProviderArn: string;
    additionalOidcProviderArns: string[];
    serviceAccount: { namespace: string; name: string };
}

const anyArgs: fc.Arbitrary<Args> = fc.record({
    oidcProviderArn: providerArn,
    additionalOidcProviderArns: fc.array(providerArn, { maxLength: 3 }),
    serviceAccount: fc.record({ namespace: hostile, name: hostile }),
});

/** Asserts exact trust: exact operators, one statement per provider, and nothing that IAM would expand. */
function assertExact(document: PolicyDocument, { oidcProviderArn, additionalOidcProviderArns, serviceAccount }: Args) {
    strictEqual(/[*?]|\$\{/.test(JSON.stringify(document)), false);
    deepStrictEqual(Object.keys(document), ["Version", "Statement"]);
    const arns = [oidcProviderArn, ...additionalOidcProviderArns].sort();
    deepStrictEqual(document.Statement.map(({ Principal }) => Principal?.Federated).sort(), arns);
    for (const { Effect, Principal, Action, Condition, ...more } of document.Statement) {
        const { Federated = "" } = Principal ?? {};
        const issuer = Federated.slice(Federated.indexOf("/") + 1);
        strictEqual(Effect, "Allow");
        strictEqual(Action, "sts:AssumeRoleWithWebIdentity");
        deepStrictEqual(Condition, {
            StringEquals: {
                [`${issuer}:aud`]: "sts.amazonaws.com",
                [`${issuer}:sub`]: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
            },
        });
        deepStrictEqual(more, {});
    }
}

describe("no argument can widen the trust", () => {
    it("is refused, or trusts exactly what it names", async () => {
        await fc.assert(
            fc.asyncProperty(anyArgs, async (args) => {
                const run = await construct(args);
                if (run.thrown !== undefined) {
                    deepStrictEqual(run.resources, []);
                    return;
                }
                assertAccepted(run);
                const role = run.resources.find(({ name }) => name === "cni-role");
                assertExact(JSON.parse(String(role?.inputs["assumeRolePolicy"])) as PolicyDocument, args);
            }),
            { numRuns: 150 },
        );
    });

    it("refuses every namespace and name with a character that IAM or the subject's form would read as something else", () => {
        fc.assert(
            fc.property(hostile, hostile, (namespace, name) => {
                const problems = findProblems({ oidcProviderArn: PROVIDER_ARN, serviceAccount: { namespace, name } });
                const paths = problems.map(({ path }) => path);
                strictEqual(
                    paths.includes("serviceAccount.namespace"),
                    !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace),
                );
                strictEqual(/[^a-z0-9.-]/.test(name) && !paths.includes("serviceAccount.name"), false);
            }),
            { numRuns: 2000 },
        );
    });

    it("refuses every provider whose ARN has a character with a meaning in policies", () => {
        fc.assert(
            fc.property(providerArn, (arn) => {
                const problems = findProblems({ oidcProviderArn: arn });
                strictEqual(problems.length === 0, parseOidcProviderArn(arn) !== undefined);
                strictEqual(/[*?$"\\\s]/.test(arn) && problems.length === 0, false);
            }),
            { numRuns: 2000 },
        );
    });

    it("does not depend on the order of additionalOidcProviderArns", async () => {
        const arns = ["a", "b", "c"].map((id) => `arn:aws:iam::111122223333:oidc-provider/issuer.example.com/${id}`);
        const documents = new Set<unknown>();
        for (const additionalOidcProviderArns of [arns, [...arns].reverse()]) {
            const run = await construct({ oidcProviderArn: PROVIDER_ARN, additionalOidcProviderArns });
            documents.add(run.resources.find(({ name }) => name === "cni-role")?.inputs["assumeRolePolicy"]);
        }
        strictEqual(documents.size, 1);
    });
});
