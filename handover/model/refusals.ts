import { carriedRoleRefusals } from "./refusals/carriedRole";
import { changedRoleRefusals } from "./refusals/changedRole";
import { clusterRefusals } from "./refusals/cluster";
import { deliveryRefusals } from "./refusals/delivery";
import { nodeRoleRefusals } from "./refusals/nodeRole";
import { otherDeliveryRefusals } from "./refusals/otherDelivery";
import { podIdentityRefusals } from "./refusals/podIdentity";
import { rolloutRefusals } from "./refusals/rollout";
import { runRefusals } from "./refusals/run";

/**
 * The refusals of the decisions.
 *
 * Those of the AWS and Kubernetes clients (a cluster that does not answer, missing permissions) are next to the clients.
 */
export const refusals = {
    ...clusterRefusals,
    ...otherDeliveryRefusals,
    ...deliveryRefusals,
    ...podIdentityRefusals,
    ...nodeRoleRefusals,
    ...carriedRoleRefusals,
    ...changedRoleRefusals,
    ...rolloutRefusals,
    ...runRefusals,
};
