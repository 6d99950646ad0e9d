import type { HandBackTarget } from "../../../../handover/decide/handBack";
import { type AssociationSeen, type AssociationsSeen } from "../../../../handover/model/association";
import { withAssociatedRole } from "../../../../handover/model/associatedRole";
import type { HandOverRecord } from "../../../../handover/model/record";
import type { Subject } from "../../../../handover/model/subject";
import type { CredentialSource, World } from "../../../../handover/model/world";
import { LONG_AGO, record as plainRecord, ROLE, serviceAccount, subject, world } from "./worlds";

export const CLUSTER_ARN = "arn:aws:eks:us-west-2:111122223333:cluster/prod";

export const associated: Subject = {
    ...subject,
    delivery: "podIdentity",
    clusterName: "prod",
    clusterArn: CLUSTER_ARN,
    annotations: {},
};
export const record: HandOverRecord = { ...plainRecord, podIdentityDelivered: true };

/** The hand-back of such a component. */
export const handBackTarget: HandBackTarget = {
    subject: associated,
    record,
    iamPropagationSeconds: 120,
    formerAnnotations: {},
    canarySeconds: 300,
};

/** A pod with the credentials of an association. Which role that has shows only together with the association. */
export const withCredentials: Extract<CredentialSource, { kind: "containerCredentials" }> = {
    kind: "containerCredentials",
    what: "A of container aws-node",
};

export const unannotated = { ...serviceAccount, annotations: {}, roleArnOwners: [] };

/** The component's association, older than every pod. */
export const own: AssociationSeen = { id: "a-1", roleArn: ROLE, modifiedAt: LONG_AGO - 60_000 };

export const associations = (...list: AssociationSeen[]): AssociationsSeen => ({
    is: "seen",
    clusterName: "prod",
    associations: list,
});

interface Change {
    readonly cluster?: Partial<World["cluster"]>;
    readonly account?: Partial<World["account"]>;
    readonly at?: number;
}

/** Three nodes with an agent each, a service account without annotations, and the component's association. A look shows the pods' role. */
export function seen(credentials: CredentialSource, { cluster = {}, account = {}, ...more }: Change = {}): World {
    const look = world(credentials, {
        cluster: { serviceAccount: unannotated, agentsReadyOn: ["n1", "n2", "n3"], ...cluster },
        account: { associations: associations(own), ...account },
        ...more,
    });
    return { ...look, cluster: withAssociatedRole(look.cluster, look.account) };
}
