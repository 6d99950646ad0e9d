import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, match, strictEqual } from "assert";
import { assertAccepted, assertRefusedLate } from "../../support/refusals";
import { cluster, GET_CLUSTER, GET_OIDC_PROVIDER, ISSUER, LOOKUPS, PROVIDER_ARN } from "../../support/standIn";
import { construct, Run } from "../../support/underMocks";

const EXISTING = "arn:aws:iam::111122223333:role/cni";
const OTHER = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/B";

function lookupsOf({ lookups }: Run<unknown>) {
    return lookups.map(({ token, inputs }) => [token, inputs]);
}

function withFamily(ipFamily: string | undefined) {
    return { ...LOOKUPS, [GET_CLUSTER]: () => cluster("c", ipFamily) };
}

describe("the cluster", () => {
    for (const preview of [false, true]) {
        const when = preview ? "in a preview" : "in an update";

        it(`is not looked up when the provider's ARN says all, ${when}`, async () => {
            const run = await construct({ oidcProviderArn: PROVIDER_ARN }, { preview, lookups: {} });
            assertAccepted(run);
            deepStrictEqual(run.lookups, []);
        });

        it(`is not looked up for an existing role alone, ${when}`, async () => {
            const run = await construct({ existingRoleArn: EXISTING }, { preview, lookups: {} });
            assertAccepted(run);
            deepStrictEqual(run.lookups, []);
        });

        it(`is looked up by its name, and its provider by its issuer, each once, ${when}`, async () => {
            const run = await construct({ clusterName: "c" }, { preview });
            assertAccepted(run);
            deepStrictEqual(lookupsOf(run), [
                [GET_CLUSTER, { name: "c" }],
                [GET_OIDC_PROVIDER, { url: `https://${ISSUER}` }],
            ]);
        });

        it(`is looked up by its name when the provider is given too, ${when}`, async () => {
            const run = await construct({ clusterName: "c", oidcProviderArn: PROVIDER_ARN }, { preview });
            assertAccepted(run);
            deepStrictEqual(lookupsOf(run), [[GET_CLUSTER, { name: "c" }]]);
        });

        it(`is looked up by its name, and not its provider, for an existing role, ${when}`, async () => {
            const run = await construct({ clusterName: "c", existingRoleArn: EXISTING }, { preview });
            assertAccepted(run);
            deepStrictEqual(lookupsOf(run), [[GET_CLUSTER, { name: "c" }]]);
        });
    }

    it("makes the same resources by its name as by its provider's ARN", async () => {
        const byName = await construct({ clusterName: "c" });
        const byArn = await construct({ oidcProviderArn: PROVIDER_ARN });
        const children = ({ resources }: Run<unknown>) =>
            resources
                .slice(1)
                .map(({ type, name, inputs, parent, dependsOn }) => ({ type, name, inputs, parent, dependsOn }));
        deepStrictEqual(children(byName), children(byArn));
        deepStrictEqual(byName.outputs, byArn.outputs);
    });

    it("is not asked for in a preview that does not know its name", async () => {
        const run = await construct({ clusterName: pulumi.output(pulumi.unknown) }, { preview: true, lookups: {} });
        assertAccepted(run);
        deepStrictEqual(run.lookups, []);
    });

    it("is not asked for when the other arguments are refused late", async () => {
        const run = await construct({ clusterName: "c", rolePath: pulumi.output("eks") });
        assertRefusedLate(run, [
            {
                propertyPath: "rolePath",
                reason:
                    'expected a path that starts and ends with /, of at most 512 printable ASCII characters (! to ~, no spaces), got "eks"; ' +
                    'write it like "/eks/", or omit rolePath for "/"',
            },
        ]);
        deepStrictEqual(run.lookups, []);
    });
});

