import * as pulumi from "@pulumi/pulumi";
import { rejects, strictEqual } from "node:assert/strict";
import { policyTrigger, roleTrigger } from "../../../../components/role/replacementTriggers";

const PROVIDER = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A";
const BOUNDARY = "arn:aws:iam::111122223333:policy/boundary";
const unknown = pulumi.output(pulumi.unknown);

/** Undefined if a preview does not know the value, which the engine would treat as a change. */
function valueOf(output: pulumi.Output<string | null>): Promise<string | null> {
    return new Promise((resolve, reject) => {
        const { promise } = output as unknown as { promise: () => Promise<string | null> };
        promise.call(output).then(resolve, reject);
    });
}

function changeOf(more: {
    namespace?: pulumi.Input<string>;
    name?: pulumi.Input<string>;
    provider?: pulumi.Input<string>;
    boundary?: pulumi.Input<string | undefined>;
    ipv6Policy?: boolean;
    others?: pulumi.Input<string[] | undefined>;
    cluster?: pulumi.Input<string>;
}) {
    const { namespace = "kube-system", name = "aws-node", provider = PROVIDER, ipv6Policy = false } = more;
    const serviceAccount = pulumi.output({ namespace, name });
    return valueOf(
        roleTrigger({
            serviceAccount,
            oidcProviderArn: pulumi.output(provider),
            ...("boundary" in more && { permissionsBoundary: pulumi.output(more.boundary) as pulumi.Output<string> }),
            ...("others" in more && {
                additionalOidcProviderArns: pulumi.output(more.others) as pulumi.Output<string[]>,
            }),
            ...(more.cluster !== undefined && { clusterArn: pulumi.output(more.cluster) }),
            ipv6Policy,
        }),
    );
}

describe("The trigger that replaces the component's role", () => {
    it("is the same as long as the role trusts the same, and as that of earlier versions", async () => {
        strictEqual(await changeOf({}), `${PROVIDER} kube-system aws-node`);
        strictEqual(await changeOf({ name: pulumi.output("aws-node") }), await changeOf({}));
    });

    it("is another provider", async () => {
        strictEqual(await changeOf({ provider: `${PROVIDER}2` }), `${PROVIDER}2 kube-system aws-node`);
    });

    it("is the cluster instead of its provider with Pod Identity", async () => {
        const cluster = "arn:aws:eks:us-west-2:111122223333:cluster/production";
        strictEqual(await changeOf({ cluster, provider: "" }), `${cluster} kube-system aws-node`);
        strictEqual(await changeOf({ cluster: unknown as unknown as pulumi.Output<string> }), null);
    });

    it("is another name or namespace of the service account", async () => {
        strictEqual(await changeOf({ namespace: "cni" }), `${PROVIDER} cni aws-node`);
        strictEqual(await changeOf({ name: "agent" }), `${PROVIDER} kube-system agent`);
    });

    it("is a permissions boundary, unless its Output has no value", async () => {
        strictEqual(await changeOf({ boundary: BOUNDARY }), `${PROVIDER} kube-system aws-node ${BOUNDARY}`);
        strictEqual(await changeOf({ boundary: undefined }), await changeOf({}));
    });

    it("is the IP family with the generation of the component's own policy", async () => {
        strictEqual(await changeOf({ ipv6Policy: true }), `${PROVIDER} kube-system aws-node ipv6/1`);
        strictEqual(
            await changeOf({ ipv6Policy: true, boundary: BOUNDARY }),
            `${PROVIDER} kube-system aws-node ${BOUNDARY} ipv6/1`,
        );
    });

    for (const part of ["namespace", "name", "provider", "boundary"]) {
        it(`is nothing, and known to be, while ${part} is not known`, async () => {
            strictEqual(await changeOf({ [part]: unknown }), null);
        });
    }

    it("is nothing for a role that other clusters share, or may share", async () => {
        strictEqual(await changeOf({ others: [`${PROVIDER}2`] }), null);
        strictEqual(await changeOf({ others: unknown as pulumi.Output<string[]> }), null);
        strictEqual(await changeOf({ others: [] }), await changeOf({}));
        strictEqual(await changeOf({ others: undefined }), await changeOf({}));
    });

    it("fails with what it is made of, as all that waits for the checks of the arguments", async () => {
        await rejects(changeOf({ name: pulumi.output(Promise.reject(new Error("refused"))) }), /refused/);
    });
});

describe("The trigger that replaces the component's own policy", () => {
    it("is its generation, and the name that the role is given", async () => {
        strictEqual(await valueOf(policyTrigger(undefined)), "ipv6/1");
        strictEqual(await valueOf(policyTrigger(pulumi.output("cni"))), "ipv6/1 cni");
        strictEqual(
            await valueOf(policyTrigger(pulumi.output(undefined) as unknown as pulumi.Output<string>)),
            "ipv6/1",
        );
    });

    it("is nothing, and known to be, while the name is not known", async () => {
        strictEqual(await valueOf(policyTrigger(unknown as pulumi.Output<string>)), null);
    });
});
