import { connectAws } from "../aws/connectAws";
import type { AwsConnection } from "../model/connection";
import type { ServiceAccountName } from "../model/subject";

export interface AssociationQuery {
    readonly clusterName: string;
    readonly serviceAccount: ServiceAccountName;
    readonly aws?: AwsConnection;
    readonly region?: string;
}

/** Whether the service account has a Pod Identity association. Undefined if that cannot be read. */
export async function isAssociated(
    { clusterName, serviceAccount, aws = {}, region }: AssociationQuery,
    connect: typeof connectAws = connectAws,
): Promise<boolean | undefined> {
    const access = connect(aws, { impatient: true, ...(region === undefined ? {} : { region }) });
    const seen = await access.associations(clusterName, serviceAccount).catch(() => undefined);
    return seen?.is === "seen" ? seen.associations.length > 0 : undefined;
}
