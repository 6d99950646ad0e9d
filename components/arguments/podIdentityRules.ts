import { KnownArgs } from "./knownArgs";
import { Problem, show } from "./problem";
import { isKnown } from "./rule";

/** The arguments of web identity, and why they have no effect with Pod Identity. */
const OF_WEB_IDENTITY: Readonly<Record<string, string>> = {
    oidcProviderArn: "the role trusts pods.eks.amazonaws.com, and no OIDC provider",
    additionalOidcProviderArns: "the role trusts pods.eks.amazonaws.com, and no OIDC provider",
    stsRegionalEndpoints: "the EKS Pod Identity Agent calls no STS endpoint for the pods",
    tokenExpirationSeconds: "the pods get no web identity token",
};

/** The problems of arguments with the delivery `podIdentity`. */
export function podIdentityProblems(args: KnownArgs): Problem[] {
    return args["delivery"] === "podIdentity"
        ? [...noClusterName(args), ...ofWebIdentity(args), ...overriding(args)]
        : [];
}

function noClusterName({ clusterName }: KnownArgs): Problem[] {
    return clusterName === undefined
        ? [
              {
                  path: "clusterName",
                  expected:
                      'the cluster\'s name with delivery: "podIdentity" (the association belongs to that cluster)',
                  got: "none",
                  fix: "add clusterName",
              },
          ]
        : [];
}

function ofWebIdentity(args: KnownArgs): Problem[] {
    return Object.entries(OF_WEB_IDENTITY)
        .filter(([path]) => isKnown(args[path]))
        .map(([path, why]) => noValue(path, why, args[path]));
}

function overriding({ overrideExistingServiceAccount: value }: KnownArgs): Problem[] {
    return value === true
        ? [noValue("overrideExistingServiceAccount", "the component then annotates no service account", value)]
        : [];
}

function noValue(path: string, why: string, value: unknown): Problem {
    return {
        path,
        expected: `no value with delivery: "podIdentity" (${why})`,
        got: show(value),
        fix: `remove ${path}, or use delivery: "serviceAccountPatch"`,
    };
}
