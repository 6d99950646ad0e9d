import { deepStrictEqual } from "assert";
import { oidcProviderOutlivesComponent as rule } from "../../../policies/oidcProviderOutlivesComponent";
import { type ResourceSpec, UNKNOWN_TEXT, violations } from "./support/run";
import { COMPONENT, goodStack, goodTrust, ISSUER, role } from "./support/stacks";

const MESSAGE =
    "issuer: The component's role trusts this OIDC provider and does not depend on it, so pulumi destroy could delete the provider before " +
    "the pods are back on the node roles. Pass its output arn as oidcProviderArn.";

function provider(url: unknown = `https://${ISSUER}`): ResourceSpec {
    return { name: "issuer", type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider", props: { url } };
}

/** The stack with the component, and with changes to its resource of this name. */
function stackWith(name: string, more: Partial<ResourceSpec>): ResourceSpec[] {
    return goodStack().map((spec) => (spec.name === name ? { ...spec, ...more } : spec));
}

describe("oidc-provider-outlives-the-component", () => {
    it("finds a provider on which the component does not depend, with https:// or without", async () => {
        deepStrictEqual(await violations(rule, [...goodStack(), provider()]), [MESSAGE]);
        deepStrictEqual(await violations(rule, [...goodStack(), provider(ISSUER)]), [MESSAGE]);
    });

    it("is content where the role's trust comes from it", async () => {
        const stack = stackWith("cni-role", { from: { assumeRolePolicy: ["issuer"] } });
        deepStrictEqual(await violations(rule, [...stack, provider()]), []);
    });

    it("is content where the component has it in dependsOn", async () => {
        deepStrictEqual(await violations(rule, [...stackWith("cni", { dependsOn: ["issuer"] }), provider()]), []);
    });

    it("is content with another issuer's, one that is not known yet, and a trust that is not", async () => {
        deepStrictEqual(await violations(rule, [...goodStack(), provider("https://example.com")]), []);
        deepStrictEqual(await violations(rule, [...goodStack(), provider(UNKNOWN_TEXT)]), []);
        const later = { ...role("cni-role", UNKNOWN_TEXT), parents: COMPONENT, parent: "cni" };
        deepStrictEqual(await violations(rule, [...stackWith("cni-role", later), provider()]), []);
    });

    it("is content with a role of the stack's own, and one that trusts a service", async () => {
        const own = role("own", goodTrust());
        deepStrictEqual(await violations(rule, [own, provider()]), []);
        const service = { Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" } }] };
        const of = { ...role("cni-role", service), parents: COMPONENT, parent: "cni" };
        deepStrictEqual(await violations(rule, [...stackWith("cni-role", of), provider()]), []);
    });
});
