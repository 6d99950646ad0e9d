/** The advice of a run that stops in the middle of the hand-over or of the hand-back. */
import * as assert from "node:assert/strict";
import type { ModelWorld } from "../../model/world";
import { AdviceScenario, CNI_POLICY, Play, TWO_MINUTES } from "./play";

const OTHER_POLICY = "arn:aws:iam::111122223333:policy/more";

/** The injection guard is deleted, and the webhook is down whenever the policies leave: pods without the role keep appearing. */
function webhookFails({ world }: Play): void {
    world.onDetached = () => {
        world.webhook = { up: false, lateMilliseconds: 0 };
        const [pod] = world.pods;
        if (pod !== undefined) {
            world.stop(pod.uid, false);
        }
        world.later(world.now + 8000, () => (world.webhook = { up: true, lateMilliseconds: 0 }));
    };
}

/** Happens once a pod of each of the two node roles works with a role of its own. */
function afterCanaries(world: ModelWorld, happen: () => void): void {
    const works = world.pods.filter((pod) => pod.roleArn !== undefined && world.isReady(pod));
    if (works.length >= 2) {
        happen();
    } else {
        world.later(world.now + 250, () => afterCanaries(world, happen));
    }
}

/** Happens once the pod of a node carries a role of its own. */
function asCanaryRestarts(world: ModelWorld, node: string, happen: () => void): void {
    if (world.pods.some((pod) => pod.node === node && pod.roleArn !== undefined)) {
        happen();
    } else {
        world.later(world.now + 250, () => asCanaryRestarts(world, node, happen));
    }
}

