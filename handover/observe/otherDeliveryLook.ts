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
    return "unknown" in found
        ? {
              clusterNameUnknown: found.unknown,
              addOn: false,
              addOnRoleArn: undefined,
              podIdentityRoleArns: [],
              unread: [],
          }
        : context.aws.otherDelivery(found.name, context.subject.serviceAccount);
}

/** A name counts only if EKS reports the issuer of this cluster for it: another cluster may have the name, here or elsewhere. */
async function findClusterName(
    { aws, cluster, subject }: Context,
    { clustersInTags = [] }: AccountSeen,
    issuer: () => Promise<string | undefined>,
): Promise<{ readonly name: string } | { readonly unknown: string }> {
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
        const why = whyNotTheName(candidate, expected ?? "", await aws.namedCluster(candidate.name));
        if (why === undefined) {
            return { name: candidate.name };
        }
        reasons.push(why);
    }
    return { unknown: whyUnknown(reasons) };
}
