import { validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { deepStrictEqual, notStrictEqual, strictEqual } from "assert";
import * as fc from "fast-check";
import { OidcProvider, parseOidcProviderArn } from "../../../documents/arn";
import { TOKEN_AUDIENCE, trustPolicy } from "../../../documents/trustPolicy";
import { fixture, PARTITIONS } from "../support/fixtures";

const AWS_NODE = { namespace: "kube-system", name: "aws-node" };
const ARN = "arn:aws:iam::111122223333:oidc-provider/";

function provider(arn: string): OidcProvider {
    const parsed = parseOidcProviderArn(arn);
    if (parsed === undefined) {
        throw new Error(`${arn} is not the ARN of an OIDC provider`);
    }
    return parsed;
}

describe("the trust policy", () => {
    for (const { partition, providerArn, dualStackProviderArn, trust, dualStackTrust } of PARTITIONS) {
        it(`trusts one service account of one cluster in ${partition}`, () => {
            deepStrictEqual(trustPolicy([provider(providerArn)], AWS_NODE), trust);
        });

        it(`trusts a dual-stack issuer in ${partition}`, () => {
            const document = trustPolicy([provider(dualStackProviderArn)], AWS_NODE);
            deepStrictEqual(document, dualStackTrust);
        });

        it(`passes the syntax check of a policy validator in ${partition}`, () => {
            deepStrictEqual(validateTrustPolicy(trustPolicy([provider(providerArn)], AWS_NODE)), []);
        });
    }

    it("is the EKS user guide's own for its own example", () => {
        const arn = `${ARN}oidc.eks.region-code.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE`;
        deepStrictEqual(trustPolicy([provider(arn)], AWS_NODE), fixture("eks-user-guide-trust"));
    });

    it("keeps the issuer's path and its case as they are", () => {
        const document = trustPolicy([provider(`${ARN}issuer.example.com/Tenants/a~b_C.d%2F-1/id`)], AWS_NODE);
        deepStrictEqual(document, fixture("trust/path-as-it-is"));
    });

    it("trusts an issuer without a path", () => {
        deepStrictEqual(trustPolicy([provider(`${ARN}issuer.example.com`)], AWS_NODE), fixture("trust/without-path"));
    });

    it("trusts an issuer on a port of its own", () => {
        const document = trustPolicy([provider(`${ARN}issuer.example.com:8443/id/1`)], AWS_NODE);
        deepStrictEqual(document, fixture("trust/with-port"));
    });

    it("trusts the service account that it is given", () => {
        const arn = `${ARN}oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE`;
        const document = trustPolicy([provider(arn)], { namespace: "cni-system", name: "node.agent" });
        deepStrictEqual(document, fixture("trust/other-service-account"));
    });

    it("has one statement a cluster, sorted by ARN", () => {
        const issuers = ["oidc.eks.us-west-2.amazonaws.com/id/BBB", "oidc.eks.us-west-2.amazonaws.com/id/AAA"];
        const arns = [...issuers, "oidc.eks.eu-west-1.amazonaws.com/id/CCC"].map((issuer) => ARN + issuer);
        deepStrictEqual(trustPolicy(arns.map(provider), AWS_NODE), fixture("trust/three-clusters"));
    });

    it("leaves the list of providers as it was given", () => {
        const list = [`${ARN}b.example.com`, `${ARN}a.example.com`].map(provider);
        trustPolicy(list, AWS_NODE);
        deepStrictEqual(
            list.map(({ issuer }) => issuer),
            ["b.example.com", "a.example.com"],
        );
    });

    it("has the audience of the webhook's tokens, in every partition", () => {
        strictEqual(TOKEN_AUDIENCE, "sts.amazonaws.com");
    });
});

/** Hosts and paths that the ARN of an OIDC provider can have, beyond the examples above. */
const providers = fc.uniqueArray(
    fc
        .tuple(
            fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/),
            fc.stringMatching(/^(\/[A-Za-z0-9._~%-]{1,9}){0,3}$/),
        )
        .map(([host, path]) => provider(`${ARN}${host}${path}`)),
    { minLength: 1, maxLength: 6, selector: ({ arn }) => arn },
);
const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/);

describe("any trust policy", () => {
    it("has per provider one statement with exactly StringEquals on its audience and subject", () => {
        fc.assert(
            fc.property(providers, label, label, (list, namespace, name) => {
                const document = trustPolicy(list, { namespace, name });
                strictEqual(document.Statement.length, list.length);
                for (const statement of document.Statement) {
                    const [own] = list.filter(({ arn }) => arn === statement.Principal?.Federated);
                    notStrictEqual(own, undefined);
                    deepStrictEqual(Object.keys(statement), ["Effect", "Principal", "Action", "Condition"]);
                    strictEqual(statement.Effect, "Allow");
                    strictEqual(statement.Action, "sts:AssumeRoleWithWebIdentity");
                    deepStrictEqual(statement.Condition, {
                        StringEquals: {
                            [`${String(own?.issuer)}:aud`]: "sts.amazonaws.com",
                            [`${String(own?.issuer)}:sub`]: `system:serviceaccount:${namespace}:${name}`,
                        },
                    });
                }
            }),
        );
    });

    it("does not depend on the order of the providers", () => {
        fc.assert(
            fc.property(
                providers.chain((list) => fc.tuple(fc.constant(list), shuffled(list))),
                ([list, reordered]) => {
                    strictEqual(
                        JSON.stringify(trustPolicy(reordered, AWS_NODE)),
                        JSON.stringify(trustPolicy(list, AWS_NODE)),
                    );
                },
            ),
        );
    });

    it("passes the syntax check of a policy validator", () => {
        fc.assert(
            fc.property(providers, label, label, (list, namespace, name) => {
                deepStrictEqual(validateTrustPolicy(trustPolicy(list, { namespace, name })), []);
            }),
        );
    });
});

function shuffled<T>(members: T[]): fc.Arbitrary<T[]> {
    return fc.shuffledSubarray(members, { minLength: members.length, maxLength: members.length });
}