describe("the cluster's IP family", () => {
    for (const [family, args] of [
        ["ipv4", {}],
        ["ipv4", { ipFamily: "ipv4" }],
        ["ipv4", { ipFamily: null }],
        ["ipv6", { ipFamily: "ipv6" }],
        [undefined, {}],
        [undefined, { ipFamily: "ipv4" }],
    ] as const) {
        it(`is taken as ${String(family)} with ${JSON.stringify(args)}`, async () => {
            assertAccepted(await construct({ clusterName: "c", ...args }, { lookups: withFamily(family) }));
        });
    }

    const refused: [string | undefined, Record<string, unknown>, string][] = [
        ["ipv6", {}, 'expected "ipv6", the IP family of the cluster, got "ipv4", the default; set ipFamily to "ipv6"'],
        [
            "ipv6",
            { ipFamily: "ipv4" },
            'expected "ipv6", the IP family of the cluster, got "ipv4"; set ipFamily to "ipv6"',
        ],
        [
            "ipv4",
            { ipFamily: "ipv6" },
            'expected "ipv4", the IP family of the cluster, got "ipv6"; set ipFamily to "ipv4"',
        ],
        [
            undefined,
            { ipFamily: "ipv6" },
            'expected "ipv4", the IP family of the cluster, got "ipv6"; set ipFamily to "ipv4"',
        ],
    ];
    for (const [family, args, reason] of refused) {
        for (const otherArgs of [{}, { oidcProviderArn: PROVIDER_ARN }, { existingRoleArn: EXISTING }]) {
            const allArgs = JSON.stringify({ ...args, ...otherArgs });
            it(`stops everything where it is ${String(family)} with ${allArgs}`, async () => {
                const run = await construct(
                    { clusterName: "c", ...args, ...otherArgs },
                    { lookups: withFamily(family) },
                );
                assertRefusedLate(run, [{ propertyPath: "ipFamily", reason }]);
            });
        }
    }

    it("stops a preview too, before the provider is asked for", async () => {
        const run = await construct({ clusterName: "c" }, { lookups: withFamily("ipv6"), preview: true });
        assertRefusedLate(run, [{ propertyPath: "ipFamily", reason: String(refused[0]?.[2]) }]);
        deepStrictEqual(lookupsOf(run), [[GET_CLUSTER, { name: "c" }]]);
    });

    it("is compared although other arguments are unknown in the preview", async () => {
        const args = {
            clusterName: "c",
            tags: pulumi.output(pulumi.unknown),
            oidcProviderArn: pulumi.output(pulumi.unknown),
        };
        const run = await construct(args, { lookups: withFamily("ipv6"), preview: true });
        assertRefusedLate(run, [{ propertyPath: "ipFamily", reason: String(refused[0]?.[2]) }]);
    });
});

