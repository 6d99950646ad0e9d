import { MAX_TOKEN_EXPIRATION_SECONDS, MIN_TOKEN_EXPIRATION_SECONDS } from "../../documents/serviceAccountAnnotations";
import { DEFAULT_ROLLOUT_SECONDS } from "./defaults";
import { isString, ruleOf, text, wholeNumber } from "./rule";

/**
 * Kubernetes' rules for names. They also keep wildcards out of the trust policy.
 *
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */

const LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";

export const namespaceName = ruleOf(
    "1 to 63 lower case letters, digits and -, with a letter or digit at each end",
    isString,
    (value) => value.length <= 63 && new RegExp(`^${LABEL}$`).test(value),
    "use the name of a namespace: kubectl get namespaces",
);

export const serviceAccountName = objectName("use the name of a service account: kubectl get serviceaccounts -A");

export const daemonSetName = objectName("use the name of a DaemonSet: kubectl get daemonsets -A");

function objectName(fix: string) {
    return ruleOf(
        "1 to 253 lower case letters, digits, - and ., with a letter or digit at each end and around each dot",
        isString,
        (value) => value.length <= 253 && new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(value),
        fix,
    );
}

export const tokenExpirationSeconds = wholeNumber(
    `a whole number of seconds from ${String(MIN_TOKEN_EXPIRATION_SECONDS)} to ${String(MAX_TOKEN_EXPIRATION_SECONDS)}`,
    MIN_TOKEN_EXPIRATION_SECONDS,
    MAX_TOKEN_EXPIRATION_SECONDS,
    "choose 10 minutes to 24 hours, or omit tokenExpirationSeconds for 24 hours",
);

/** The engine parses it as a Go duration, which counts nanoseconds in an int64: https://pkg.go.dev/time#Duration */
const MAX_TIMEOUT_SECONDS = 9223372036;

export const rolloutTimeoutSeconds = wholeNumber(
    `a whole number of seconds from 1 to ${String(MAX_TIMEOUT_SECONDS)}`,
    1,
    MAX_TIMEOUT_SECONDS,
    `choose how long the rolling update may take, or omit timeoutSeconds for ${String(DEFAULT_ROLLOUT_SECONDS)}`,
);

/** Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html (name) */
export const clusterName = text(
    "1 to 100 letters, digits, - and _, with a letter or digit first",
    /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/,
    "use the cluster's name, not its ARN: aws eks list-clusters",
);
