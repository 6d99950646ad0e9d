/** Changes by others to a cluster and an account that were handed over. A refresh and the next up must repair them. */
import {
    AttachRolePolicyCommand,
    DeleteRoleCommand,
    DetachRolePolicyCommand,
    TagRoleCommand,
} from "@aws-sdk/client-iam";
import * as assert from "node:assert";
import { CNI_POLICY, iamClient, NODE_ROLE, type Stage } from "../stage";
import { roleOfService } from "./roleOfAnotherOwner";
import { nodesBySubnet } from "./rollout";
import { CACHE_MILLISECONDS, handedOver, noGaps, type Scenario } from "./scenario";

const ROLE_ARN = "eks.amazonaws.com/role-arn";

/** A refresh shows the drift, and the next up repairs it. */
async function showsAndRepairs(stage: Stage, reason: RegExp): Promise<void> {
    const { output } = await stage.succeeds("refresh", stage.arguments());
    assert.match(output, reason, "the refresh does not show the drift");
    await stage.succeeds("up", stage.arguments());
    await stage.assertHandedOver();
}

const annotationWiped: Scenario = {
    name: "annotation-wiped",
    title: "a manifest is applied and takes the annotation away, a pod is deleted; then refresh and up",
    quick: false,
    // The guard refuses the replacement of the deleted pod until a refresh and an update have restored the annotation.
    bound: { ...noGaps, rollouts: 0, restarts: 2, outageNodeSeconds: 60 },
    play: async (stage) => {
        await handedOver(stage);
        await stage.annotateServiceAccount({ [ROLE_ARN]: null });
        const [node = ""] = (await stage.pods()).keys();
        await stage.deletePodOn(node);
        await stage.until("the guard refuses the pod", () => stage.isRefused());
        await showsAndRepairs(stage, /cni-(detachment|service-account)/);
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const policyPutBack: Scenario = {
    name: "policy-put-back",
    title: "the policy is attached to the node role again by hand; then refresh and up",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        await handedOver(stage);
        await iamClient(stage.sandbox).send(
            new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }),
        );
        const pods = await stage.pods();
        await showsAndRepairs(stage, /cni-detachment/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    },
};

const injectionGuardDeleted: Scenario = {
    name: "injection-guard-deleted",
    title: "the injection guard is deleted by hand; then refresh and up",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        await handedOver(stage);
        await stage.deleteInjectionGuards();
        const pods = await stage.pods();
        await showsAndRepairs(stage, /The injection guard \S+ is gone/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    },
};

/** Far more than a wave takes here, and far less than the Kubernetes provider waits for a pod that only a later step restarts (600 s). */
const REPAIR_MILLISECONDS = 120_000;

const everythingAtOnce: Scenario = {
    name: "everything-at-once",
    title: "the policy is put back, the guard deleted, a pod born without the role, the annotation changed; one up --refresh names all four and repairs them, without a long wait",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 2, outageNodeSeconds: 60 },
    play: async (stage) => {
        // The program takes the annotation back from its new owner.
        const args = stage.arguments({ overrideExistingServiceAccount: true });
        const before = await handedOver(stage, args);
        const another = "arn:aws:iam::111122223333:role/by-hand";
        await iamClient(stage.sandbox).send(
            new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }),
        );
        await stage.deleteInjectionGuards();
        await stage.annotateServiceAccount({ [ROLE_ARN]: null });
        await new Promise((resolve) => setTimeout(resolve, CACHE_MILLISECONDS));
        const [node = ""] = before.keys();
        await stage.deletePodOn(node);
        await stage.settled();
        await stage.annotateServiceAccount({ [ROLE_ARN]: another }, "kubectl-annotate");

        const { output, from, to } = await stage.succeeds("up", args, { flags: ["--refresh"] });
        for (const told of [
            `is annotated with ${another} instead of `,
            " pods does not carry ",
            "The injection guard eks-cni-",
            `${CNI_POLICY} is attached to ${NODE_ROLE} again.`,
            "Run pulumi up --refresh: it ",
        ]) {
            assert.ok(output.includes(told), `the refresh does not tell: ${told}\n${output}`);
        }
        assert.ok(to - from < REPAIR_MILLISECONDS, `the repair took ${String((to - from) / 1000)} s`);
        await stage.assertHandedOver();
        const changed = [...(await stage.pods())].filter(([name, uid]) => before.get(name) !== uid);
        assert.deepStrictEqual(
            changed.map(([name]) => name),
            [node],
            "other pods were restarted",
        );
    },
};

