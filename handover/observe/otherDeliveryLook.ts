import type { OtherDelivery } from "../model/otherDelivery";
import type { AccountSeen } from "../model/world";
import { nameCandidates, whyNotTheName, whyUnknown } from "./clusterName";
import type { RunContext } from "./runContext";

type Context = Pick<RunContext, "aws" | "cluster" | "subject">;

/**
 * Looks at the other ways in which EKS gives the service account credentials.
 *
 * @param issuer Returns the cluster's token issuer. Undefined if it cannot be read: a preview then takes the first name.
 */
export async function lookAtOtherDelivery(
    context: Context,
    account: AccountSeen,
    issuer: () => Promise<string | undefined>,
): Promise<OtherDelivery> {
    const found = await findClusterName(context, account, issuer);
    if ("unknown" in found) {
        return {
            clusterNameUnknown: found.unknown,
            addOnRoleArn: undefined,
            podIdentityRoleArns: [],
            unread: [],
        };
    }
    const { name, ipFamily } = found;
    const seen = await context.aws.otherDelivery(name, context.subject.serviceAccount);
    return ipFamily === undefined ? seen : { ...seen, ipFamily };
}

/** A name counts only if EKS reports the issuer of this cluster for it: another cluster may have the name, here or elsewhere. */
export async function findClusterName(
    { aws, cluster, subject }: Context,
    { clustersInTags = [] }: AccountSeen,
    issuer: () => Promise<string | undefined>,
): Promise<{ readonly name: string; readonly ipFamily?: string | undefined } | { readonly unknown: string }> {
    const { clusterName, issuers } = subject;
    if (clusterName !== undefined && issuers.length > 0) {
        // The component has compared the name with the provider of the issuer.
        return { name: clusterName };
    }
    const candidates = nameCandidates(clusterName, cluster.clustersInKubeconfig(), clustersInTags);
    const [first] = candidates;
    const expected = first && (await issuer());
    if (first !== undefined && expected === undefined) {
        return { name: first.name };
    }
    const reasons: string[] = [];
    for (const candidate of candidates) {
        const seen = await aws.namedCluster(candidate.name);
        const why = whyNotTheName(candidate, expected ?? "", seen);
        if (why === undefined) {
            return { name: candidate.name, ipFamily: seen.is === "there" ? seen.ipFamily : undefined };
        }
        reasons.push(why);
    }
    return { unknown: whyUnknown(reasons) };
}
