import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual } from "assert";
import { assertAccepted, assertRefusedLate, assertRefusedNow, ExpectedProblem } from "../../support/refusals";
import { PROVIDER_ARN } from "../../support/standIn";
import { construct, Run } from "../../support/underMocks";

describe("arguments that decide which resources exist", () => {
    const PLAIN: Record<string, unknown> = {
        ipFamily: { ipFamily: pulumi.output("ipv6") },
        delivery: { delivery: pulumi.output("external") },
        additionalPolicyArns: { additionalPolicyArns: pulumi.output(["arn:aws:iam::aws:policy/A"]) },
        rollout: { rollout: Promise.resolve({ enabled: false }) },
        "rollout.enabled": { rollout: { enabled: pulumi.output(false) } },
        "rollout.timeoutSeconds": { rollout: { timeoutSeconds: pulumi.output(5) } },
        liveChecks: { liveChecks: pulumi.output(false) },
        proof: { proof: pulumi.output("off") },
        timeouts: { timeouts: pulumi.output({}) },
        ...Object.fromEntries(
            ["proofSeconds", "canarySeconds", "verificationSeconds", "handBackSeconds", "deliverySeconds"].map(
                (name) => [`timeouts.${name}`, { timeouts: { [name]: Promise.resolve(5) } }],
            ),
        ),
        iamPropagationSeconds: { iamPropagationSeconds: pulumi.output(5) },
        stableSeconds: { stableSeconds: pulumi.output(5) },
        maxNotReadyNodes: { maxNotReadyNodes: pulumi.output(5) },
        injectionGuard: { liveChecks: undefined, detachFromNodeRoles: ["nodes"], injectionGuard: pulumi.output(true) },
    };
    for (const [propertyPath, args] of Object.entries(PLAIN)) {
        it(`cannot come late: ${propertyPath}`, async () => {
            assertRefusedNow(await construct({ oidcProviderArn: PROVIDER_ARN, ...(args as object) }), [
                latePlain(propertyPath),
            ]);
        });
    }

    for (const [propertyPath, member] of [
        ["handedOverClusterArns", "arn:aws:eks:us-west-2:111122223333:cluster/blue"],
        ["regions", "eu-west-1"],
    ] as const) {
        it(`refuse ${propertyPath} without node roles at once, whether they are known or not`, async () => {
            for (const [list, got] of [
                [[member], `["${member}"]`],
                [[pulumi.output(member)], '["known later"]'],
                [pulumi.output([member]), '"known later"'],
            ] as const) {
                assertRefusedNow(await construct({ oidcProviderArn: PROVIDER_ARN, [propertyPath]: list }), [
                    {
                        propertyPath,
                        reason:
                            `expected no value without detachFromNodeRoles (nothing is detached then), got ${got}; ` +
                            `add detachFromNodeRoles, or remove ${propertyPath}`,
                    },
                ]);
            }
        });
    }

    const nothing: [string, Record<string, unknown>, string][] = [
        [
            "clusterName",
            { oidcProviderArn: PROVIDER_ARN },
            "expected 1 to 100 letters, digits, - and _, with a letter or digit first, got nothing; " +
                "use the cluster's name, not its ARN: aws eks list-clusters",
        ],
        [
            "oidcProviderArn",
            { clusterName: "c" },
            "expected the ARN of an IAM OIDC provider, got nothing; write it like arn:aws:iam::111122223333:oidc-provider/" +
                "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE (aws iam list-open-id-connect-providers shows yours)",
        ],
        [
            "existingRoleArn",
            { oidcProviderArn: PROVIDER_ARN },
            "expected the ARN of an IAM role, got nothing; write it like arn:aws:iam::111122223333:role/NAME " +
                "(aws iam get-role --role-name NAME shows it)",
        ],
        [
            "kubeconfig",
            { oidcProviderArn: PROVIDER_ARN, liveChecks: undefined },
            "expected a kubeconfig, as text or as an object, got nothing; pass its YAML or JSON, for example cluster.kubeconfigJson of " +
                "@pulumi/eks, or omit it for the ambient one",
        ],
        [
            "aws",
            { oidcProviderArn: PROVIDER_ARN, liveChecks: undefined },
            "expected an object with region, profile, roleArn, externalId, sessionName, endpoints, got nothing; " +
                "write it as { … }",
        ],
        [
            "detachFromNodeRoles",
            { oidcProviderArn: PROVIDER_ARN, liveChecks: undefined },
            "expected a list of names of node roles, got nothing; set it, or omit it",
        ],
        [
            "regions",
            { oidcProviderArn: PROVIDER_ARN, liveChecks: undefined, detachFromNodeRoles: ["nodes"] },
            "expected a list of regions, got nothing; set it, or omit it",
        ],
    ];
    for (const [propertyPath, otherArgs, reason] of nothing) {
        for (const value of [undefined, null]) {
            it(`cannot turn out to be ${String(value)}: ${propertyPath}`, async () => {
                const refused = await construct({ ...otherArgs, [propertyPath]: pulumi.output(value) });
                assertRefusedLate(refused, [{ propertyPath, reason }]);
            });

            it(`can be ${String(value)} from the start: ${propertyPath}`, async () => {
                assertAccepted(await construct({ ...otherArgs, [propertyPath]: value }));
            });
        }
    }

    for (const value of [undefined, null]) {
        it(`may be an output of ${String(value)} where that means the default`, async () => {
            const nothing = pulumi.output(value);
            const accepted = await construct({
                oidcProviderArn: PROVIDER_ARN,
                roleName: nothing,
                tags: nothing,
                additionalOidcProviderArns: nothing,
                serviceAccount: { namespace: nothing, name: nothing },
                stsRegionalEndpoints: nothing,
                tokenExpirationSeconds: nothing,
                overrideExistingServiceAccount: nothing,
                rollout: { daemonSetName: nothing },
            });
            assertAccepted(accepted);
            const plain = await construct({ oidcProviderArn: PROVIDER_ARN });
            deepStrictEqual(inputsOfChildren(accepted), inputsOfChildren(plain));
        });
    }
});

/** Without inputs that are null, which the engine treats as not set. */
function inputsOfChildren({ resources }: Run<unknown>): unknown {
    return resources
        .slice(1)
        .map(({ inputs }) => Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== null)));
}

function latePlain(propertyPath: string): ExpectedProblem {
    return {
        propertyPath,
        reason:
            "expected a plain value (it decides which resources exist or how they are made), got an Output or a Promise; " +
            "pass the value itself, for example from pulumi.Config",
    };
}
