import { deepStrictEqual, ok } from "node:assert/strict";
import type { World } from "../../../../handover/model/world";
import { planLines } from "../../../../handover/preview/planLines";
import { associations, own } from "../support/podIdentity";
import {
    carrying,
    daemonSet,
    FORMER_ROLE,
    onNodeRole,
    pods,
    ROLE,
    ROLE_ARN,
    serviceAccount,
    world,
} from "../support/worlds";

const withPolicies = { daemonSet: { ...daemonSet, nodeAgentArguments: ["--enable-network-policy=true"] } };
const annotated = (roleArn: string) => ({ ...serviceAccount, annotations: { [ROLE_ARN]: roleArn } });
const plain = { ...serviceAccount, annotations: {} };
const seen = (cluster: Partial<World["cluster"]>, account: Partial<World["account"]> = {}) =>
    world(onNodeRole, { cluster: { ...withPolicies, ...cluster }, account });

/** Whether the line tells to delete a pod of this cluster. */
function deletesHere(of: World): boolean {
    const [line = "", ...others] = planLines.networkPolicy(["[restart] pods"], of);
    deepStrictEqual(others, []);
    const here = line.includes("Test one node before the update: delete its aws-node pod, ");
    const elsewhere = line.endsWith(
        " Test a node of another cluster before the update. Delete no aws-node pod here: the next one would start with a role that is not proved.",
    );
    ok(here !== elsewhere, line);
    return here;
}

describe("The test of one node, for network policies", () => {
    const rows: [what: string, isHere: boolean, of: World][] = [
        [
            "is on this cluster, where pods use the node role, and the next ones do",
            true,
            seen({ serviceAccount: plain }),
        ],
        ["is so without a service account", true, seen({ serviceAccount: undefined })],
        [
            "is elsewhere, where only the next pods get the annotated role",
            false,
            seen({ serviceAccount: annotated(ROLE) }),
        ],
        [
            "is elsewhere, where the next pods get another role",
            false,
            seen({ serviceAccount: annotated(ROLE), pods: pods(carrying(FORMER_ROLE)) }),
        ],
        [
            "is on this cluster, where the pods carry the annotated role",
            true,
            seen({ serviceAccount: annotated(ROLE), pods: pods(carrying(ROLE)) }),
        ],
        [
            "is elsewhere, where an association gives the next pods its role",
            false,
            seen({ serviceAccount: plain }, { associations: associations(own) }),
        ],
        [
            "is on this cluster without an association",
            true,
            seen({ serviceAccount: plain }, { associations: associations() }),
        ],
    ];
    for (const [what, isHere, of] of rows) {
        it(what, () => deepStrictEqual(deletesHere(of), isHere));
    }

    it("is no line where no pod restarts", () => deepStrictEqual(planLines.networkPolicy(["[guard] a"], seen({})), []));
});
