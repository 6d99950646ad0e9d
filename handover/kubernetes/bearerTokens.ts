/** A presigned GetCallerIdentity: https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster */
const EKS_PREFIX = "k8s-aws-v1.";
const EKS_LIFETIME_MILLISECONDS = 15 * 60 * 1000;

/** When a token in a kubeconfig expires. Undefined if the token does not contain it. */
export function tokenExpiry(token: string | undefined): Date | undefined {
    const text = token?.trim() ?? "";
    if (text.startsWith(EKS_PREFIX)) {
        return eksExpiry(text.slice(EKS_PREFIX.length));
    }
    const seconds = claim(text, "exp");
    return typeof seconds === "number" ? new Date(seconds * 1000) : undefined;
}

/**
 * How to get another token of the same kind, without a full stop. Undefined for one of `aws eks get-token`, and for one that does not
 * show who issued it.
 *
 * Of a service account: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_create/kubectl_create_token/
 */
export function anotherToken(token: string | undefined): string | undefined {
    const text = token?.trim() ?? "";
    const [, namespace, name] = /^system:serviceaccount:([\w.-]+):([\w.-]+)$/.exec(String(claim(text, "sub"))) ?? [];
    if (namespace !== undefined && name !== undefined) {
        return `\`kubectl create token ${name} --namespace ${namespace}\` prints one`;
    }
    const [issuer] = /^https:\/\/[\w./:-]+$/.exec(String(claim(text, "iss"))) ?? [];
    return issuer === undefined ? undefined : `log in at ${issuer} for one`;
}

function eksExpiry(encoded: string): Date | undefined {
    const url = Buffer.from(encoded, "base64url").toString();
    const signed = /[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(url)?.slice(1).map(Number);
    const [year = NaN, month = NaN, ...rest] = signed ?? [];
    const time = Date.UTC(year, month - 1, ...rest);
    return Number.isFinite(time) ? new Date(time + EKS_LIFETIME_MILLISECONDS) : undefined;
}

/** Undefined if the text is no JWT. */
function claim(token: string, name: string): unknown {
    try {
        const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
        return (claims as Readonly<Record<string, unknown>> | null)?.[name];
    } catch {
        return undefined;
    }
}
