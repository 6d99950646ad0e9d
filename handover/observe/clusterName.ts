import type { NamedCluster } from "../model/otherDelivery";

/** A name that the cluster may have. */
export interface NameCandidate {
    readonly name: string;
    /** The beginning of a sentence about it. */
    readonly named: string;
}

/** The names that the cluster may have, in the order in which they are tried. A name that the program gives is the only one. */
export function nameCandidates(
    given: string | undefined,
    inKubeconfig: readonly string[],
    inTags: readonly string[],
): NameCandidate[] {
    if (given !== undefined) {
        return [{ name: given, named: `The argument clusterName is ${JSON.stringify(given)}` }];
    }
    const found = (name: string, source: string) => ({
        name,
        named: `${source} ${JSON.stringify(name)}`,
    });
    return [
        ...inKubeconfig.map((name) => found(name, "The kubeconfig names")),
        ...inTags
            .filter((name) => !inKubeconfig.includes(name))
            .map((name) => found(name, "The tags of the nodes' instances name")),
    ];
}

/**
 * Why a name is not the cluster's. Undefined if it is.
 *
 * @param issuer The issuer of the cluster that the run works on.
 */
export function whyNotTheName({ named }: NameCandidate, issuer: string, seen: NamedCluster): string | undefined {
    switch (seen.is) {
        case "there":
            return seen.issuer === issuer
                ? undefined
                : `${named}, and the issuer of that cluster is ${seen.issuer ?? "unknown"}, not ${issuer}.`;
        case "missing":
            return `${named}, and EKS has no such cluster in this account and region.`;
        case "unread":
            return `${named}, and EKS did not show the issuer of that cluster. ${seen.call.why}`;
    }
}

/** Why no name is known, for a message. */
export function whyUnknown(reasons: readonly string[]): string {
    return reasons.length === 0
        ? "The name of the EKS cluster is unknown: the kubeconfig has none, and the tags of the nodes' instances have none in common."
        : `The name of the EKS cluster is unknown. ${reasons.join(" ")}`;
}
