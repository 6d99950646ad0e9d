/**
 * The keys of a kubeconfig whose value is a token, or when it expires: of a user, and of the auth-provider `oidc`.
 *
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#AuthInfo and
 * https://github.com/kubernetes/client-go/blob/master/plugin/pkg/client/auth/oidc/oidc.go
 */
const TOKEN_KEYS = ["token", "id-token", "refresh-token", "access-token", "expiry"];

const IN_ITS_PLACE = "TOKEN";

/**
 * A kubeconfig in which each token is replaced by the same word.
 *
 * Some programs get a new token in each run, for example from `aws.eks.getClusterAuth`, whose tokens last for 15 minutes. Such
 * kubeconfigs are compared without it, so that another token is no change of any resource.
 *
 * @param kubeconfig Its text in YAML or JSON, or a JSON value. A path, and what is no kubeconfig, stays as it is.
 */
export function withoutTokens(kubeconfig: unknown): unknown {
    if (typeof kubeconfig === "string") {
        return kubeconfig.replace(TOKEN_IN_TEXT, (_, before: string) => before + JSON.stringify(IN_ITS_PLACE));
    }
    if (Array.isArray(kubeconfig)) {
        return kubeconfig.map(withoutTokens);
    }
    return typeof kubeconfig === "object" && kubeconfig !== null
        ? Object.fromEntries(
              Object.entries(kubeconfig).map(([key, value]) => [
                  key,
                  TOKEN_KEYS.includes(key) && typeof value === "string" ? IN_ITS_PLACE : withoutTokens(value),
              ]),
          )
        : kubeconfig;
}

/** A value in double quotes, in single quotes, in a block on lines of its own, or plain. JSON is YAML with double quotes. */
const VALUES = [
    String.raw`"(?:[^"\\]|\\[^])*"`,
    String.raw`'(?:[^']|'')*'`,
    String.raw`[|>][-+]?[ \t]*\r?\n[ \t]+\S+`,
    String.raw`[^\s"'|>{}[\],&*!#][^\s,}\]]*`,
];

/** No parser of YAML: this runs in the engine's process, at each diff. */
const TOKEN_IN_TEXT = new RegExp(
    String.raw`((?<![\w-])["']?(?:${TOKEN_KEYS.join("|")})["']?[ \t]*:[ \t]*)(?:${VALUES.join("|")})`,
    "g",
);
