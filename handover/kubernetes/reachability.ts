import type { KubeConfig } from "@kubernetes/client-node";
import { AnsweredRefusal, NoConnection, Refusal } from "../model/refusal";
import { sentence } from "../model/sentence";
import { commandOf, credentialsOf, type NoCredentials } from "./authentication";
import { anotherToken, tokenExpiry } from "./bearerTokens";
import { eksClusterOf, isTokenOfState, type Reached, updateKubeconfig } from "./commands";
import type { NoResponse } from "./requests";

/** The refusals for an API server that does not answer, or does not accept the credentials. */

export function unreachable({ why, final, answered }: NoResponse, { config, kubectl }: Reached): Refusal {
    const refusal = new Refusal(
        "cluster-unreachable",
        `The API server at ${host(config)} could not be reached: ${why}.`,
        final
            ? "The kubeconfig does not trust the server's certificate, so this may be the wrong server."
            : "The cluster could not be read, so this step changed nothing. It may still exist: a lost VPN looks the same as a deleted cluster.",
        `Check \`kubeconfig\` and the network to the cluster: \`${kubectl} get --raw /readyz\` must print ok.`,
    );
    return final || answered ? refusal : new NoConnection(refusal);
}

/** Unlike `/readyz`, which the API server also serves without credentials. */
const whoami = (kubectl: string) => `\`${kubectl} auth whoami\` must print the user.`;

/** API Priority and Fairness: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ */
export function throttled({ why }: NoResponse, { config, kubectl }: Reached): Refusal {
    return new Refusal(
        "cluster-throttled",
        `The API server at ${host(config)} rejects calls: ${why}.`,
        "It is running, but receives too many calls.",
        `Run the same command again later. It continues from here. To see the callers: \`${kubectl} get --raw '/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1'\`.`,
    );
}

/** The kubeconfig returned no credentials. */
export function credentialsMissing({ why }: NoCredentials, { config, kubectl }: Reached): Refusal {
    return new AnsweredRefusal(
        "cluster-credentials-missing",
        `${sentence(credentialsOf(config))} returned no credentials`,
        `${why.replace(/\.$/, "")}.`,
        "No request was sent, so this step changed nothing.",
        commandOf(config) === undefined
            ? `Use a \`kubeconfig\` with credentials: ${whoami(kubectl)}`
            : "Fix the problem that this credential command reports (for `aws eks get-token`, log in with `aws sso login`), and run the same " +
                  "Pulumi command again. The live checks run the credential command without a terminal, with the PATH and the environment " +
                  "of the Pulumi command.",
    );
}

/** The API server does not accept the credentials. */
export function credentialsRefused(reached: Reached): Refusal {
    const { config, kubectl } = reached;
    const seen = `The API server at ${host(config)} answered 401 to ${credentialsOf(config)}.`;
    const expiry = tokenExpiry(config.getCurrentUser()?.token);
    return expiry !== undefined && expiry.getTime() < Date.now()
        ? new Refusal(
              "cluster-credentials-expired",
              seen,
              `That token expired at ${expiry.toISOString()}, and the kubeconfig cannot get another one.`,
              isTokenOfState(reached, config) ? inPlaceOfTheState(reached) : getsNewTokens(reached),
          )
        : new Refusal(
              "cluster-credentials-refused",
              seen,
              "The cluster does not accept these credentials, so this step changed nothing.",
              "Use a `kubeconfig` whose credentials the cluster accepts. On EKS, their IAM identity needs access to the cluster " +
                  `(\`aws eks list-access-entries --cluster-name ${eksClusterOf(reached)}\` shows who has it): ${whoami(kubectl)}` +
                  (isTokenOfState(reached, config) ? ` ${inPlaceOfTheState(reached)}` : ""),
          );
}

function getsNewTokens(reached: Reached): string {
    const another = anotherToken(reached.config.getCurrentUser()?.token);
    return (
        "Use a `kubeconfig` that gets new tokens itself, and run the same command again: " +
        `\`${updateKubeconfig(reached)}\` writes one (exec: aws eks get-token).` +
        (another === undefined ? "" : ` Or give it another token: ${another}.`)
    );
}

/** A destroy and a refresh: see ambientUser.ts. */
function inPlaceOfTheState(reached: Reached): string {
    const another = anotherToken(reached.config.getCurrentUser()?.token);
    return (
        `Run \`${updateKubeconfig(reached)}\`, and then the same Pulumi command again: if the API server refuses the token in the ` +
        "state, a destroy and a refresh use the credentials that KUBECONFIG or ~/.kube/config has for this server." +
        (another === undefined ? "" : ` Or write another token for it there: ${another}.`) +
        " Another token in the program does not help: it is no change, so pulumi up does not save it."
    );
}

/** The host of the API server, without user and password. */
export function host(config: KubeConfig): string {
    try {
        return new URL(config.getCurrentCluster()?.server ?? "").host;
    } catch {
        return "its address";
    }
}
