import { OidcProvider, parseOidcProviderArn } from "../../documents/arn";
import { policySize } from "../../documents/policyDocument";
import { TRUST_POLICY_DEFAULT_QUOTA, TRUST_POLICY_MAXIMUM, trustPolicy } from "../../documents/trustPolicy";
import { DEFAULT_SERVICE_ACCOUNT } from "./defaults";
import { KnownArgs } from "./knownArgs";
import { Problem } from "./problem";
import { isObject, isString } from "./rule";

/** A trust policy above IAM's maximum can never be created. */
export function trustSizeProblems(args: KnownArgs): Problem[] {
    const size = trustSize(args);
    return size <= TRUST_POLICY_MAXIMUM
        ? []
        : [
              {
                  path: "additionalOidcProviderArns",
                  expected: `a trust policy of at most ${String(TRUST_POLICY_MAXIMUM)} characters, not counting white space (IAM's maximum)`,
                  got: `${String(size)} characters`,
                  fix: "give some of the clusters a role of their own",
              },
          ];
}

/** A trust policy above IAM's default quota can be created once the account's quota is raised. */
export function trustSizeWarning(args: KnownArgs): string | undefined {
    const size = isString(args["oidcProviderArn"]) ? trustSize(args) : 0;
    return size <= TRUST_POLICY_DEFAULT_QUOTA
        ? undefined
        : `The trust policy has ${String(size)} characters, not counting white space. IAM's default quota is ` +
              `${String(TRUST_POLICY_DEFAULT_QUOTA)}. If AWS returns LimitExceeded, request a higher "Role trust policy ` +
              `length" in Service Quotas (IAM, L-C07B4B0D, at most ${String(TRUST_POLICY_MAXIMUM)}).`;
}

/** In characters, as IAM counts them. 0 if a part of the policy is not known. */
function trustSize(args: KnownArgs): number {
    const account = isObject(args["serviceAccount"]) ? args["serviceAccount"] : {};
    const { namespace = DEFAULT_SERVICE_ACCOUNT.namespace, name = DEFAULT_SERVICE_ACCOUNT.name } = account;
    const additional: unknown = args["additionalOidcProviderArns"] ?? [];
    const providers = [args["oidcProviderArn"], ...(Array.isArray(additional) ? (additional as unknown[]) : [])]
        .map((arn) => (isString(arn) ? parseOidcProviderArn(arn) : undefined))
        .filter((p): p is OidcProvider => p !== undefined);
    return isString(namespace) && isString(name) ? policySize(trustPolicy(providers, { namespace, name })) : 0;
}
