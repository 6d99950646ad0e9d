import type { World } from "../../../../handover/model/world";
import type { RunContext } from "../../../../handover/observe/runContext";
import type { PreviewInputs } from "../../../../handover/preview/previewHandOver";
import { ACCOUNT, ISSUER, subject } from "./worlds";

/** The inputs of the preview of a first update. */
export const previewed: PreviewInputs = {
    subject,
    formerFieldManagers: [],
    region: "eu-west-1",
    record: undefined,
    canaryActs: true,
    overrideExistingServiceAccount: false,
    injectionGuard: true,
    additionalPolicies: false,
    detachFromNodeRoles: ["nodes"],
    ownNodeRoles: [],
    stableSeconds: 20,
    iamPropagationSeconds: 120,
    maxNotReadyNodes: 0,
    isNewRole: false,
};

export const OTHER_DELIVERY = { addOnRoleArn: undefined, podIdentityRoleArns: [], unread: [] };

/** A run context that has only the methods that read. */
export function readOnlyContext(
    world: World,
    called: string[] = [],
    others: Partial<Record<string, () => Promise<unknown>>> = {},
) {
    const answer = (name: string, value: unknown) => () => {
        called.push(name);
        return others[name]?.() ?? Promise.resolve(value);
    };
    return {
        subject,
        roleNames: ["nodes"],
        cluster: {
            identity: answer("identity", { uid: "cluster", version: { major: 1, minor: 34 } }),
            look: answer("look at the cluster", world.cluster),
            issuer: answer("issuer", ISSUER),
            resourceControllersOn: answer("resource controllers", []),
            clustersInKubeconfig: () => ["prod"],
            close: () => called.push("close"),
        },
        aws: {
            callerAccount: answer("caller", ACCOUNT),
            look: answer("look at the account", world.account),
            namedCluster: answer("the cluster's name", { is: "there", issuer: ISSUER }),
            otherDelivery: answer("other delivery", OTHER_DELIVERY),
            addOn: answer("the add-on", undefined),
            associations: answer("associations", undefined),
            mayPassRole: answer("iam:PassRole", "allowed"),
            agentRights: answer("rights of the agents", undefined),
            undecidedActions: answer("the undecided actions", undefined),
        },
        detachFromNodeRoles: ["nodes"],
        now: () => world.at,
        progress: () => undefined,
    } as unknown as RunContext;
}
