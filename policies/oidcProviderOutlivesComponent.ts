import type { StackValidationPolicy } from "@pulumi/policy";
import { parseOidcProviderArn, issuerOfUrl } from "../documents/arn";
import { type Role, rolesOf } from "./support/roles";
import { comesBefore, isOfComponent, ofType, resourcesOf } from "./support/stack";
import { trustOf } from "./support/trust";
import { UNKNOWN } from "./support/values";

const PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";

export const oidcProviderOutlivesComponent: StackValidationPolicy = {
    name: "oidc-provider-outlives-the-component",
    displayName: "The component depends on the OIDC provider that the stack creates",
    description:
        "If the stack creates the OIDC provider that the component's role trusts, the component depends on it. Else pulumi destroy may delete " +
        "the provider before aws-node is back on the node roles, and its pods could not renew their credentials.",
    enforcementLevel: "mandatory",
    url: "https://www.pulumi.com/docs/iac/concepts/resources/options/dependson/",
    remediationSteps: "Pass the output arn of the provider as oidcProviderArn.",
    validateStack: (args, reportViolation) => {
        const stack = resourcesOf(args);
        for (const role of rolesOf(stack).filter(({ urn }) => isOfComponent(urn ?? ""))) {
            const issuers = trustedIssuers(role);
            const self = stack.find(({ urn }) => urn === role.urn);
            const before = self === undefined ? new Set<string>() : comesBefore(self, stack);
            for (const { urn, props } of ofType(stack, PROVIDER)) {
                const { url } = props;
                if (typeof url === "string" && issuers.includes(issuerOfUrl(url)) && !before.has(urn)) {
                    reportViolation(
                        "The component's role trusts this OIDC provider and does not depend on it, so pulumi destroy could delete the provider " +
                            "before the pods are back on the node roles. Pass its output arn as oidcProviderArn.",
                        urn,
                    );
                }
            }
        }
    },
};

/** A trust policy that is not known yet depends on the provider that is not known yet. */
function trustedIssuers({ props }: Role): string[] {
    const trust = trustOf(props["assumeRolePolicy"]);
    return trust === UNKNOWN
        ? []
        : trust
              .flatMap(({ principals }) => principals["Federated"] ?? [])
              .flatMap((arn) => parseOidcProviderArn(arn)?.issuer ?? []);
}