const repairFails: Scenario = {
    name: "repair-fails-under-the-guard",
    title: "the annotation is wiped, a pod is deleted, and its node has no way to STS: up fails and keeps the annotation, so that the guard admits other pods; then it has, and the same command",
    quick: false,
    // The pod whose node has no way to STS.
    bound: {
        podSeconds: "some",
        podsWithoutPath: 1,
        canaryPodSeconds: 0,
        rollouts: 0,
        restarts: 4,
        outageNodeSeconds: 120,
    },
    play: async (stage) => {
        const args = stage.arguments({ timeouts: { ...stage.timeouts, canarySeconds: 10 } });
        const before = await handedOver(stage, args);
        // Another pod of its subnet works, so it is no canary.
        const [cutOff = "", other = ""] = (await nodesBySubnet(stage)).find(({ length }) => length > 1) ?? [];
        await stage.annotateServiceAccount({ [ROLE_ARN]: null });
        await new Promise((resolve) => setTimeout(resolve, CACHE_MILLISECONDS));
        await stage.deletePodOn(cutOff);
        await stage.until("the guard refuses the pod", () => stage.isRefused());
        await stage.faults.reachStsFromNodes(false, [cutOff]);
        await stage.succeeds("refresh", args);
        const { output } = await stage.fails("up", args, /\[pods-do-not-work\]/);
        assert.match(output, new RegExp(cutOff));
        const { serviceAccount, pods } = await stage.now();
        const { [ROLE_ARN]: annotated } = serviceAccount.annotations;
        assert.ok(annotated !== undefined, "the annotation was taken away, and the guard refuses every new pod");
        assert.ok(
            pods.every(({ roleArn }) => roleArn === annotated),
            "a pod lost the role",
        );
        await stage.deletePodOn(other);
        await stage.until("another pod starts", async () => {
            const isReady = (await stage.now()).pods.some(({ node, ready }) => node === other && ready);
            return isReady && (await stage.pods()).get(other) !== before.get(other);
        });
        await stage.faults.reachStsFromNodes(true, [cutOff]);
        await stage.succeeds("up", args);
        await stage.assertHandedOver();
        await stage.succeeds("destroy", args);
        await stage.assertAsBefore();
    },
};

const guardStateLost: Scenario = {
    name: "guard-state-lost",
    title: "the credential guard's state is lost (pulumi state delete); then up, and destroy, refused until the policy is attached",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 2 },
    play: async (stage) => {
        await handedOver(stage);
        const pods = await stage.pods();
        await stage.deleteFromState("cni-credential-guard");
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await stage.fails("destroy", stage.arguments(), /\[node-role-without-permissions\]/);
        await iamClient(stage.sandbox).send(
            new AttachRolePolicyCommand({ RoleName: NODE_ROLE, PolicyArn: CNI_POLICY }),
        );
        await stage.succeeds("destroy", stage.arguments());
        await stage.assertAsBefore();
    },
};

const roleDeleted: Scenario = {
    name: "role-deleted-by-hand",
    title: "the role is deleted by hand while pods carry it, which must show more than zero; then refresh and up",
    quick: false,
    bound: { podSeconds: "some", canaryPodSeconds: 60, rollouts: 2, restarts: 8, outageNodeSeconds: 200 },
    play: async (stage) => {
        await handedOver(stage);
        const RoleName = String(stage.outputs()["roleName"]);
        const iam = iamClient(stage.sandbox);
        await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: CNI_POLICY }));
        await iam.send(new DeleteRoleCommand({ RoleName }));
        await showsAndRepairs(stage, /cni-role/);
    },
};

const podIdentityLater: Scenario = {
    name: "pod-identity-later",
    title: "a Pod Identity association is created after the hand-over: another role is refused until it is deleted",
    quick: false,
    bound: { ...noGaps, rollouts: 1, restarts: 1 },
    play: async (stage) => {
        const roleArn = await roleOfService(stage, "association", "pods.eks.amazonaws.com");
        await stage.recordStateBefore();
        const pods = await handedOver(stage);
        const remove = await stage.associatePodIdentity(roleArn);
        await stage.fails("up", stage.arguments({ roleName: "another" }), /\[pod-identity-association\]/);
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
        await remove();
        // The refused update has created the new role, which stays the component's role.
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
    },
};

const nodeRoleTags: Scenario = {
    name: "node-role-tags",
    title: "a second program manages the node role's tags: the hand-over stays complete, nothing restarts",
    quick: false,
    bound: { ...noGaps, rollouts: 0, restarts: 0 },
    play: async (stage) => {
        await handedOver(stage);
        const pods = await stage.pods();
        const Tags = [{ Key: "team", Value: "network" }];
        await iamClient(stage.sandbox).send(new TagRoleCommand({ RoleName: NODE_ROLE, Tags }));
        await stage.succeeds("refresh", stage.arguments());
        await stage.succeeds("up", stage.arguments());
        await stage.assertHandedOver();
        assert.deepStrictEqual(await stage.pods(), pods, "pods were restarted");
    },
};

export const drift = [
    annotationWiped,
    policyPutBack,
    injectionGuardDeleted,
    everythingAtOnce,
    repairFails,
    guardStateLost,
    roleDeleted,
    podIdentityLater,
    nodeRoleTags,
];
