import * as pulumi from "@pulumi/pulumi";
import { deepStrictEqual, strictEqual } from "assert";
import { assertAccepted, assertRefusedLate, assertRefusedNow } from "../../support/refusals";
import { GET_OIDC_PROVIDER, LOOKUPS } from "../../support/standIn";
import { construct, Run } from "../../support/underMocks";

const ARN = "arn:aws:iam::111122223333:oidc-provider/";

interface TrustArgs {
    oidcProviderArn: string;
    additionalOidcProviderArns: string[];
    serviceAccount: { name: string };
}

/** Arguments whose trust policy has exactly this many characters, counted independently of the code under test. */
function argsOfSize(size: number): TrustArgs {
    const clusters = size < 4000 ? 4 : 13;
    for (let nameLength = 1; nameLength <= 3; nameLength += 1) {
        const name = "n".repeat(nameLength);
        const rest = size - sizeOf(Array<string>(clusters).fill(""), name);
        if (rest % 3 === 0) {
            const total = rest / 3;
            const issuers = Array.from({ length: clusters }, (_, i) => {
                const length = Math.floor(total / clusters) + (i < total % clusters ? 1 : 0);
                return `${"abcdefghijklm".charAt(i)}${"x".repeat(length - 1)}`;
            });
            strictEqual(sizeOf(issuers, name), size);
            const [first = "", ...others] = issuers.map((issuer) => ARN + issuer);
            return { oidcProviderArn: first, additionalOidcProviderArns: others, serviceAccount: { name } };
        }
    }
    throw new Error(`no arguments have a trust policy of ${String(size)} characters`);
}

function sizeOf(issuers: string[], name: string): number {
    const statements = issuers.map(
        (issuer) =>
            `{"Effect":"Allow","Principal":{"Federated":"${ARN}${issuer}"},"Action":"sts:AssumeRoleWithWebIdentity",` +
            `"Condition":{"StringEquals":{"${issuer}:aud":"sts.amazonaws.com",` +
            `"${issuer}:sub":"system:serviceaccount:kube-system:${name}"}}}`,
    );
    return `{"Version":"2012-10-17","Statement":[${statements.join(",")}]}`.length;
}

function warning(size: number): string {
    return (
        `warning: [runtime] The trust policy has ${String(size)} characters, not counting white space. IAM's default quota is 2048. If AWS ` +
        'returns LimitExceeded, request a higher "Role trust policy length" in Service Quotas (IAM, L-C07B4B0D, at most 8192).'
    );
}

function tooLong(size: number) {
    return {
        propertyPath: "additionalOidcProviderArns",
        reason:
            "expected a trust policy of at most 8192 characters, not counting white space (IAM's maximum), " +
            `got ${String(size)} characters; give some of the clusters a role of their own`,
    };
}

function documentSize(run: Run<unknown>): number {
    return String(run.resources.find(({ name }) => name === "cni-role")?.inputs["assumeRolePolicy"]).length;
}

describe("the size of the trust policy", () => {
    it("may be IAM's default quota, without a word", async () => {
        const run = await construct(argsOfSize(2048));
        assertAccepted(run);
        strictEqual(documentSize(run), 2048);
        deepStrictEqual(run.warnings, []);
    });

    it("may be a character more than the default quota, with one warning", async () => {
        const run = await construct(argsOfSize(2049));
        assertAccepted(run);
        strictEqual(documentSize(run), 2049);
        deepStrictEqual(run.warnings, [warning(2049)]);
    });

    it("may be IAM's maximum, with one warning", async () => {
        const run = await construct(argsOfSize(8192));
        assertAccepted(run);
        strictEqual(documentSize(run), 8192);
        deepStrictEqual(run.warnings, [warning(8192)]);
    });

    it("may not be a character more than the maximum", async () => {
        const run = await construct(argsOfSize(8193));
        assertRefusedNow(run, [tooLong(8193)]);
        deepStrictEqual(run.warnings, []);
    });

    it("is counted when the providers are known late, as well", async () => {
        const late = ({ oidcProviderArn, additionalOidcProviderArns, serviceAccount }: TrustArgs) => ({
            oidcProviderArn: pulumi.output(oidcProviderArn),
            additionalOidcProviderArns: pulumi.output(additionalOidcProviderArns),
            serviceAccount: { name: pulumi.output(serviceAccount.name) },
        });
        deepStrictEqual((await construct(late(argsOfSize(2048)))).warnings, []);
        deepStrictEqual((await construct(late(argsOfSize(2049)))).warnings, [warning(2049)]);
        assertRefusedLate(await construct(late(argsOfSize(8193))), [tooLong(8193)]);
    });

    for (const [size, warnings] of [
        [2048, []],
        [2049, [warning(2049)]],
    ] as const) {
        it(`counts the statement of a provider that is looked up: ${String(size)} characters`, async () => {
            const { oidcProviderArn, ...others } = argsOfSize(size);
            const lookups = { ...LOOKUPS, [GET_OIDC_PROVIDER]: () => ({ arn: oidcProviderArn }) };
            const run = await construct({ clusterName: "c", ...others }, { lookups });
            assertAccepted(run);
            strictEqual(documentSize(run), size);
            deepStrictEqual(run.warnings, warnings);
        });
    }

    it("counts the name of the namespace", async () => {
        const { serviceAccount, ...others } = argsOfSize(2048);
        const longer = { ...serviceAccount, namespace: "kube-system1" };
        deepStrictEqual((await construct({ ...others, serviceAccount: longer })).warnings, [warning(2052)]);
    });

    it("is nothing to warn of with an existing role, whose trust is not ours", async () => {
        const { oidcProviderArn } = argsOfSize(2048);
        const run = await construct({ oidcProviderArn, existingRoleArn: "arn:aws:iam::111122223333:role/cni" });
        assertAccepted(run);
        deepStrictEqual(run.warnings, []);
    });
});
