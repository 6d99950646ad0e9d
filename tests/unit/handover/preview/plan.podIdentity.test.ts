import type { World } from "../../../../handover/model/world";
import { associated, associations, record, seen, withCredentials } from "../support/podIdentity";
import { canary, changes, GUARD, DETACH, NOTHING, refuses, table, WAVES } from "../support/plans";
import {
    FORMER_ROLE,
    node,
    nodeRole,
    onNodeRole,
    pod,
    ROLE_ARN,
    serviceAccount,
    withoutPolicies,
} from "../support/worlds";

const ASSOCIATE =
    "[associate] A Pod Identity association gives the role to kube-system/aws-node. The pods restart once it is 30 s old.";
/** Before the first update: no association, and every pod on its node's role. */
const before = (cluster: Partial<World["cluster"]> = {}, account: Partial<World["account"]> = {}): World =>
    seen(onNodeRole, { cluster, account: { associations: associations(), ...account } });
const ofPodIdentity = { subject: associated };
const annotatedBy = (owner: string) => ({
    serviceAccount: { ...serviceAccount, annotations: { [ROLE_ARN]: FORMER_ROLE }, roleArnOwners: [owner] },
});
const network = (subnetId: string) => ({ subnetId, securityGroupIds: [] });

table("The plan of a hand-over to Pod Identity", [
    [
        "has the association, the pods, and then the detachment",
        before(),
        changes(ASSOCIATE, canary("pod-n1", "n1"), WAVES, GUARD, DETACH),
        {},
        ofPodIdentity,
    ],
    [
        "has a canary for each subnet, and says how long they take",
        before(
            {
                nodes: [node("n1"), node("n2")],
                pods: [pod("n1", onNodeRole), pod("n2", onNodeRole)],
                agentsReadyOn: ["n1", "n2"],
            },
            {
                nodeRoles: [nodeRole({ instancesOfCluster: ["i-n1", "i-n2"] })],
                roleOfInstance: { "i-n1": "nodes", "i-n2": "nodes" },
                networkOfInstance: { "i-n1": network("s1"), "i-n2": network("s2") },
            },
        ),
        changes(
            ASSOCIATE,
            canary("pod-n1", "n1"),
            canary("pod-n2", "n2"),
            "[canary] The canaries take about 1 minute in all.",
            GUARD,
            DETACH,
        ),
        {},
        ofPodIdentity,
    ],
    [
        "needs the agent on each node",
        before({ agentsReadyOn: ["n1", "n2"] }),
        refuses("pod-identity-agent"),
        {},
        ofPodIdentity,
    ],
    [
        "does not start from another tool's annotation",
        before(annotatedBy("eksctl")),
        refuses("delivery-not-changed"),
        {},
        ofPodIdentity,
    ],
    [
        "is empty when all of it is so",
        seen(withCredentials, {
            cluster: { injectionGuard: { present: true, inForce: true, roleArns: [] } },
            account: { nodeRoles: [nodeRole(withoutPolicies)] },
        }),
        NOTHING,
        { record, canaryActs: false },
        ofPodIdentity,
    ],
]);