export const ON_THE_CLUSTER: AdviceScenario[] = [
    {
        code: "canary-failed",
        handedOver: true,
        command: "up",
        trouble: (play) => play.set({ roleName: "bad" }),
        advice: ["Fix the cause and run the update again. It begins with the proof and the canaries."],
        follow: ({ world }) =>
            void world.cniRoles.set("arn:aws:iam::111122223333:role/bad", { createdAt: 0, works: true }),
    },
    {
        code: "canary-failed",
        title: "the program names the former role again",
        handedOver: true,
        command: "up",
        trouble: (play) => play.set({ roleName: "bad" }),
        advice: ["Fix the cause and run the update again."],
        follow: (play) => play.set({ roleName: "cni" }),
    },
    {
        code: "canary-missing",
        handedOver: false,
        command: "up",
        trouble: ({ world }) => {
            world.nodes
                .filter(({ name }) => name === "n3")
                .forEach((node) => {
                    Object.assign(node, { subnet: "subnet-of-n3" });
                    world.setReady(node, false);
                    afterCanaries(world, () => world.later(world.now + 60_000, () => world.setReady(node, true)));
                });
        },
        advice: ["Run pulumi up --refresh: it restarts one of these pods first, as a canary."],
        follow: () => undefined,
        again: ["up --refresh"],
    },
    {
        code: "pods-do-not-work",
        handedOver: false,
        command: "up",
        // The canary of n3 restarts, and its node becomes NotReady. When it is back, its subnet has no way to STS.
        trouble: ({ world }) =>
            world.nodes
                .filter(({ name }) => name === "n3")
                .forEach((node) => {
                    Object.assign(node, { subnet: "subnet-of-n3" });
                    asCanaryRestarts(world, "n3", () => {
                        world.setReady(node, false);
                        world.closedSubnets.add("subnet-of-n3");
                        world.later(world.now + 60_000, () => world.setReady(node, true));
                    });
                }),
        advice: [
            "Run pulumi up --refresh: it takes the rollout back if these pods still cannot use the role.",
            "VPC endpoint",
        ],
        follow: ({ world }) => world.closedSubnets.clear(),
        again: ["up --refresh"],
    },
    {
        code: "rollout-taken-back",
        handedOver: false,
        command: "up",
        // The pod of the wave is without a path until it is taken back.
        trouble: ({ world }) => afterCanaries(world, () => void world.closedSubnets.add("subnet-0")),
        advice: [
            "from such a subnet, the nodes need a NAT gateway or a VPC endpoint",
            "Then run pulumi up: it begins with the proof and the canaries.",
        ],
        follow: ({ world }) => world.closedSubnets.clear(),
    },
    {
        code: "pods-do-not-start",
        handedOver: false,
        command: "up",
        trouble: ({ world }) =>
            afterCanaries(world, () =>
                world.nodes.filter(({ name }) => name === "n3").forEach((node) => (node.lacksImage = true)),
            ),
        advice: ["and run the same command again. It continues from here."],
        follow: ({ world }) => world.nodes.forEach((node) => (node.lacksImage = false)),
    },
    {
        code: "role-narrowed",
        title: "another role",
        handedOver: true,
        command: "up",
        trouble: (play) => play.set({ boundary: "enough" }),
        advice: ["Set roleName to a new name in the same update"],
        follow: (play) => play.set({ roleName: "another" }),
    },
    {
        code: "role-narrowed",
        title: "a role with a generated name, since the name is removed",
        handedOver: true,
        command: "up",
        trouble: (play) => play.set({ boundary: "enough" }),
        advice: ["or remove it if it is set"],
        follow: (play) => play.set({ generatedName: true }),
    },
    {
        code: "role-narrowed",
        title: "destroy and up, after a first update that failed",
        handedOver: false,
        command: "up",
        trouble: async (play) => {
            play.set({ boundary: "too narrow" });
            await assert.rejects(play.run("up"), /\[permission-missing\]/);
            play.set({ boundary: "enough" });
        },
        advice: ["Or, if no pod carries the role, run pulumi destroy, then pulumi up."],
        follow: () => undefined,
        again: ["destroy", "up"],
    },
    {
        code: "policy-still-needed",
        handedOver: false,
        command: "up",
        trouble: async (play) => {
            play.world.writesLogs = true;
            play.set({ additionalPolicyArns: ["logs", "other"] });
            await play.run("up");
            play.set({ additionalPolicyArns: ["other"] });
        },
        advice: [
            "Put the policy back into additionalPolicyArns, or add one that grants these actions, and run the update again.",
        ],
        follow: (play) => play.set({ additionalPolicyArns: ["logs", "other"] }),
    },
    {
        code: "policy-still-needed",
        title: "the former IP family is set again",
        handedOver: true,
        command: "up",
        trouble: (play) => play.set({ ipFamily: "ipv6", unnamedCluster: true }),
        advice: ["If ipv4 is the cluster's IP family, set ipFamily to it again."],
        follow: (play) => play.set({ ipFamily: "ipv4" }),
    },
    {
        code: "pod-misses-permissions",
        handedOver: true,
        command: "up --refresh",
        trouble: ({ world }) => void (world.conditions.missingPermissions = "ec2:CreateTags is denied"),
        advice: [
            "Find the action in the text of this event, allow it for the role, and run the update again.",
            "delete the pods that report it",
        ],
        follow: ({ world }) => {
            delete world.conditions.missingPermissions;
            world.pods.forEach(({ uid }) => world.stop(uid, false));
        },
    },
    {
        code: "restart-limit",
        handedOver: false,
        command: "up --refresh",
        trouble: async (play) => {
            play.set({ detachFromNodeRoles: undefined });
            await play.run("up");
            play.world.webhook = { up: false, lateMilliseconds: 0 };
            // The pods on the other nodes are the canaries, and work.
            play.restartPods(play.world.nodes.slice(2));
        },
        advice: ["Fix the cause, then run the same command again. The node roles hold their policies."],
        follow: ({ world }) => void (world.webhook = { up: true, lateMilliseconds: 0 }),
    },
    {
        code: "pods-without-role",
        handedOver: false,
        command: "up",
        // Without an injection guard, the webhook's failure cuts off the pod that is created while it lasts.
        hasCutOff: true,
        trouble: (play) => {
            play.set({ injectionGuard: false });
            webhookFails(play);
        },
        advice: ["Check that the webhook works", "Then set injectionGuard: true, and run the update again."],
        follow: (play) => {
            play.world.onDetached = undefined;
            play.world.webhook = { up: true, lateMilliseconds: 0 };
            play.wait(TWO_MINUTES);
            play.set({ injectionGuard: true });
        },
    },
    {
        code: "policy-not-recorded",
        handedOver: false,
        command: "up",
        trouble: (play) => {
            play.world.onNextPod = () => void (play.world.conditions.otherPolicies = { a: [OTHER_POLICY] });
        },
        advice: ["Run pulumi up --refresh to record it."],
        follow: () => undefined,
        again: ["up --refresh"],
    },
    {
        code: "pod-identity-association",
        title: "of an association that was made after the hand-over",
        handedOver: true,
        command: "up --refresh",
        trouble: (play) => void (play.world.association = true),
        advice: [
            "aws eks delete-pod-identity-association --cluster-name prod --association-id ID",
            "Then run pulumi up --refresh at once",
        ],
        follow: (play) => void (play.world.association = false),
        again: ["up --refresh"],
    },
    {
        code: "node-role-unknown",
        handedOver: true,
        command: "destroy",
        trouble: ({ world }) => void (world.conditions.unknownNodes = ["n1"]),
        advice: ["Give each instance an instance profile"],
        follow: ({ world }) => delete world.conditions.unknownNodes,
    },
    {
        code: "node-role-unknown",
        title: "the node is removed",
        handedOver: true,
        command: "destroy",
        trouble: ({ world }) => void (world.conditions.unknownNodes = ["n1"]),
        advice: ["or remove the node"],
        follow: ({ world }) => world.nodes.filter(({ name }) => name === "n1").forEach((node) => world.lose(node)),
    },
    {
        code: "node-role-without-permissions",
        handedOver: true,
        command: "destroy",
        trouble: (play) => {
            play.world.join("c", false);
            play.wait(10_000);
        },
        advice: [
            `aws iam attach-role-policy --role-name c --policy-arn ${CNI_POLICY}`,
            "wait two minutes until IAM enforces it, and run the same command again",
        ],
        follow: (play) => {
            play.world.setAttached("c", true);
            play.wait(TWO_MINUTES);
        },
    },
    {
        code: "node-role-without-permissions",
        title: "the node's role was deleted",
        handedOver: true,
        command: "destroy",
        trouble: (play) => {
            play.world.join("c", false);
            play.world.conditions.nodeRoles = { c: { exists: false } };
            play.wait(10_000);
        },
        advice: [
            "Replace the nodes that run with c, since their instances get no credentials, and run the same command again.",
        ],
        follow: ({ world }) => world.nodes.filter(({ role }) => role === "c").forEach((node) => world.lose(node)),
    },
    {
        code: "other-clusters",
        handedOver: true,
        command: "destroy",
        trouble: async (play) => {
            play.set({ otherIssuers: ["oidc.eks.eu-west-1.amazonaws.com/id/B"] });
            await play.run("up");
        },
        advice: [
            "Take the role out of those clusters first.",
            "attach the CNI policy to the node roles, wait two minutes, remove the annotation, restart the pods, and check that no pod names the role",
            "Then remove their providers from additionalOidcProviderArns, run pulumi up, then pulumi destroy.",
        ],
        follow: (play) => play.set({ otherIssuers: [] }),
        again: ["up", "destroy"],
    },
    {
        code: "other-clusters",
        title: "with forceDestroy, when no node is left",
        handedOver: true,
        command: "destroy",
        trouble: async (play) => {
            play.set({ otherIssuers: ["oidc.eks.eu-west-1.amazonaws.com/id/B"] });
            await play.run("up");
            play.set({ forceDestroy: true });
            await play.run("up");
            [...play.world.nodes].forEach((node) => play.world.lose(node));
        },
        advice: ["Then remove their providers from additionalOidcProviderArns, run pulumi up, then pulumi destroy."],
        follow: (play) => play.set({ otherIssuers: [] }),
        again: ["up", "destroy"],
    },
    {
        code: "force-destroy-with-pods",
        title: "the pods are handed back",
        handedOver: true,
        command: "destroy",
        trouble: async (play) => {
            play.set({ forceDestroy: true });
            await play.run("up");
        },
        advice: ["To hand them back, remove forceDestroy, run pulumi up, then pulumi destroy."],
        follow: (play) => play.set({ forceDestroy: false }),
        again: ["up", "destroy"],
    },
    {
        code: "force-destroy-with-pods",
        title: "the node groups are deleted",
        handedOver: true,
        command: "destroy",
        trouble: async (play) => {
            play.set({ forceDestroy: true });
            await play.run("up");
        },
        advice: ["delete its node groups first, and run pulumi destroy again"],
        follow: ({ world }) => [...world.nodes].forEach((node) => world.lose(node)),
    },
    {
        code: "force-destroy-with-pods",
        title: "another cluster answers",
        handedOver: true,
        command: "destroy",
        trouble: async (play) => {
            play.set({ forceDestroy: true });
            await play.run("up");
            play.world.conditions.clusterUid = "another";
            play.world.conditions.clusterStatus = "gone";
        },
        advice: [
            "attach the CNI policy to its node roles, wait two minutes, remove the annotation, restart the pods, and check that no pod names the role",
            "Then run pulumi destroy again.",
        ],
        follow: (play) => {
            ["a", "b"].forEach((role) => play.world.setAttached(role, true));
            play.wait(TWO_MINUTES);
            play.world.guard = undefined;
            play.world.annotate({}, undefined);
            play.restartPods();
        },
    },
    {
        code: "policies-detached",
        handedOver: true,
        command: "up",
        trouble: (play) => void (play.liveChecks = false),
        advice: [
            "Turn the live checks on again, remove detachFromNodeRoles, and run pulumi up",
            "Then turn the live checks off.",
        ],
        follow: async (play) => {
            play.set({ detachFromNodeRoles: undefined });
            play.liveChecks = true;
            await play.run("up");
            play.liveChecks = false;
        },
    },
    {
        code: "cancelled",
        handedOver: true,
        command: "destroy",
        trouble: (play) => {
            play.ctrlC = new AbortController();
            play.world.later(play.world.now + 9000, () => play.ctrlC?.abort());
        },
        advice: ["Run the same command again."],
        follow: (play) => void (play.ctrlC = undefined),
    },
    {
        code: "time-limit",
        handedOver: true,
        command: "up --refresh",
        trouble: ({ world }) => {
            const [node] = world.nodes;
            if (node !== undefined) {
                world.setReady(node, false);
            }
            world.annotate({}, undefined);
        },
        advice: ["Fix the cause and run again, or raise timeouts.verificationSeconds."],
        follow: ({ world }) => world.nodes.forEach((node) => world.setReady(node, true)),
    },
];