describe("the cluster's issuer", () => {
    for (const [way, oidcProviderArn] of [
        ["plain", OTHER],
        ["known late", pulumi.output(OTHER)],
    ] as const) {
        it(`is not that of another provider, ${way}`, async () => {
            assertRefusedLate(await construct({ clusterName: "c", oidcProviderArn }), [
                {
                    propertyPath: "oidcProviderArn",
                    reason:
                        `expected the provider of the cluster's issuer https://${ISSUER}, got "${OTHER}"; use the provider of the cluster in clusterName, ` +
                        "or omit one of clusterName and oidcProviderArn",
                },
            ]);
        });
    }

    it("is compared whole, its case included", async () => {
        const oidcProviderArn = PROVIDER_ARN.replace("/id/EXAMPLE", "/id/example");
        const run = await construct({ clusterName: "c", oidcProviderArn });
        strictEqual((run.rejections[0] as pulumi.InputPropertiesError).errors[0]?.propertyPath, "oidcProviderArn");
    });

    it("is wrong together with the IP family, in one error", async () => {
        const run = await construct({ clusterName: "c", oidcProviderArn: OTHER }, { lookups: withFamily("ipv6") });
        deepStrictEqual(
            (run.rejections[0] as pulumi.InputPropertiesError).errors.map(({ propertyPath }) => propertyPath),
            ["ipFamily", "oidcProviderArn"],
        );
    });

    it("does not show a secret provider that disagrees", async () => {
        assertRefusedLate(await construct({ clusterName: "c", oidcProviderArn: pulumi.secret(OTHER) }), [
            {
                propertyPath: "oidcProviderArn",
                reason:
                    `expected the provider of the cluster's issuer https://${ISSUER}, got a secret value; use the provider of the cluster in ` +
                    "clusterName, or omit one of clusterName and oidcProviderArn",
            },
        ]);
    });

    it("must be there: the error has the answer, and what to do", async () => {
        const notFound = () => new Error("reading EKS Cluster (c): couldn't find resource");
        const run = await construct({ clusterName: "c" }, { lookups: { ...LOOKUPS, [GET_CLUSTER]: notFound } });
        assertRefusedLate(run, [
            {
                propertyPath: "clusterName",
                reason:
                    'expected an EKS cluster in the AWS provider\'s account and region, got "c", which is not there; to see the clusters: ' +
                    "aws eks list-clusters (with --region for the region of aws:region); if this program creates the cluster, pass its " +
                    "name as an output (cluster.name), or its OIDC provider as oidcProviderArn; details: reading EKS Cluster (c): " +
                    "couldn't find resource",
            },
        ]);
    });

    it("must be readable: the error does not blame its name", async () => {
        const expired = () =>
            new Error("operation error EKS: DescribeCluster, api error ExpiredTokenException: expired");
        const run = await construct({ clusterName: "c" }, { lookups: { ...LOOKUPS, [GET_CLUSTER]: expired } });
        assertRefusedLate(run, [
            {
                propertyPath: "clusterName",
                reason:
                    'expected an EKS cluster in the AWS provider\'s account and region, got "c", which the AWS provider could not look ' +
                    "up; check the provider's credentials (aws sts get-caller-identity), its region (aws:region), and that they allow " +
                    "eks:DescribeCluster; details: operation error EKS: DescribeCluster, api error ExpiredTokenException: expired",
            },
        ]);
    });

    it("is asked for by an output of its name too", async () => {
        const run = await construct({ clusterName: pulumi.output("c") });
        assertAccepted(run);
        deepStrictEqual(lookupsOf(run), [
            [GET_CLUSTER, { name: "c" }],
            [GET_OIDC_PROVIDER, { url: `https://${ISSUER}` }],
        ]);
    });

    it("is not asked for by an output of its name when that is refused", async () => {
        const run = await construct({ clusterName: pulumi.output("c/d") });
        strictEqual(run.rejections.length, 1);
        deepStrictEqual(run.lookups, []);
    });

    it("needs a provider in IAM: the error has the issuer, the answer and both commands", async () => {
        const lookups = { ...LOOKUPS, [GET_OIDC_PROVIDER]: () => new Error("couldn't find resource") };
        const run = await construct({ clusterName: "c" }, { lookups });
        assertRefusedLate(run, [
            {
                propertyPath: "oidcProviderArn",
                reason:
                    `expected an IAM OIDC provider for the cluster's issuer https://${ISSUER}, got none; ` +
                    `create one with "aws iam create-open-id-connect-provider --url https://${ISSUER} --client-id-list ` +
                    'sts.amazonaws.com" or "eksctl utils associate-iam-oidc-provider --cluster c --approve"; if this program creates ' +
                    "it, pass its ARN as oidcProviderArn, since the lookup can run before it exists; details: couldn't find resource",
            },
        ]);
    });

    it("needs a readable provider in IAM: the error does not say that there is none", async () => {
        const lookups = { ...LOOKUPS, [GET_OIDC_PROVIDER]: () => new Error("AccessDenied") };
        const { rejections } = await construct({ clusterName: "c" }, { lookups });
        match(String(rejections), /got an error from its lookup; create one with .*; details: AccessDenied$/m);
    });

    it("has a provider that is checked against the other arguments", async () => {
        const additionalOidcProviderArns = ["arn:aws:iam::444455556666:oidc-provider/issuer.example.com"];
        assertRefusedLate(await construct({ clusterName: "c", additionalOidcProviderArns }), [
            {
                propertyPath: "additionalOidcProviderArns[0]",
                reason:
                    "expected a provider in the account of oidcProviderArn (account 111122223333, partition aws), got " +
                    '"arn:aws:iam::444455556666:oidc-provider/issuer.example.com"; create a separate role in the other account',
            },
        ]);
    });

    it("has a provider whose ARN is checked like a given one", async () => {
        const lookups = { ...LOOKUPS, [GET_OIDC_PROVIDER]: () => ({ arn: "arn:aws:iam::*:oidc-provider/*" }) };
        assertRefusedLate(await construct({ clusterName: "c" }, { lookups }), [
            {
                propertyPath: "oidcProviderArn",
                reason:
                    'expected the ARN of an IAM OIDC provider, got "arn:aws:iam::*:oidc-provider/*"; write it like ' +
                    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE " +
                    "(aws iam list-open-id-connect-providers shows yours)",
            },
        ]);
    });
});
