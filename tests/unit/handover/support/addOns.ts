import type { AddOnSeen, ManagedAddOn } from "../../../../handover/model/addOn";
import type { Subject } from "../../../../handover/model/subject";
import type { ServiceAccountSeen } from "../../../../handover/model/world";
import { MANAGER, serviceAccount, subject } from "./worlds";

export const EKS = "eks";
export const LEFT = "eks-cni-hand-back";

export const managed: ManagedAddOn = {
    clusterName: "prod",
    status: "ACTIVE",
    roleArn: undefined,
    configurationValues: '{"env":{}}',
    health: [],
    modifiedAt: 1,
};

/** The add-on with this role. */
export const addOn = (roleArn?: string, more: Partial<ManagedAddOn> = {}): AddOnSeen => ({
    is: "there",
    ...managed,
    roleArn,
    ...more,
});
export const missing: AddOnSeen = { is: "missing", clusterName: "prod" };
export const unnamed: AddOnSeen = { is: "unnamed", why: "The name of the EKS cluster is unknown." };
export const unreadAddOn = (cause: "denied" | "unsupported"): AddOnSeen => ({
    is: "unread",
    call: { action: "eks:DescribeAddon", cause, why: "no" },
});

export const ofAddOn: Subject = { ...subject, delivery: "eksAddon" };
export const external: Subject = { ...subject, delivery: "external" };

/** The service account with these owners of its role annotation. `eks` owns it by server-side apply unless a test says otherwise. */
export const ownedBy = (
    owners: readonly string[],
    appliers: readonly string[] = owners,
    annotations = serviceAccount.annotations,
): ServiceAccountSeen => ({ ...serviceAccount, annotations, roleArnOwners: owners, roleArnAppliers: appliers });
export const ours = ownedBy([MANAGER]);
export const both = ownedBy([MANAGER, EKS]);
export const eksAlone = ownedBy([EKS]);
/** EKS has written the annotation by an update, so that it lasts no longer than another owner's. */
export const eksUpdated = ownedBy([MANAGER, EKS], [MANAGER]);
