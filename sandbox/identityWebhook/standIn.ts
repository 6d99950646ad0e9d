import { eksDefaults } from "./injection";
import { answerTo } from "./review";
import { watchServiceAccounts } from "./serviceAccounts";
import type { Identity, Webhook } from "./webhook";

export interface StandInOptions {
    readonly kubeconfigPath: string;
    readonly region: string;
    readonly podIdentities: () => readonly Identity[];
    readonly ipFamily?: "ipv4" | "ipv6";
}

/** The stand-in for amazon-eks-pod-identity-webhook. */
export async function startStandIn({
    kubeconfigPath,
    region,
    podIdentities,
    ipFamily,
}: StandInOptions): Promise<Webhook> {
    const hasPodIdentity = (namespace: string, serviceAccount: string) =>
        podIdentities().some((of) => of.namespace === namespace && of.serviceAccount === serviceAccount);
    const accounts = await watchServiceAccounts(kubeconfigPath);
    const reviewer = { accounts, defaults: eksDefaults(region, ipFamily), hasPodIdentity };
    return {
        answer: ({ contentType, body }) =>
            Promise.resolve(
                contentType === "application/json"
                    ? { status: 200, body: JSON.stringify(answerTo(body, reviewer)) }
                    : { status: 415, body: "Invalid Content-Type, expected `application/json`\n" },
            ),
        setCacheDelay: (milliseconds) => accounts.setDelay(milliseconds),
        stop: () => accounts.stop(),
    };
}
